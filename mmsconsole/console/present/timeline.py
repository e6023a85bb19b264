"""A time axis: snapshots as marks on it, and below them what can be restored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.keeping import kept_mark, verdict_mark
from mmsconsole.console.present.text import Line, Page, Span, Tone, line
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.operations.views import BackupStatus, Gap, SnapshotView, Window

LABEL_CELLS = 13
BLANK = Span(" ")
TICK_CELLS_MIN = 13
SPAN_SECONDS_MIN = 60
STEPS = (
    1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
    86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 84 * 86400, 364 * 86400,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Axis:
    """`width` cells from `start` to `end`, both ends included."""

    start: datetime
    end: datetime
    width: int

    @property
    def seconds_per_cell(self) -> float:
        return max(1.0, (self.end - self.start).total_seconds() / max(1, self.width - 1))

    def column(self, at: datetime) -> int | None:
        """Where a moment lies; None beyond the ends."""
        if not self.start <= at <= self.end:
            return None
        return min(self.width - 1, round((at - self.start).total_seconds() / self.seconds_per_cell))

    def zoomed(self, factor: float, around: datetime) -> "Axis":
        """A shorter (factor < 1) or longer piece of time that keeps `around` where it is."""
        total = (self.end - self.start).total_seconds()
        wanted = max(float(max(SPAN_SECONDS_MIN, self.width - 1)), total * factor)
        before = (around - self.start).total_seconds() / total if total else 0.5
        start = around - timedelta(seconds=wanted * before)
        return replace(self, start=start, end=start + timedelta(seconds=wanted))

    def showing(self, at: datetime) -> "Axis":
        """Moved as little as is needed to have `at` in sight."""
        if at < self.start:
            return replace(self, start=at, end=self.end - (self.start - at))
        if at > self.end:
            return replace(self, start=self.start + (at - self.end), end=at)
        return self


def axis_for(
    snapshots: Sequence[SnapshotView], window: Window | None, now: datetime, width: int
) -> Axis:
    """Everything that is there, up to now."""
    moments = [moment_of(snapshot) for snapshot in snapshots]
    if window:
        moments += [window.start.time, window.end.time]
    start = min([*moments, now - timedelta(seconds=SPAN_SECONDS_MIN)])
    return Axis(start, max([*moments, now]), max(2, width))


def moment_of(snapshot: SnapshotView) -> datetime:
    """The time that it holds; while that is not known, the time when it was asked for."""
    return snapshot.optime.time if snapshot.optime else snapshot.created_at


def ticks(axis: Axis) -> list[datetime]:
    """Round moments, far enough apart to be labelled."""
    room = axis.seconds_per_cell * TICK_CELLS_MIN
    step = next((step for step in STEPS if step >= room), STEPS[-1])
    first = -(-int(axis.start.timestamp()) // step) * step
    last = int(axis.end.timestamp())
    return [datetime.fromtimestamp(at, UTC) for at in range(first, last + 1, step)]


def _tick_label(at: datetime, axis: Axis) -> str:
    if (axis.end - axis.start) > timedelta(days=10):
        return f"{at:%Y-%m-%d}"
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{at:%m-%d}"
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def scale_lines(axis: Axis, glyphs: Glyphs, left: int = LABEL_CELLS) -> list[Line]:
    """Times and the axis below them, `left` cells from the edge."""
    labels = [" "] * (axis.width + 12)
    stroke = [glyphs.axis] * axis.width
    for at in ticks(axis):
        column = axis.column(at)
        text = _tick_label(at, axis)
        if column is not None and column + len(text) <= axis.width:
            labels[column : column + len(text)] = text
            stroke[column] = glyphs.tick
    lead = " " * left
    return [
        line(lead, Span("".join(labels[: axis.width]), Tone.DIM)),
        line(lead, Span("".join(stroke), Tone.DIM)),
    ]


def marks_line(
    snapshots: Sequence[SnapshotView], axis: Axis, glyphs: Glyphs, chosen: str = ""
) -> Line:
    """One sign per cell: several snapshots in one cell show how many; the chosen one is lit."""
    here = _by_column(snapshots, axis)
    marks = {column: _mark(found, glyphs, chosen) for column, found in here.items()}
    return _row("snapshots", marks, axis)


def verdicts_line(snapshots: Sequence[SnapshotView], axis: Axis, glyphs: Glyphs) -> Line:
    """Below each snapshot what its verification found; one bad one speaks for its cell. Empty
    where none was verified.
    """
    marks: dict[int, Span] = {}
    for column, found in _by_column(snapshots, axis).items():
        verdicts = [mark for each in found if (mark := verdict_mark(each, glyphs))]
        bad = next((mark for mark in verdicts if mark.tone == Tone.BAD), None)
        if verdicts:
            mark = bad or verdicts[0]
            marks[column] = Span(mark.sign, mark.tone)
    return _row("verified", marks, axis) if marks else ()


def kept_line(snapshots: Sequence[SnapshotView], now: datetime, axis: Axis, glyphs: Glyphs) -> Line:
    """Below each snapshot whether it is held, or goes before long; empty where none is either."""
    marks: dict[int, Span] = {}
    for column, found in _by_column(snapshots, axis).items():
        kept = [mark for each in found if (mark := kept_mark(each, now, glyphs))]
        soon = next((mark for mark in kept if mark.tone == Tone.WARN), None)
        if kept:
            mark = soon or kept[0]
            marks[column] = Span(mark.sign, mark.tone)
    return _row("kept", marks, axis) if marks else ()


def _by_column(snapshots: Sequence[SnapshotView], axis: Axis) -> dict[int, list[SnapshotView]]:
    found: dict[int, list[SnapshotView]] = {}
    for snapshot in snapshots:
        column = axis.column(moment_of(snapshot))
        if column is not None:
            found.setdefault(column, []).append(snapshot)
    return found


def _row(label: str, marks: Mapping[int, Span], axis: Axis) -> Line:
    spans = [marks.get(column, BLANK) for column in range(axis.width)]
    return line(Span(f"{' ' + label:<{LABEL_CELLS}}"), *joined(spans))


def _mark(held: Sequence[SnapshotView], glyphs: Glyphs, chosen: str) -> Span:
    complete = [snapshot for snapshot in held if snapshot.state == SnapshotState.COMPLETE]
    sound = [each for each in complete if not each.doubt and each.verdict != Verdict.BAD]
    if len(complete) > 1:
        sign = str(len(complete)) if len(complete) < 10 else "+"
        tone = Tone.GOOD if sound else Tone.WARN
    elif complete:
        sign, tone = _mark_of(complete[0], glyphs)
    else:
        sign, tone = _mark_of(_foremost(held), glyphs)
    return Span(sign, Tone.CURSOR if any(s.id == chosen for s in held) else tone)


def _foremost(held: Sequence[SnapshotView]) -> SnapshotView:
    """Of several that can not be restored: one that is taken, one that failed, one that goes."""
    order = (SnapshotState.RUNNING, SnapshotState.FAILED, SnapshotState.INVALID)
    return min(held, key=lambda one: order.index(one.state) if one.state in order else len(order))


def _mark_of(snapshot: SnapshotView, glyphs: Glyphs) -> tuple[str, Tone]:
    if snapshot.state == SnapshotState.COMPLETE:
        if snapshot.verdict == Verdict.BAD:
            return glyphs.mark_bad, Tone.BAD
        if snapshot.doubt:
            return glyphs.mark_doubt, Tone.WARN
        return glyphs.mark, Tone.GOOD
    return {
        SnapshotState.RUNNING.value: (glyphs.mark_busy, Tone.BUSY),
        SnapshotState.DELETING.value: (glyphs.mark_leaving, Tone.DIM),
    }.get(snapshot.state, (glyphs.mark_bad, Tone.BAD))


def window_line(
    snapshots: Sequence[SnapshotView],
    windows: Sequence[Window],
    gaps: Sequence[Gap],
    axis: Axis,
    glyphs: Glyphs,
) -> Line:
    """Where any second can be restored; gaps are drawn, not left blank.

    A gap in which something was lost is a warning. Else it is time that no window covers, between
    the first and the last moment that can be restored at all.
    """
    moments = [moment_of(snapshot) for snapshot in snapshots]
    moments += [end.time for window in windows for end in (window.start, window.end)]
    lost = [gap for gap in gaps if not gap.trimmed]
    open_ = [(gap.start.time, gap.end.time if gap.end else axis.end) for gap in lost]
    half = timedelta(seconds=axis.seconds_per_cell / 2)
    spans: list[Span] = []
    for column in range(axis.width):
        at = axis.start + timedelta(seconds=column * axis.seconds_per_cell)
        if any(w.start.time <= at + half and at - half <= w.end.time for w in windows):
            spans.append(Span(glyphs.window, Tone.ACCENT))
        elif any(start <= at <= end for start, end in open_):
            spans.append(Span(glyphs.gap, Tone.WARN))
        elif moments and min(moments) <= at + half and at - half <= max(moments):
            spans.append(Span(glyphs.gap, Tone.DIM))
        else:
            spans.append(Span(" "))
    return line(Span(f"{' any second':<{LABEL_CELLS}}"), *joined(spans))


def pointer_line(axis: Axis, at: datetime, label: str, glyphs: Glyphs) -> Line:
    """A sign under the moment, its label on the side where there is room."""
    column = axis.column(at)
    if column is None:
        return ()
    left = LABEL_CELLS + column
    if column + 2 + len(label) <= axis.width:
        return line(" " * left, Span(f"{glyphs.pointer} {label}", Tone.TITLE))
    text = f"{label} {glyphs.pointer}"
    return line(" " * max(0, left + 1 - len(text)), Span(text, Tone.TITLE))


def draw(
    snapshots: Sequence[SnapshotView],
    status: BackupStatus | None,
    axis: Axis,
    page: Page,
    chosen: str,
) -> list[Line]:
    """Times, axis, marks, window with its gaps."""
    windows = status.windows if status else ()
    gaps = status.gaps if status else ()
    below = (
        verdicts_line(snapshots, axis, page.glyphs),
        kept_line(snapshots, page.now, axis, page.glyphs),
    )
    return [
        *scale_lines(axis, page.glyphs),
        marks_line(snapshots, axis, page.glyphs, chosen),
        *(each for each in below if each),
        window_line(snapshots, windows, gaps, axis, page.glyphs),
    ]


def joined(spans: Sequence[Span]) -> list[Span]:
    """Neighbours of one tone as one span."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].tone == span.tone:
            found[-1] = Span(found[-1].text + span.text, span.tone)
        else:
            found.append(span)
    return found
