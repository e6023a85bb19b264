"""The repair of a store: what is not as it was stored is taken again from where it still is.

copies      the same object in another store, if it is right there, under the same name
packs       block by block, from all images of it, other packs and heads (repairing_packs.py)
oplog       from the source, as long as that still has the same entries
catalogues  made anew

Nothing is deleted before what takes its place is durable. What can not be repaired is named.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
    Refused,
    SettingsError,
    SourceError,
    StorageError,
)
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.syncs import Slice
from mmsconsole.storage.base import Storage
from mmsconsole.stores.catalogue import CatalogueName
from mmsconsole.stores.check.remedies import Remedy
from mmsconsole.stores.check.repairing_packs import PackRepair
from mmsconsole.stores.check.suspects import Suspect, Suspects, sha256_of, verify
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.oplog.oplog_store import ChunkBody, OplogStore
from mmsconsole.stores.verified import VerifiedParts
from mmsconsole.task import Task

LOOKING = "looking again (objects)"
PHASE = "repairing (objects)"
log = logging.getLogger(__name__)

WRONG = (ObjectMissing, ObjectCorrupt, OplogError)
IN_ORDER = (Snapshot, Pack, OplogChunk, Slice, CatalogueName)
"""Manifests first: they tell what is needed of packs."""

SOURCE = "the source's oplog"
NEW_CATALOGUE = "a new backup of the metadata"


@dataclass(frozen=True, slots=True)
class Helpers:
    """What of the product can bring something again."""

    storage: Callable[[str], Storage]
    """By the name of a store. Raises StorageError, SettingsError."""
    oplog: OplogStore
    chunk: Callable[[OplogChunk, Task], ChunkBody]
    """Its entries once more from the source. Raises MmsError saying why not."""
    catalogue: Callable[[Task], object]
    """A new backup of the metadata into the store."""


class Repairing:
    """Of one store; nobody grooms it meanwhile. Broken off anywhere, it is done again."""

    def __init__(self, metadata: Metadata, store: str, helpers: Helpers) -> None:
        self._metadata = metadata
        self._store = store
        self._helpers = helpers
        self._storage = helpers.storage(store)

    def run(self, keys: Iterable[str], task: Task, *, dry: bool = False) -> Iterator[Remedy]:
        """One for each object that is wrong now. `dry`: only what would be done.

        Raises DiskFull, StorageError, MetadataError, Cancelled.
        """
        wrong = self._wrong(Suspects(self._metadata, self._store).named(keys), task)
        task.report(PHASE, 0, len(wrong))
        for done, remedy in enumerate(self._remedies(wrong, task, dry=dry), 1):
            task.report(PHASE, done, len(wrong))
            yield remedy

    def still_wrong(self, keys: Iterable[str], task: Task) -> list[Suspect]:
        """Of objects that were repaired."""
        return self._wrong(Suspects(self._metadata, self._store).named(keys), task)

    def _remedies(self, wrong: Sequence[Suspect], task: Task, *, dry: bool) -> Iterator[Remedy]:
        for kind in IN_ORDER:
            of_kind = [one for one in wrong if isinstance(one.record, kind)]
            yield from self._of_kind(of_kind, task, dry=dry)

    def _wrong(self, suspects: Sequence[Suspect], task: Task) -> list[Suspect]:
        """Those that are not as they were stored, as it is found now."""
        found = []
        for number, suspect in enumerate(suspects):
            task.check()
            task.report(LOOKING, number, len(suspects))
            try:
                verify(self._storage, self._metadata, suspect, task)
            except ObjectMissing:
                if _is_missed(suspect, self._store):
                    found.append(suspect)
            except WRONG:
                found.append(suspect)
        return found

    def _of_kind(self, wrong: Sequence[Suspect], task: Task, *, dry: bool) -> Iterator[Remedy]:
        left = []
        for suspect in wrong:
            task.check()
            source = self._copied_from(suspect, task, dry=dry)
            if source:
                yield Remedy(suspect.key, source)
            else:
                left.append(suspect)
        packs = [one for one in left if isinstance(one.record, Pack)]
        if packs:
            yield from self._packs(packs, task, dry=dry)
        for suspect in left:
            if not isinstance(suspect.record, Pack):
                yield self._other(suspect, task, dry=dry)

    # -- the same object in another store

    def _copied_from(self, suspect: Suspect, task: Task, *, dry: bool) -> str:
        """The store that it was taken from; empty where no other one has it."""
        record, here = suspect.record, suspect.home == self._store
        if isinstance(record, Pack) and record.dropped and here:
            return ""  # a list may have grown since it was copied
        for name, storage in self._others(suspect):
            try:
                verify(storage, self._metadata, suspect, task)
            except (StorageError, OplogError):
                continue  # it is wrong there too, or that store is away
            if not dry:
                parts = VerifiedParts(storage, suspect.key, sha256_of(suspect.record))
                self._storage.put(suspect.key, parts)
            return f"the store {name}"
        return ""

    def _others(self, suspect: Suspect) -> Iterator[tuple[str, Storage]]:
        for name in suspect.others(self._store):
            try:
                yield name, self._helpers.storage(name)
            except (StorageError, SettingsError) as error:
                log.warning("the store %s can not help: %s", name, error)

    # -- packs

    def _packs(self, wrong: Sequence[Suspect], task: Task, *, dry: bool) -> Iterator[Remedy]:
        pools: dict[str, list[Suspect]] = {}
        for suspect in wrong:
            assert isinstance(suspect.record, Pack)
            pools.setdefault(suspect.record.pool, []).append(suspect)
        for id_, suspects in pools.items():
            if suspects[0].home != self._store:
                yield from (_not_here(one) for one in suspects)
                continue
            others = [storage for _, storage in self._others(suspects[0])]
            pool = self._metadata.pools.get(id_)
            repair = PackRepair(self._storage, self._metadata, pool, others)
            packs = [one.record for one in suspects if isinstance(one.record, Pack)]
            yield from repair.run(packs, task, dry=dry)

    # -- everything else

    def _other(self, suspect: Suspect, task: Task, *, dry: bool) -> Remedy:
        record = suspect.record
        if suspect.home != self._store:
            return _not_here(suspect)
        if isinstance(record, OplogChunk):
            return self._chunk(record, task, dry=dry)
        if isinstance(record, Snapshot):
            return _lost_manifest(record)
        if isinstance(record, Slice):
            left = "nothing has it: the initial sync that it belongs to has to begin again"
            return Remedy(suspect.key, left=left)
        if not dry:
            self._helpers.catalogue(task)
            Deleting(self._storage, self._metadata, self._store).delete(suspect.key)
        return Remedy(suspect.key, NEW_CATALOGUE)

    def _chunk(self, chunk: OplogChunk, task: Task, *, dry: bool) -> Remedy:
        try:
            body = self._helpers.chunk(chunk, task)
        except (OplogError, Refused, SourceError) as error:
            left = (
                f"the moments after {chunk.start} up to {chunk.end}, and those that are reached "
                f"through them, are lost until the next snapshot: take one now ({error})"
            )
            return Remedy(chunk.key, left=left)
        if not dry:
            self._helpers.oplog.put_again(chunk, body)
        return Remedy(chunk.key, SOURCE)


def _is_missed(suspect: Suspect, store: str) -> bool:
    """A copy will be made again by itself, and a catalogue goes when it is old or was damaged."""
    return suspect.home == store and not isinstance(suspect.record, CatalogueName)


def _not_here(suspect: Suspect) -> Remedy:
    left = f"it is wrong in {suspect.home} too: repair that first"
    return Remedy(suspect.key, left=left)


def _lost_manifest(snapshot: Snapshot) -> Remedy:
    left = (
        "no other store has it: the snapshot can not be restored. Take a new one, and delete it: "
        f"mmsconsole snapshot delete {snapshot.id}"
    )
    return Remedy(snapshot.manifest_key, left=left, snapshots=(snapshot.id,))
