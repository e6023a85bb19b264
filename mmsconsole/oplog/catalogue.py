"""The indexes of an initial sync, kept aside until its data is whole.

While the oplog is replayed over a scan that was not one moment, values of different moments
stand side by side, and a unique index would refuse them. So a head has no secondary indexes
then: what the source had at the start, and every change of an index since, is kept here and
made when the data equals the source's at one optime.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mmsconsole.oplog import index_spec
from mmsconsole.oplog.decisions import CreateIndexes, DropIndex, IndexChange, ModifyIndex
from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import BINARY, STRING, fields, string_at

_UUID_AT = 5


@dataclass(slots=True)
class CollectionIndexes:
    """The secondary indexes of one collection, by name, in the order in which they were made."""

    database: bytes
    collection: bytes
    specs: dict[bytes, bytes] = field(default_factory=dict)


class IndexCatalogue:
    """By collection UUID (16 bytes): a collection keeps its indexes when it is renamed.

    Taking a change twice leaves what taking it once does, and a change of something that is
    not there leaves nothing: the oplog is older than what the catalogue began with.
    """

    def __init__(self) -> None:
        self._collections: dict[bytes, CollectionIndexes] = {}
        self.changed: set[bytes] = set()
        """UUIDs whose entry is not what was last written down."""

    def add(self, uuid: bytes, database: bytes, collection: bytes, specs: Iterable[bytes]) -> None:
        """What a collection has (raw specifications, the _id index among them or not)."""
        entry = self._entry(uuid, database, collection)
        entry.specs.update({index_spec.name_of(spec): spec for spec in specs})
        entry.specs.pop(b"_id_", None)

    def get(self, uuid: bytes) -> CollectionIndexes | None:
        return self._collections.get(uuid)

    def change(self, change: IndexChange) -> None:
        if isinstance(change, CreateIndexes):
            self.add(change.uuid, change.database, change.collection, change.specs)
        elif isinstance(change, DropIndex):
            self._entry(change.uuid, change.database, change.collection)
            self._collections[change.uuid].specs.pop(change.name, None)
        elif isinstance(change, ModifyIndex):
            specs = self._entry(change.uuid, change.database, change.collection).specs
            for name, spec in specs.items():
                if index_spec.is_changed_by(spec, change.change):
                    specs[name] = index_spec.changed(spec, change.change)

    def command(self, entry: Entry) -> None:
        """Follow a command that is applied to the head: drop, create, renameCollection."""
        values = {f.name: f for f in fields(entry.data, entry.o)}
        first = next(iter(values.values()), None)
        if first is None or not entry.uuid:
            return
        if first.name == b"drop":
            self._drop(entry.uuid)
        elif first.name == b"create":
            self._entry(entry.uuid, entry.database, string_at(entry.data, first.start))
        elif first.name == b"renameCollection":
            target = values.get(b"dropTarget")
            if target is not None and target.kind == BINARY:
                self._drop(entry.data[target.start + _UUID_AT : target.end])
            to = values.get(b"to")
            if to is not None and to.kind == STRING:
                database, _, collection = string_at(entry.data, to.start).partition(b".")
                self._entry(entry.uuid, database, collection)

    def commands(self) -> Iterator[bytes]:
        """A createIndexes command for each collection that has secondary indexes."""
        for entry in self._collections.values():
            if entry.specs:
                specs = list(entry.specs.values())
                yield index_spec.create_indexes(entry.database, entry.collection, specs)

    def __len__(self) -> int:
        return sum(1 for entry in self._collections.values() if entry.specs)

    def _entry(self, uuid: bytes, database: bytes, collection: bytes) -> CollectionIndexes:
        """The collection's entry, under the name that it has now."""
        entry = self._collections.setdefault(uuid, CollectionIndexes(database, collection))
        entry.database, entry.collection = database, collection
        self.changed.add(uuid)
        return entry

    def _drop(self, uuid: bytes) -> None:
        self._collections.pop(uuid, None)
        self.changed.add(uuid)
