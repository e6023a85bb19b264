"""Oplog chunks: the stored oplog of a deployment, without gap or overlap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mmsconsole.metadata.collection import Records
from mmsconsole.optime import Optime


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


class OplogChunks(Records[OplogChunk]):
    name = "oplog_chunks"
    record = OplogChunk
    noun = "oplog chunk"
    # Unique start: two writers cannot both continue the same end.
    indexes = [
        ([("deployment", 1), ("start.t", 1), ("start.i", 1)], {"unique": True}),
        ([("deployment", 1), ("end.t", 1), ("end.i", 1)], {"unique": True}),
    ]

    def after(self, deployment: str, position: Optime) -> Iterator[OplogChunk]:
        """The chunks that hold entries after `position`, in order."""
        beyond = {"$or": [
            {"end.t": {"$gt": position.t}},
            {"end.t": position.t, "end.i": {"$gt": position.i}},
        ]}  # fmt: skip
        return self.all({"deployment": deployment, **beyond}, sort=[("end.t", 1), ("end.i", 1)])

    def last(self, deployment: str) -> OplogChunk | None:
        return self.one({"deployment": deployment}, sort=[("end.t", -1), ("end.i", -1)])

    def first(self, deployment: str) -> OplogChunk | None:
        return self.one({"deployment": deployment}, sort=[("end.t", 1), ("end.i", 1)])
