"""Snapshots: the axis above, the list below."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present import keeping, timeline
from mmsconsole.console.present.status import snapshot_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import (
    Line,
    Page,
    Span,
    Tone,
    cells,
    clip,
    indent,
    line,
    rule,
    wrap,
)
from mmsconsole.console.present.words import NONE, ago, duration, moment, moment_of, size
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.operations.views import BackupStatus, DeploymentView, SnapshotView

COLUMNS = (
    Column("DATA AS OF", 20),
    Column("STATE", 10),
    Column("VERIFIED", 12),
    Column("EXPIRES", 12),
    Column("KEPT FOR", 11, grow=1),
)
WIDE_COLUMNS = (
    *COLUMNS,
    Column("SIZE", 7, right=True),
    Column("NEW", 7, right=True),
    Column("TOOK", 7, right=True),
    Column("AGE", 8, right=True),
    Column("ID", 12),
)
DETAIL_LINES = 5
LEGEND_LINES = 2
SPANS = (timedelta(days=60), timedelta(days=14), timedelta(days=2))
"""Of the axis, besides all that is there."""


def columns(page: Page) -> tuple[Column, ...]:
    return WIDE_COLUMNS if page.wide else COLUMNS


def row(snapshot: SnapshotView, page: Page) -> Row:
    found: tuple[Line, ...] = (
        (Span(moment(timeline.moment_of(snapshot))),),
        snapshot_mark(snapshot, page.glyphs).line,
        keeping.verdict(snapshot, page.glyphs),
        keeping.expiry(snapshot, page.now, page.glyphs),
        (Span(keeping.reasons(snapshot), Tone.DIM),),
    )
    if not page.wide:
        return Row(snapshot.id, found)
    known = snapshot.state == SnapshotState.COMPLETE
    more = (
        size(snapshot.bytes) if known else NONE,
        size(snapshot.new_bytes) if known else NONE,
        took(snapshot),
        ago(snapshot.created_at, page.now),
        snapshot.id,
    )
    return Row(snapshot.id, (*found, *((Span(text, Tone.DIM),) for text in more)))


def took(snapshot: SnapshotView) -> str:
    if snapshot.finished_at is None:
        return NONE
    return duration((snapshot.finished_at - snapshot.created_at).total_seconds())


def axis_lines(
    deployment: DeploymentView,
    snapshots: Sequence[SnapshotView],
    chosen: str,
    span: timedelta | None,
    page: Page,
) -> list[Line]:
    """The time that is there, or a piece of it (`span`), with the chosen snapshot pointed at."""
    status = deployment.status
    width = page.width - timeline.LABEL_CELLS - 1
    found = next((each for each in snapshots if each.id == chosen), None)
    axis = timeline.axis_for(snapshots, status.window, page.now, width)
    if span is not None:
        axis = timeline.Axis(axis.end - span, axis.end, width)
    pointer: Line = ()
    if found is not None:
        at = timeline.moment_of(found)
        axis = axis.showing(at)
        pointer = timeline.pointer_line(axis, at, moment(at), page.glyphs)
    drawn = timeline.draw(snapshots, status, axis, page, chosen)
    return [*drawn, pointer, *_legend(snapshots, status, page)]


def next_span(
    deployment: DeploymentView,
    snapshots: Sequence[SnapshotView],
    span: timedelta | None,
    now: datetime,
) -> timedelta | None:
    """The next shorter one, and all that is there (None) after the shortest."""
    whole = timeline.axis_for(snapshots, deployment.status.window, now, 2)
    length = span or whole.end - whole.start
    return next((each for each in SPANS if each < length), None)


Sign = tuple[str, str, Tone]


def _legend(snapshots: Sequence[SnapshotView], status: BackupStatus, page: Page) -> list[Line]:
    """Under the axis, its left edge: of what is not always there, what there is."""
    lines: list[Line] = [line(" ")]
    for sign, word, tone in _signs(snapshots, status, page.now, page.glyphs):
        told = line(Span(sign, tone), Span(f" {word}  ", Tone.DIM))
        if cells(lines[-1]) + cells(told) > page.width:
            lines.append(line(" "))
        lines[-1] = line(lines[-1], told)
    return lines[:LEGEND_LINES]


def _signs(
    snapshots: Sequence[SnapshotView], status: BackupStatus, now: datetime, glyphs: Glyphs
) -> list[Sign]:
    states = {snapshot.state for snapshot in snapshots}
    verdicts = {snapshot.verdict for snapshot in snapshots}
    lost = any(not gap.trimmed for gap in status.gaps)
    signs = [
        (glyphs.mark, "complete", Tone.GOOD, True),
        (glyphs.mark_doubt, "in doubt", Tone.WARN, any(one.doubt for one in snapshots)),
        (glyphs.mark_busy, "being taken", Tone.BUSY, SnapshotState.RUNNING in states),
        (glyphs.mark_bad, _bad_words(snapshots), Tone.BAD, bool(_bad_words(snapshots))),
        (glyphs.mark_leaving, "deleting", Tone.DIM, SnapshotState.DELETING in states),
        (glyphs.done, "verified", Tone.GOOD, Verdict.GOOD in verdicts),
        (glyphs.held, "held", Tone.ACCENT, any(one.hold for one in snapshots)),
        (glyphs.soon, "expires soon", Tone.WARN,
         any(keeping.expires_soon(one, now) for one in snapshots)),
        (glyphs.gap, "gap", Tone.WARN, lost),
        (glyphs.window, "any second", Tone.ACCENT, True),
        (glyphs.gap, "snapshots alone", Tone.DIM, not lost),
    ]  # fmt: skip
    return [(sign, word, tone) for sign, word, tone, is_there in signs if is_there]


def _bad_words(snapshots: Sequence[SnapshotView]) -> str:
    states = {snapshot.state for snapshot in snapshots}
    words = [str(each) for each in (SnapshotState.FAILED, SnapshotState.INVALID) if each in states]
    if any(snapshot.verdict == Verdict.BAD for snapshot in snapshots):
        words.append("verified bad")
    return ", ".join(words)


def detail(snapshot: SnapshotView, page: Page) -> list[Line]:
    """What the chosen snapshot is, how long it is kept, what its verification found."""
    by = f" by {snapshot.asked_by}" if snapshot.asked_by else ""
    asked = f"asked for {moment(snapshot.created_at)}{by}"
    head = rule(f"snapshot {snapshot.id[:12]}", page, asked)
    return [head, *indent(_facts(snapshot, page), 1)][:DETAIL_LINES]


def _facts(snapshot: SnapshotView, page: Page) -> list[Line]:
    width = page.width - 2
    if snapshot.reason:
        return wrap(snapshot.reason, width, Tone.BAD)
    if snapshot.state == SnapshotState.DELETING:
        why = f": {snapshot.leaving}" if snapshot.leaving else ""
        return wrap(f"being deleted{why}", width, Tone.DIM)
    if snapshot.state != SnapshotState.COMPLETE:
        return [line(Span("being taken; the jobs say how far it is", Tone.BUSY))]
    kept = Span(keeping.kept_sentence(snapshot, page.now), kept_tone(snapshot, page.now))
    verdict = Span(keeping.verdict_sentence(snapshot), verdict_tone(snapshot))
    told = [equals_line(snapshot), (kept,), (verdict,), _doubt_or_size(snapshot)]
    return [clip(each, width, page.glyphs.ellipsis) for each in told]


def equals_line(snapshot: SnapshotView) -> Line:
    optime = NONE if snapshot.optime is None else str(snapshot.optime)
    return line(f"Equals the source up to and including {moment_of(snapshot.optime)} ({optime})")


def _doubt_or_size(snapshot: SnapshotView) -> Line:
    if snapshot.doubt:
        return (Span(f"in doubt: {snapshot.doubt}", Tone.WARN),)
    made = (
        f"{size(snapshot.bytes)}, {size(snapshot.new_bytes)} new, taken in {took(snapshot)}; "
        f"{snapshot.files} files of mongod {snapshot.mongod_version}"
    )
    return (Span(made, Tone.DIM),)


def kept_tone(snapshot: SnapshotView, now: datetime) -> Tone:
    if snapshot.hold:
        return Tone.ACCENT
    return Tone.WARN if keeping.expires_soon(snapshot, now) else Tone.TEXT


def verdict_tone(snapshot: SnapshotView) -> Tone:
    return {
        Verdict.GOOD.value: Tone.GOOD,
        Verdict.BAD.value: Tone.BAD,
    }.get(snapshot.verdict, Tone.DIM)


def newest_complete(snapshots: Sequence[SnapshotView], at: datetime) -> SnapshotView | None:
    """Where a restore to `at` would begin."""
    before = [
        each
        for each in snapshots
        if each.state == SnapshotState.COMPLETE and each.optime and each.optime.time <= at
    ]
    return max(before, key=timeline.moment_of, default=None)
