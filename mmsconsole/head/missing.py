"""Documents that an entry was for and that were not as the entry expects.

While the oplog is replayed over a scan, or again after a crash, an update may find no document
(a later entry deletes it, or the scan passed before it came), or clash with a value of later
under a unique index. A later insert or delete of the same document makes that good: it is
crossed out. What is left at the end has to be fetched from the source.

A document is known by its collection's UUID and the bytes of its _id: never by comparing
decoded values, for the order of an embedded document's fields is part of what it is.
"""

from dataclasses import dataclass
from typing import Any

from bson.binary import Binary

from mmsconsole.head.position import MISSING, load, remove, save
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import UUID_BYTES, Entry
from mmsconsole.rawbson import BINARY, document, element, fields, find


@dataclass(frozen=True, slots=True)
class MissingDocument:
    uuid: bytes
    """Of its collection (16 bytes)."""
    ns: str
    """Its collection's name when it was missed; renamed since, perhaps."""
    id: bytes
    """The document {_id: ...}, raw BSON."""

    @property
    def key(self) -> bytes:
        return self.uuid + self.id


class MissingDocuments:
    """A set of them, and of whole collections that were not there."""

    def __init__(self) -> None:
        self._documents: dict[bytes, MissingDocument] = {}
        self.collections: dict[bytes, str] = {}
        """UUID -> name of collections that the head has not got (dropped before the scan)."""
        self._added: set[bytes] = set()
        self._removed: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def unsaved(self) -> bool:
        """Whether `save` has something to write."""
        return bool(self._added or self._removed)

    def documents(self) -> list[MissingDocument]:
        return list(self._documents.values())

    def note(self, entry: Entry) -> None:
        self.add(document_of(entry))

    def add(self, missing: MissingDocument) -> None:
        self._documents[missing.key] = missing
        self._added.add(missing.key)
        self._removed.discard(missing.key)

    def note_collection(self, entry: Entry) -> None:
        self.collections[entry.uuid] = entry.ns.decode(errors="backslashreplace")

    def cross_out(self, entry: Entry) -> None:
        """An insert or delete was applied: the document is as the entry says."""
        if self._documents and entry.op in (b"i", b"d"):
            self.discard(document_of(entry).key)

    def discard(self, key: bytes) -> None:
        if self._documents.pop(key, None) is not None:
            self._removed.add(key)
            self._added.discard(key)

    def follow(self, entry: Entry) -> None:
        """A command was applied: what was dropped is missed no more."""
        first = next(fields(entry.data, entry.o), None)
        if first is not None and first.name in (b"drop", b"create"):
            self._gone(entry.uuid)
        dropped = find(entry.data, b"dropTarget", entry.o)
        if dropped is not None and dropped.kind == BINARY:
            self._gone(entry.data[dropped.end - UUID_BYTES : dropped.end])

    def _gone(self, uuid: bytes) -> None:
        self.collections.pop(uuid, None)
        for key in [key for key in self._documents if key.startswith(uuid)]:
            self.discard(key)

    def save(self, connection: WireConnection) -> None:
        """Into the head, before its position moves past them. A replay finds them again, so
        that they are there a little early does no harm.
        """
        added = [self._documents[key] for key in self._added]
        save(connection, MISSING, [_saved(one) for one in added])
        remove(connection, MISSING, [Binary(key) for key in self._removed])
        self._added, self._removed = set(), set()

    @classmethod
    def load(cls, connection: WireConnection) -> "MissingDocuments":
        self = cls()
        for found in load(connection, MISSING):
            one = MissingDocument(bytes(found["uuid"]), str(found["ns"]), bytes(found["id"]))
            self._documents[one.key] = one
        return self


def _saved(one: MissingDocument) -> dict[str, Any]:
    return {"_id": Binary(one.key), "uuid": Binary(one.uuid), "ns": one.ns, "id": Binary(one.id)}


def document_of(entry: Entry) -> MissingDocument:
    """Which one an entry (i, u or d) is for."""
    start = entry.o2 if entry.op == b"u" else entry.o
    identity = find(entry.data, b"_id", start)
    value = entry.data[identity.start : identity.end] if identity else b""
    kind = identity.kind if identity else 0x0A
    ns = entry.ns.decode(errors="backslashreplace")
    return MissingDocument(entry.uuid, ns, document([element(kind, b"_id", value)]))
