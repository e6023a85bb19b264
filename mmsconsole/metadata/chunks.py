"""Oplog chunks: the stored oplog of a deployment, without gap or overlap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from mmsconsole.metadata.collection import Records, Sort
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

IN_ORDER: Sort = [("end.t", 1), ("end.i", 1)]
PAGE = 256
LAST_FIRST: Sort = [("end.t", -1), ("end.i", -1)]


@dataclass(frozen=True, slots=True)
class OplogChunk:
    """The entries after `start`, up to and including `end`. The next chunk's start is this end."""

    id: str
    deployment: str
    start: Optime
    end: Optime
    entries: int
    key: str
    sha256: str
    raw_bytes: int
    stored_bytes: int
    wall: datetime | None
    """The source's wall clock at the last entry."""
    stored_at: datetime
    after_gap: bool = False
    """Nothing stored reaches its start: the very first chunk, or the first one of a new sync."""


class OplogChunks(Records[OplogChunk]):
    name = "oplog_chunks"
    record = OplogChunk
    noun = "oplog chunk"
    # Unique start: two writers cannot both continue the same end.
    indexes: ClassVar[list[tuple[Sort, dict[str, Any]]]] = [
        ([("deployment", 1), ("start.t", 1), ("start.i", 1)], {"unique": True}),
        ([("deployment", 1), ("end.t", 1), ("end.i", 1)], {"unique": True}),
        ([("deployment", 1), ("after_gap", 1)], {"partialFilterExpression": {"after_gap": True}}),
    ]

    def in_order(self, deployment: str) -> Iterator[OplogChunk]:
        """In pages: whoever takes long over each of them keeps no cursor open."""
        first = self.first(deployment)
        page = [] if first is None else [first]
        while page:
            yield from page
            page = list(self.after(deployment, page[-1].end, limit=PAGE))

    def after(self, deployment: str, position: Optime, limit: int = 0) -> Iterator[OplogChunk]:
        """The chunks that hold entries after `position`, in order; 0: all of them."""
        query = {"deployment": deployment, **_ends_after(position)}
        return self.all(query, sort=IN_ORDER, limit=limit)

    def before(self, deployment: str, position: Optime | None, limit: int) -> Iterator[OplogChunk]:
        """The chunks that end before `position` (None: all of them), newest first."""
        query = {} if position is None else _ends_before(position)
        return self.all({"deployment": deployment, **query}, sort=LAST_FIRST, limit=limit)

    def until(self, deployment: str, position: Optime, limit: int) -> Iterator[OplogChunk]:
        """The chunks that end at or before `position`, oldest first."""
        query = {"deployment": deployment, **_ends_until(position)}
        return self.all(query, sort=IN_ORDER, limit=limit)

    def holding(self, deployment: str, position: Optime) -> OplogChunk | None:
        """The chunk whose stretch `position` lies in: behind its start, not behind its end."""
        reaches = {
            "end.t": {"$gte": position.t},
            "$or": [{"end.t": {"$gt": position.t}}, {"end.i": {"$gte": position.i}}],
        }
        found = self.one({"deployment": deployment, **reaches}, sort=IN_ORDER)
        return found if found is not None and found.start < position else None

    def last(self, deployment: str) -> OplogChunk | None:
        return self.one({"deployment": deployment}, sort=LAST_FIRST)

    def first(self, deployment: str) -> OplogChunk | None:
        return self.one({"deployment": deployment}, sort=IN_ORDER)

    def gaps(self, deployment: str) -> Iterator[OplogChunk]:
        """The chunks that nothing stored reaches, in order."""
        return self.all({"deployment": deployment, "after_gap": True}, sort=IN_ORDER)

    def stretches(self, deployment: str) -> list[tuple[Optime, Optime]]:
        """(start, end) of every unbroken stretch, oldest first: a resync may begin a new one."""
        first, last = self.first(deployment), self.last(deployment)
        if first is None or last is None:
            return []
        gaps = [chunk for chunk in self.gaps(deployment) if chunk.end > first.end]
        ends = [self.ending_by(deployment, chunk.start) for chunk in gaps]
        return [
            (begin.start, (end or last).end)
            for begin, end in zip([first, *gaps], [*ends, last], strict=True)
        ]

    def ending_by(self, deployment: str, position: Optime) -> OplogChunk | None:
        """The last chunk that ends at or before `position`."""
        return self.one({"deployment": deployment, **_ends_until(position)}, sort=LAST_FIRST)

    @metadata_errors()
    def forget(self, chunk: OplogChunk) -> None:
        """As it was seen: what has taken its place meanwhile stays."""
        self.collection.delete_one({"_id": chunk.id, "key": chunk.key})

    def replace(self, old: OplogChunk, new: OplogChunk) -> OplogChunk:
        """Put `new`, of the same id, in the place of `old`, in one step.

        Raises NotFound if `old` is not what is recorded.
        """
        changed = self.set_where(
            {"_id": old.id, "key": old.key},
            end=new.end, entries=new.entries, key=new.key, sha256=new.sha256,
            raw_bytes=new.raw_bytes, stored_bytes=new.stored_bytes, wall=new.wall,
            stored_at=new.stored_at,
        )  # fmt: skip
        if changed is None:
            raise self._not_found(old.id)
        return changed

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        self.collection.delete_many({"deployment": deployment})

    def spans(self, deployment: str, position: Optime) -> Iterator[tuple[Optime, Optime]]:
        """(start, end) of the chunks that hold entries after `position`, in order."""
        with metadata_errors():
            for document in self.collection.find(
                {"deployment": deployment, **_ends_after(position)},
                {"start": 1, "end": 1, "_id": 0},
                sort=IN_ORDER,
            ):
                yield Optime(**document["start"]), Optime(**document["end"])

    @metadata_errors()
    def size(
        self, deployment: str, after: Optime | None = None, until: Optime | None = None
    ) -> "ChunksSize":
        """Of all chunks, or of those that hold entries after a position; of those that end at or
        before `until`.
        """
        asked = [_ends_after(after)] if after is not None else []
        asked += [_ends_until(until)] if until is not None else []
        query = {"deployment": deployment} | ({"$and": asked} if asked else {})
        sums = {
            "chunks": {"$sum": 1},
            "raw_bytes": {"$sum": "$raw_bytes"},
            "stored_bytes": {"$sum": "$stored_bytes"},
        }
        stages: list[dict[str, Any]] = [
            {"$match": query},
            {"$group": {"_id": None, **sums}},
            {"$unset": "_id"},
        ]
        return next((ChunksSize(**found) for found in self.collection.aggregate(stages)), NOTHING)

    @metadata_errors()
    def entries_by_time(
        self, deployment: str, start: float, seconds: float, count: int
    ) -> list[int]:
        """How many entries were stored in each of `count` stretches of `seconds`, from `start`
        (seconds since 1970) on; a chunk counts where it ends. Counted by the database.
        """
        ends = {"end.t": {"$gte": start, "$lt": start + seconds * count}}
        place = {"$floor": {"$divide": [{"$subtract": ["$end.t", start]}, seconds]}}
        found = [0] * count
        for group in self.collection.aggregate([
            {"$match": {"deployment": deployment, **ends}},
            {"$group": {"_id": place, "entries": {"$sum": "$entries"}}},
        ]):  # fmt: skip
            found[min(count - 1, max(0, int(group["_id"])))] += group["entries"]
        return found


@dataclass(frozen=True, slots=True)
class ChunksSize:
    chunks: int
    raw_bytes: int
    stored_bytes: int


NOTHING = ChunksSize(0, 0, 0)


def _ends_until(position: Optime) -> dict[str, Any]:
    return {
        "end.t": {"$lte": position.t},
        "$or": [{"end.t": {"$lt": position.t}}, {"end.i": {"$lte": position.i}}],
    }


def _ends_before(position: Optime) -> dict[str, Any]:
    return {
        "end.t": {"$lte": position.t},
        "$or": [{"end.t": {"$lt": position.t}}, {"end.i": {"$lt": position.i}}],
    }


def _ends_after(position: Optime) -> dict[str, Any]:
    # The first bound lets the index begin there; the second is the exact one.
    return {
        "end.t": {"$gte": position.t},
        "$or": [{"end.t": {"$gt": position.t}}, {"end.i": {"$gt": position.i}}],
    }
