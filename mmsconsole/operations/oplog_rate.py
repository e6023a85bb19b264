"""Operations per second over a stretch of the stored oplog."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.operations.oplog_views import OplogRate
from mmsconsole.operations.stored_entries import UNREADABLE, StoredEntries
from mmsconsole.operations.views import Window
from mmsconsole.operations.windows import behind
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.unfolding import unfolded
from mmsconsole.oplog.values import BROKEN
from mmsconsole.optime import Optime
from mmsconsole.task import Task

EXACT_BYTES_MAX = 16_000_000
"""Of oplog, raw: a longer stretch is told from the records of its chunks."""
COUNTING = "counting operations"


@dataclass(frozen=True, slots=True)
class Stretches:
    """`count` of them, of `seconds` each, from `start` (seconds since 1970) on."""

    start: float
    seconds: float
    count: int

    @property
    def end(self) -> float:
        return self.start + self.seconds * self.count

    def place(self, at: float) -> int | None:
        place = int((at - self.start) // self.seconds)
        return place if 0 <= place < self.count else None


def rate(
    stored: StoredEntries, start: datetime | None, seconds: float | None, count: int, task: Task
) -> OplogRate:
    """Without `start` or `seconds`: over all that is stored. Raises StorageError, Cancelled."""
    spans = _stored(stored)
    if not spans:
        begin = start or stored.desk.clock.now()
        return OplogRate(begin, seconds or 1.0, (None,) * count, True, None)
    whole = Window(spans[0][0], spans[-1][1])
    asked = _asked(whole, start, seconds, count)
    exact = _counted(stored, asked, task) if _is_short(stored, asked) else None
    counts = exact or stored.desk.metadata.chunks.entries_by_time(
        stored.deployment.id, asked.start, asked.seconds, count
    )
    known = [
        number if number or _is_within(asked, place, spans) else None
        for place, number in enumerate(counts)
    ]
    begin = datetime.fromtimestamp(asked.start, UTC)
    return OplogRate(begin, asked.seconds, tuple(known), exact is not None, whole)


def _stored(stored: StoredEntries) -> list[tuple[Optime, Optime]]:
    return behind(stored.front(), stored.desk.metadata.chunks.stretches(stored.deployment.id))


def _asked(
    whole: Window, start: datetime | None, seconds: float | None, count: int
) -> Stretches:  # fmt: skip
    """Whole seconds, where the stretches are as long as that: cluster time counts no less."""
    if start is None or seconds is None:
        length = max(1.0, (whole.end.t + 1 - whole.start.t) / count)
        return Stretches(float(whole.start.t), length, count)
    return Stretches(start.timestamp(), seconds, count)


def _is_short(stored: StoredEntries, asked: Stretches) -> bool:
    after, until = Optime(max(0, int(asked.start)), 0), Optime(int(asked.end) + 60, 0)
    size = stored.desk.metadata.chunks.size(stored.deployment.id, after, until)
    return size.raw_bytes <= EXACT_BYTES_MAX


def _counted(stored: StoredEntries, asked: Stretches, task: Task) -> list[int]:
    counts = [0] * asked.count
    read = 0
    for piece in stored.forward(Optime(max(0, int(asked.start)), 0).before):
        task.check()
        if not isinstance(piece, OplogChunk):
            continue
        if piece.start.t > asked.end:
            break
        _count(stored, piece, asked, counts)
        read += piece.raw_bytes
        task.report(COUNTING, read, None)
    return counts


def _count(
    stored: StoredEntries, chunk: OplogChunk, asked: Stretches, counts: list[int]
) -> None:  # fmt: skip
    """A chunk that can not be read counts where it ends, as its record tells."""
    try:
        for entry in stored.entries(chunk):
            place = asked.place(entry.t)
            if place is not None:
                counts[place] += _operations(entry)
    except UNREADABLE:
        place = asked.place(chunk.end.t)
        if place is not None:
            counts[place] += chunk.entries


def _operations(entry: Entry) -> int:
    """That nothing happened is none."""
    if entry.op != b"c":
        return 0 if entry.op == b"n" else 1
    try:
        return sum(1 for _ in unfolded(entry))
    except BROKEN:
        return 1


def _is_within(asked: Stretches, place: int, spans: Sequence[tuple[Optime, Optime]]) -> bool:
    begin = asked.start + place * asked.seconds
    end = begin + asked.seconds
    return any(start.t < end and begin <= last.t for start, last in spans)
