"""Snapshots: the axis above, the list below."""

from collections.abc import Sequence
from datetime import datetime

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present import timeline
from mmsconsole.console.present.status import snapshot_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, ago, duration, moment, moment_of, size
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.views import BackupStatus, DeploymentView, SnapshotView

COLUMNS = (
    Column("DATA AS OF", 20, grow=1),
    Column("STATE", 10),
    Column("SIZE", 7, right=True),
    Column("NEW", 7, right=True),
    Column("TOOK", 7, right=True),
    Column("AGE", 9, right=True),
)
WIDE_COLUMNS = (
    *COLUMNS,
    Column("FILES", 6, right=True),
    Column("MONGOD", 7),
    Column("OPLOG TIME", 16),
    Column("ID", 12),
)
DETAIL_LINES = 3


def columns(page: Page) -> tuple[Column, ...]:
    return WIDE_COLUMNS if page.wide else COLUMNS


def row(snapshot: SnapshotView, page: Page) -> Row:
    mark = snapshot_mark(snapshot, page.glyphs)
    known = snapshot.state == SnapshotState.COMPLETE
    texts = (
        moment(timeline.moment_of(snapshot)),
        size(snapshot.bytes) if known else NONE,
        size(snapshot.new_bytes) if known else NONE,
        _took(snapshot),
        ago(snapshot.created_at, page.now),
    )
    first, *others = ((Span(text),) for text in texts)
    cells: tuple[Line, ...] = (first, mark.line, *others)
    if not page.wide:
        return Row(snapshot.id, cells)
    more = (
        str(snapshot.files or NONE),
        snapshot.mongod_version or NONE,
        _optime(snapshot),
        snapshot.id,
    )
    return Row(snapshot.id, (*cells, *((Span(text, Tone.DIM),) for text in more)))


def _optime(snapshot: SnapshotView) -> str:
    return NONE if snapshot.optime is None else str(snapshot.optime)


def _took(snapshot: SnapshotView) -> str:
    if snapshot.finished_at is None:
        return NONE
    return duration((snapshot.finished_at - snapshot.created_at).total_seconds())


def axis_lines(
    deployment: DeploymentView, snapshots: Sequence[SnapshotView], chosen: str, page: Page
) -> list[Line]:
    """The whole time that is there, with the chosen snapshot pointed at; six lines."""
    status = deployment.status
    width = page.width - timeline.LABEL_CELLS - 1
    axis = timeline.axis_for(snapshots, status.window, page.now, width)
    found = next((each for each in snapshots if each.id == chosen), None)
    pointer: Line = ()
    if found is not None:
        at = timeline.moment_of(found)
        pointer = timeline.pointer_line(axis, at, moment(at), page.glyphs)
    drawn = timeline.draw(snapshots, status, axis, page, chosen)
    return [*drawn, pointer, _legend(page.glyphs, snapshots, status)]


def _legend(glyphs: Glyphs, snapshots: Sequence[SnapshotView], status: BackupStatus) -> Line:
    """Under the axis, its left edge. Doubt and gaps are explained where there are some."""
    signs = [
        (glyphs.mark, "complete", Tone.GOOD),
        (glyphs.mark_busy, "being taken", Tone.BUSY),
        (glyphs.mark_bad, _bad_words(snapshots), Tone.BAD),
        (glyphs.window, "any second", Tone.ACCENT),
    ]
    if any(snapshot.doubt for snapshot in snapshots):
        signs.insert(1, (glyphs.mark_doubt, "in doubt", Tone.WARN))
    if status.gaps:
        signs.append((glyphs.gap, "gap", Tone.WARN))
    else:
        signs.append((glyphs.gap, "snapshots alone", Tone.DIM))
    drawn = line(" ")
    for sign, word, tone in signs:
        drawn = line(drawn, Span(sign, tone), Span(f" {word}  ", Tone.DIM))
    return drawn


def _bad_words(snapshots: Sequence[SnapshotView]) -> str:
    states = {snapshot.state for snapshot in snapshots}
    bad = [each for each in (SnapshotState.FAILED, SnapshotState.INVALID) if each in states]
    return ", ".join(bad) or SnapshotState.FAILED


def detail(snapshot: SnapshotView, page: Page) -> list[Line]:
    """What the chosen snapshot is, or why it failed."""
    head = rule(f"snapshot {snapshot.id[:12]}", page, f"asked for {moment(snapshot.created_at)}")
    if snapshot.reason:
        return [head, *indent(wrap(snapshot.reason, page.width - 2, Tone.BAD)[:2], 1)]
    if snapshot.state != SnapshotState.COMPLETE:
        return [head, line(" ", Span("being taken; the jobs say how far it is", Tone.BUSY))]
    equals = (
        f" Equals the source up to and including {moment_of(snapshot.optime)} ({_optime(snapshot)})"
    )
    if snapshot.doubt:
        doubt = f" in doubt: {snapshot.doubt}"
        return [head, line(equals), line(Span(doubt, Tone.WARN))]
    made = f" {snapshot.files} files of mongod {snapshot.mongod_version}, fcv {snapshot.fcv}"
    return [head, line(equals), line(Span(made, Tone.DIM))]


def newest_complete(snapshots: Sequence[SnapshotView], at: datetime) -> SnapshotView | None:
    """Where a restore to `at` would begin."""
    before = [
        each
        for each in snapshots
        if each.state == SnapshotState.COMPLETE and each.optime and each.optime.time <= at
    ]
    return max(before, key=timeline.moment_of, default=None)
