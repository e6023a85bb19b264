"""The second copy: a deployment's objects, put under the same names into another store.

chunks      in order, from where the copy ends; what a rollback took back goes from the copy too
packs       those of the pool that the copy lacks, then the manifests of complete snapshots
extras      what the first store has not any more, and no record refers to, goes after a while

Every object is read whole and held against its record before it is put. Order is as in the first
store: packs before the manifests that refer to them. So the copy is at any moment a store that can
be restored from, as it was a while ago.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.storage.base import Storage, StoredObject
from mmsconsole.stores.blocks.moved import SUFFIX as MOVED
from mmsconsole.stores.blocks.moved import decoded
from mmsconsole.stores.check.checking import joined
from mmsconsole.stores.objects import plain_id
from mmsconsole.stores.oplog.chunk_object import chunk_folder, key_position
from mmsconsole.stores.verified import VerifiedParts
from mmsconsole.task import Task

CHUNKS = "copying oplog (chunks)"
PACKS = "copying blocks"
MANIFESTS = "copying manifests"
PAGE = 256


class Copying:
    """Of one deployment. Every method may be called again after it was broken off."""

    def __init__(
        self, metadata: Metadata, deployment: Deployment, first: Storage, second: Storage
    ) -> None:
        self._metadata = metadata
        self._deployment = deployment
        self._first = first
        self._second = second

    def oplog(self, state: CopyState, task: Task) -> Iterator[CopyState]:
        """Copy the chunks behind the copy's end; yields the new state after each page."""
        position = self._still_stored(state.oplog_end, task)
        while page := self._behind(position):
            for number, chunk in enumerate(page):
                task.check()
                task.report(CHUNKS, number, len(page))
                self._copy(chunk.key, chunk.sha256)
                position = chunk.end
            yield replace(state, oplog_end=position)

    def snapshots(self, task: Task) -> list[str]:
        """Everything of complete snapshots that the copy lacks; returns the ids of those whose
        manifests were copied. Raises ObjectMissing, ObjectCorrupt, StorageError.
        """
        # Before the packs are listed: those of one that is completed meanwhile may be missed.
        found = list(self._metadata.snapshots.complete(self._deployment.id))
        self._copy_lost_chunks(task)
        self._copy_packs(task)
        copied = []
        for number, snapshot in enumerate(found):
            task.check()
            task.report(MANIFESTS, number, len(found))
            if self._copy_manifest(snapshot):
                copied.append(snapshot.id)
        return copied

    def extras(self) -> Iterator[str]:
        """Keys in the copy that the first store has not (any more)."""
        for folder in (*self._own_folders(), self._packs_folder()):
            both = joined(self._second.list(folder), _key, self._first.list(folder))
            yield from (one.key for one, there in both if there is None)

    def _own_folders(self) -> tuple[str, str]:
        id_ = plain_id(self._deployment.id)
        return f"manifests/{id_}", chunk_folder(id_)

    def _packs_folder(self) -> str:
        return f"packs/{plain_id(self._deployment.group)}"

    # -- oplog

    def _behind(self, position: Optime | None) -> list[OplogChunk]:
        chunks, id_ = self._metadata.chunks, self._deployment.id
        if position is None:
            first = chunks.first(id_)
            return [first] if first is not None else []
        return list(chunks.after(id_, position, limit=PAGE))

    def _still_stored(self, end: Optime | None, task: Task) -> Optime | None:
        """Where to go on: a rollback may have taken back what was copied."""
        if end is None:
            return None
        holding = self._metadata.chunks.holding(self._deployment.id, end)
        if holding is not None and holding.end.same_entry(end):
            return end
        return self._back_in_common(task)

    def _back_in_common(self, task: Task) -> Optime | None:
        """The newest stored chunk that the copy has too; what lies behind it goes from the copy.

        Where there is none, the copy's end was given up, and what begins later takes its place.
        """
        id_, folder = self._deployment.id, chunk_folder(self._deployment.id)
        there = [stored.key for stored in self._second.list(folder)]
        known = frozenset(there)
        common = next((one for one in self._newest_first() if one.key in known), None)
        first = self._metadata.chunks.first(id_)
        if first is None:
            return None
        kept = key_position(first.start if common is None else common.end)
        for key in there:
            task.check()
            position = key.removeprefix(f"{folder}/")[: len(kept)]
            if position > kept or (position == kept and common and key != common.key):
                self._second.delete(key)
        return None if common is None else common.end

    def _copy_lost_chunks(self, task: Task) -> None:
        """Those up to the copy's end that it has not: lost there, or stored anew since."""
        id_, lost = self._deployment.id, list[OplogChunk]()
        folder, end = chunk_folder(id_), ""

        def listed() -> Iterator[StoredObject]:
            nonlocal end
            for stored in self._second.list(folder):
                end = stored.key
                yield stored

        there = listed()
        for chunk, stored in joined(self._metadata.chunks.in_order(id_), _key, there):
            task.check()
            if stored is None:
                lost.append(chunk)
                continue
            self._copy_all(lost)
            lost.clear()
        deque(there, maxlen=0)  # to its end
        self._copy_all(one for one in lost if f"{folder}/{key_position(one.end)}" <= end)

    def _copy_all(self, chunks: Iterable[OplogChunk]) -> None:
        for chunk in chunks:
            self._copy(chunk.key, chunk.sha256)

    def _newest_first(self) -> Iterator[OplogChunk]:
        position: Optime | None = None
        while page := list(self._metadata.chunks.before(self._deployment.id, position, PAGE)):
            yield from page
            position = page[-1].end

    # -- blocks and manifests

    def _copy_packs(self, task: Task) -> None:
        folder = self._packs_folder()
        there = {stored.key: stored.bytes for stored in self._second.list(folder)}
        missing = [one for one in self._first.list(folder) if there.get(one.key) != one.bytes]
        done, total = 0, sum(stored.bytes for stored in missing)
        task.report(PACKS, 0, total)
        for stored in missing:
            task.check()
            self._copy_pack(stored.key)
            done += stored.bytes
            task.report(PACKS, done, total)

    def _copy_pack(self, key: str) -> None:
        """One that has no record is not needed yet; one that went meanwhile not any more."""
        if key.endswith(MOVED):
            self._copy_moved(key)
            return
        recorded = {"key": key, "dropped": {"$ne": True}}
        record = self._metadata.packs.one(recorded)
        try:
            if record is not None:
                self._copy(key, record.sha256)
        except ObjectMissing:
            if self._metadata.packs.one(recorded) is not None:
                raise

    def _copy_moved(self, key: str) -> None:
        """No record knows its sha256: it tells that itself."""
        try:
            whole = self._first.get(key)
        except ObjectMissing:
            return  # forgotten since the listing; if it is needed, grooms and checks find that out
        decoded(whole, key)
        self._second.put(key, [whole])

    def _copy_manifest(self, snapshot: Snapshot) -> bool:
        try:
            self._second.size(snapshot.manifest_key)
        except ObjectMissing:
            self._copy(snapshot.manifest_key, snapshot.manifest_sha256)
            return True
        return False

    def _copy(self, key: str, sha256: str) -> None:
        """`sha256`: of the whole object."""
        self._second.put(key, VerifiedParts(self._first, key, sha256))


def _key(one: OplogChunk | StoredObject) -> str:
    return one.key
