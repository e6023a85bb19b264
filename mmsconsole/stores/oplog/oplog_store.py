"""The oplog store: a deployment's oplog as chunks, each beginning where the last one ended."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from mmsconsole.clock import Clock
from mmsconsole.errors import AlreadyExists, NotFound, OplogError, StorageError, UsageError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.optime import Optime
from mmsconsole.stores.deleting import Deleting
from mmsconsole.stores.oplog.chunk_contents import (
    UNKNOWN_TERM,
    Beginning,
    holds,
    optimes_of,
    same_position,
    up_to,
)
from mmsconsole.stores.oplog.chunk_object import (
    ChunkBody as ChunkBody,
)
from mmsconsole.stores.oplog.chunk_object import ChunkObjects, chunk_folder, key_position
from mmsconsole.stores.places import Places
from mmsconsole.task import Task

PAGE = 256
"""Chunk records that are fetched at one time: a slow reader holds no cursor open."""
CUT_FRONT_MAX = 1024


@dataclass(frozen=True, slots=True)
class StoredOplog:
    """An unbroken stretch of stored oplog: the entries after `start`, up to and including `end`."""

    start: Optime
    end: Optime


@dataclass(frozen=True, slots=True)
class CutBack:
    """What was forgotten."""

    chunks: int
    """Whole ones."""
    entries: int
    """In all; those of a chunk that was shortened, too."""


class OplogStore:
    def __init__(self, places: Places, metadata: Metadata, clock: Clock) -> None:
        self._places = places
        self._metadata = metadata
        self._chunks = metadata.chunks
        self._clock = clock
        self._objects = ChunkObjects(places)

    def put(self, deployment_id: str, body: ChunkBody, *, after_gap: bool = False) -> OplogChunk:
        """Store a chunk behind the last one; durable on return.

        It must start with the very entry that the last chunk ended with, else OplogError.
        `after_gap` allows a start beyond that end: for the tail of a new initial sync, when the
        source's oplog no longer reaches the stored one. The same chunk once more is no error.
        """
        if body.end <= body.start:
            raise UsageError(f"a chunk from {body.start} to {body.end} holds nothing")
        last = self._chunks.last(deployment_id)
        if last is not None and _same_chunk(last, body):
            return last
        continues = last is not None and same_position(last.end, body.start)
        if last is not None and not continues:
            _check_gap(deployment_id, last.end, body.start, after_gap)
        made = self._objects.made(deployment_id, body, self._clock.now(), after_gap=not continues)
        self._objects.put(made)
        return self._recorded(made.record)

    def read(self, chunk: OplogChunk) -> bytes:
        """The arrays, one after another, byte for byte. Raises ObjectMissing, ObjectCorrupt."""
        return self._objects.read(chunk)

    def entries(self, deployment_id: str, after: Optime) -> Iterator[tuple[OplogChunk, bytes]]:
        """The chunks that hold entries after `after`, in order, each with its arrays.

        The first one may begin with entries that are not after it. Ends with what is stored.
        Raises OplogError where a stretch is missing, naming it.
        """
        for chunk in self.chunks(deployment_id, after):
            arrays = self.read(chunk)
            if chunk.start < after < chunk.end:
                _check_holds(chunk, arrays, after)
            yield chunk, arrays

    def chunks(self, deployment_id: str, after: Optime) -> Iterator[OplogChunk]:
        """The records of the same chunks, with the same check, unread."""
        reached, exact = after, False
        while page := list(self._chunks.after(deployment_id, reached, limit=PAGE)):
            for chunk in page:
                _check_reaches(deployment_id, reached, chunk, exact=exact)
                yield chunk
                reached, exact = chunk.end, True

    def window(self, deployment_id: str) -> StoredOplog | None:
        """The newest unbroken stretch: the one that is being continued."""
        stretches = self.windows(deployment_id)
        return stretches[-1] if stretches else None

    def windows(self, deployment_id: str) -> list[StoredOplog]:
        """Every unbroken stretch, oldest first: a resync may begin a new one."""
        return [StoredOplog(*stretch) for stretch in self._chunks.stretches(deployment_id)]

    def ends_before(self, deployment_id: str, position: Optime | None, limit: int) -> list[Optime]:
        """Where the newest chunks end that end before `position` (None: the last ones)."""
        return [chunk.end for chunk in self._chunks.before(deployment_id, position, limit)]

    def optimes(self, deployment_id: str, start: Optime, end: Optime) -> list[Optime]:
        """Of the entries behind `start` in the chunk that ends at `end`, in order.

        Raises NotFound where no chunk does, ObjectMissing, ObjectCorrupt.
        """
        chunk = self._chunks.holding(deployment_id, end)
        if chunk is None or not chunk.end.same_entry(end):
            raise NotFound(f"no stored oplog chunk ends at {end}", where=deployment_id)
        return [optime for optime in optimes_of(self.read(chunk)) if optime > start]

    def cut_back(self, deployment_id: str, common: Optime, task: Task | None = None) -> CutBack:
        """Forget every entry after `common`: the source has rolled them back.

        A crash at any step leaves an unbroken oplog that ends at `common` or later; the same
        call once more finishes it. Raises OplogError, with nothing changed, if `common` is not
        a stored entry; ObjectMissing, ObjectCorrupt, StorageError.
        """
        task = task or Task()
        holding = self._chunks.holding(deployment_id, common)
        if holding is None:
            raise OplogError(f"the stored oplog has no entry {common}", where=deployment_id)
        kept = self._kept_of(holding, common)
        dropped = self._drop_behind(holding, task)
        last = holding if kept is None else self._shortened(holding, common, kept)
        self._sweep_behind(last, task)
        entries = sum(chunk.entries for chunk in dropped) + holding.entries - last.entries
        return CutBack(len(dropped), entries)

    def cut_front(
        self, deployment_id: str, position: Optime, task: Task, limit: int = CUT_FRONT_MAX
    ) -> int:
        """Forget the chunks that end at or before `position`, from the oldest on: at most `limit`,
        and never the last one, which the tail goes on from. Returns how many.

        A crash at any step leaves an oplog that is unbroken behind `position`.
        """
        last = self._chunks.last(deployment_id)
        found = self._chunks.until(deployment_id, position, limit)
        ended = [chunk for chunk in found if last is not None and chunk.id != last.id]
        deleting = self._deleting(deployment_id)
        for at in range(0, len(ended), PAGE):
            page = ended[at : at + PAGE]
            keys = [chunk.key for chunk in page]
            deleting.note((chunk.key, chunk.id) for chunk in page)
            for chunk in page:
                task.check()
                self._chunks.forget(chunk)
            deleting.delete_noted(keys)
        return len(ended)

    def put_again(self, chunk: OplogChunk, body: ChunkBody) -> OplogChunk:
        """The same entries in a new object, for a chunk whose object is damaged or gone.

        The old one is deleted once the record tells of the new one. Raises OplogError where the
        body is not that chunk's, NotFound where the chunk has gone or changed meanwhile.
        """
        told = (body.start, body.end, body.entries)
        if not _same_chunk(chunk, body) or body.entries != chunk.entries:
            raise OplogError(f"other entries than those stored: {told}", where=chunk.deployment)
        made = self._objects.made(
            chunk.deployment, body, self._clock.now(), after_gap=chunk.after_gap, id_=chunk.id
        )
        self._objects.put(made)
        replaced = self._chunks.replace(chunk, made.record)
        self._deleting(chunk.deployment).delete(chunk.key)
        return replaced

    def drop(self, deployment_id: str, task: Task) -> None:
        """Forget every chunk of a deployment, recorded or left behind by a crash."""
        self._chunks.drop(deployment_id)
        self._deleting(deployment_id).delete_below(chunk_folder(deployment_id), task)

    def _deleting(self, deployment_id: str) -> Deleting:
        name = self._places.name(deployment_id)
        return Deleting(self._places.of(deployment_id), self._metadata, name)

    def _kept_of(self, holding: OplogChunk, common: Optime) -> Beginning | None:
        """What stays of the chunk that holds `common`; None: all of it."""
        if same_position(holding.end, common):
            return None
        kept = up_to(self.read(holding), common)
        if kept is None:
            what = f"the stored oplog has no entry {common} of term {common.term}"
            raise OplogError(what, where=holding.deployment)
        return kept

    def _drop_behind(self, holding: OplogChunk, task: Task) -> list[OplogChunk]:
        """From the newest on, so that what is left has no gap at any moment."""
        dropped = []
        while (last := self._chunks.last(holding.deployment)) and last.end > holding.end:
            task.check()
            self._chunks.remove(last.id)
            dropped.append(last)
        return dropped

    def _shortened(self, chunk: OplogChunk, common: Optime, kept: Beginning) -> OplogChunk:
        body = ChunkBody(chunk.start, common, kept.entries, kept.arrays, kept.wall)
        made = self._objects.made(
            chunk.deployment, body, self._clock.now(), after_gap=chunk.after_gap, id_=chunk.id
        )
        self._objects.put(made)
        return self._chunks.replace(chunk, made.record)

    def _sweep_behind(self, last: OplogChunk, task: Task) -> None:
        """No record tells of anything behind it any more; objects may, those of a crash too."""
        folder = chunk_folder(last.deployment)
        deleting = self._deleting(last.deployment)
        storage = self._places.of(last.deployment)
        for stored in list(storage.list(folder, after=f"{folder}/{key_position(last.end)}")):
            task.check()
            if stored.key != last.key:
                deleting.delete(stored.key)

    def _recorded(self, chunk: OplogChunk) -> OplogChunk:
        try:
            return self._chunks.add(chunk)
        except AlreadyExists as error:
            # Only tidiness: nothing refers to it, and the error below tells what matters.
            with suppress(StorageError):
                self._places.of(chunk.deployment).delete(chunk.key)
            raise OplogError(
                f"somebody else has stored the oplog from {chunk.start} on", where=chunk.deployment
            ) from error


def _same_chunk(chunk: OplogChunk, body: ChunkBody) -> bool:
    return chunk.start.same_entry(body.start) and chunk.end.same_entry(body.end)


def _check_gap(deployment_id: str, end: Optime, start: Optime, after_gap: bool) -> None:
    if start == end:
        raise OplogError(
            f"the stored oplog ends at {end} in term {end.term}, "
            f"the chunk starts there in term {start.term}: the source has rolled back",
            where=deployment_id,
        )
    if not after_gap or start < end:
        raise OplogError(
            f"the stored oplog ends at {end}, the chunk starts at {start}", where=deployment_id
        )


def _check_holds(chunk: OplogChunk, arrays: bytes, position: Optime) -> None:
    """Who goes on from an entry that was applied must find that very entry here: else it was
    applied from a history that has been rolled back."""
    if position.term != UNKNOWN_TERM and not holds(arrays, position):
        raise OplogError(
            f"the stored oplog has no entry {position} of term {position.term}: it was rolled back",
            where=chunk.deployment,
        )


def _check_reaches(deployment_id: str, reached: Optime, chunk: OplogChunk, *, exact: bool) -> None:
    """`exact`: `reached` is the end of the chunk before, so this one starts right there."""
    if chunk.start == reached and not same_position(reached, chunk.start):
        raise OplogError(
            f"the stored oplog goes on from {chunk.start} in term {chunk.start.term}, not in term "
            f"{reached.term}: it was rolled back",
            where=deployment_id,
        )
    if exact and chunk.start < reached:
        raise OplogError(
            f"the stored oplog overlaps: a chunk starts at {chunk.start}, before {reached}",
            where=deployment_id,
        )
    if chunk.start > reached:
        raise OplogError(
            f"the stored oplog has a gap: nothing between {reached} and {chunk.start}",
            where=deployment_id,
        )
