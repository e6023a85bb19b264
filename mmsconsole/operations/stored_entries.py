"""A deployment's stored oplog, piece by piece in either direction, with what is missing in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmsconsole.errors import NotFound, ObjectCorrupt, ObjectMissing, UnreadableEntry
from mmsconsole.metadata.chunks import PAGE, OplogChunk
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.oplog_front import oplog_front
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.oplog_views import BEGINNING, DAMAGED, GAP, OplogRow
from mmsconsole.operations.restorable import TRIMMED, UNKNOWN, restorable
from mmsconsole.operations.windows import said
from mmsconsole.oplog.entry import Entry, entries
from mmsconsole.optime import Optime

if TYPE_CHECKING:
    from mmsconsole.storage.storages import Storages
    from mmsconsole.stores.oplog.oplog_store import OplogStore

BEGINS = "the stored oplog begins here"
UNREADABLE = (ObjectMissing, ObjectCorrupt, UnreadableEntry)
"""What is said of one chunk. Anything else is said of its store, and is raised."""

Piece = OplogChunk | OplogRow
"""A chunk, or the row that stands for what is not there."""


@dataclass(frozen=True, slots=True)
class StoredEntries:
    desk: Desk
    deployment: Deployment
    store: "OplogStore"

    # Pieces

    def forward(self, after: Optime | None) -> Iterator[Piece]:
        """From the chunk that holds what is behind `after` on."""
        front = self.front()
        if front is None:
            return
        if after is None or after < front:
            yield self._beginning(front)
        reached = None if after is None else max(after, front)
        chunks = self.desk.metadata.chunks
        while page := list(chunks.after(self.deployment.id, reached or front.before, limit=PAGE)):
            for chunk in page:
                if chunk.start < front:
                    continue
                if reached is not None and chunk.start > reached:
                    yield self._gap(reached, chunk.start)
                yield chunk
                reached = chunk.end
            reached = page[-1].end
        if reached is not None and self.deployment.backup is BackupState.RESYNC_REQUIRED:
            yield self._gap(reached, None)

    def backward(self, before: Optime | None) -> Iterator[Piece]:
        """From the chunk that holds what is before `before` on, back to the beginning."""
        front = self.front()
        if front is None:
            return
        follows: Optime | None = before
        for chunk in self._backward(before):
            if chunk.start < front:
                break
            if follows is not None and chunk.end < follows and self._is_gap(chunk, follows, before):
                yield self._gap(chunk.end, follows)
            yield chunk
            follows = chunk.start
        if before is None or front < before:
            yield self._beginning(front)

    def _backward(self, before: Optime | None) -> Iterator[OplogChunk]:
        chunks, position = self.desk.metadata.chunks, before
        holding = chunks.holding(self.deployment.id, before) if before is not None else None
        if holding is not None:
            yield holding
        while page := list(chunks.before(self.deployment.id, position, PAGE)):
            yield from page
            position = page[-1].end

    def _is_gap(self, chunk: OplogChunk, follows: Optime, before: Optime | None) -> bool:
        """The bound of the question lies anywhere; the start of a chunk is the end of another."""
        if follows is not before:
            return True
        last = self.desk.metadata.chunks.last(self.deployment.id)
        return last is not None and chunk.end < last.end and follows > chunk.end.after

    def front(self) -> Optime | None:
        return oplog_front(self.desk.metadata, self.deployment.id)

    def last(self) -> Optime | None:
        last = self.desk.metadata.chunks.last(self.deployment.id)
        return None if last is None else last.end

    # Rows for what is not there

    def _gap(self, start: Optime, end: Optime | None) -> OplogRow:
        return OplogRow(GAP, start, end, change=self._reason(start, end))

    def _reason(self, start: Optime, end: Optime | None) -> str:
        if end is None:
            return self.deployment.reason or UNKNOWN
        gaps = restorable(self.desk, self.deployment).gaps
        over = (gap for gap in gaps if gap.start < end and (gap.end is None or start < gap.end))
        return next((gap.reason for gap in over), UNKNOWN)

    def _beginning(self, front: Optime) -> OplogRow:
        more = f"; {TRIMMED}" if self.deployment.oplog_from is not None else ""
        return OplogRow(BEGINNING, front, front, change=BEGINS + more)

    def damaged(self, chunk: OplogChunk, error: Exception) -> OplogRow:
        told = f"{chunk.entries} entries can not be read: {error}"
        return OplogRow(DAMAGED, chunk.start, chunk.end, change=told, bytes=chunk.raw_bytes)

    # Entries

    def entries(self, chunk: OplogChunk) -> Iterator[Entry]:
        """Raises one of UNREADABLE, perhaps behind some entries; other StorageErrors."""
        return entries(self.store.read(chunk))

    def entry(self, at: Optime) -> Entry:
        """Raises NotFound, naming its neighbours; one of UNREADABLE."""
        chunk = self._holding(at)
        for entry in self.entries(chunk) if chunk is not None else ():
            if (entry.t, entry.i) == (at.t, at.i):
                return entry
        raise self._not_found(at)

    def before(self, at: Optime) -> Optime:
        """Of the last entry before the one at `at`. Raises as entry()."""
        chunk = self._holding(at)
        previous = None if chunk is None else chunk.start
        for entry in self.entries(chunk) if chunk is not None else ():
            if (entry.t, entry.i) == (at.t, at.i) and previous is not None:
                return previous
            previous = entry.optime
        raise self._not_found(at)

    def last_up_to(self, position: Optime) -> Optime | None:
        """Of the last stored entry at or before a position; None where there is none."""
        chunk = self._holding(position)
        if chunk is None:
            ending = self.desk.metadata.chunks.ending_by(self.deployment.id, position)
            return None if ending is None else ending.end
        found = chunk.start
        for entry in self.entries(chunk):
            if (entry.t, entry.i) > (position.t, position.i):
                break
            found = entry.optime
        return found

    def first_from(self, position: Optime) -> Optime | None:
        """Of the first stored entry at or behind a position; None where there is none."""
        found = self.desk.metadata.chunks.after(self.deployment.id, position.before, limit=1)
        chunk = next(found, None)
        behind = (
            entry.optime
            for entry in (self.entries(chunk) if chunk is not None else ())
            if (entry.t, entry.i) >= (position.t, position.i)
        )
        return next(behind, None)

    def _holding(self, at: Optime) -> OplogChunk | None:
        front = self.front()
        if front is None or at <= front:
            return None
        return self.desk.metadata.chunks.holding(self.deployment.id, at)

    def _not_found(self, at: Optime) -> NotFound:
        before, after = self.last_up_to(at.before), self.first_from(at.after)
        near = [f"{said(one)} {side} it" for one, side in ((before, "before"), (after, "after"))
                if one is not None]  # fmt: skip
        hint = f"the nearest entries are {' and '.join(near)}" if near else "nothing is stored yet"
        return NotFound(
            f"the stored oplog has no entry {said(at)}", where=self.deployment.name, hint=hint
        )


def entries_of(
    desk: Desk, deployment: Deployment, storages: "Storages | None" = None
) -> StoredEntries:
    """Read from the deployment's store, and from its second one where that fails. Nothing is
    opened yet.
    """
    from mmsconsole.storage.storages import open_storages
    from mmsconsole.stores.oplog.oplog_store import OplogStore
    from mmsconsole.stores.places import BoundPlaces

    places = BoundPlaces(storages or open_storages(desk.settings), desk.metadata)
    return StoredEntries(desk, deployment, OplogStore(places, desk.metadata, desk.clock))
