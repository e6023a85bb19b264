"""The overview: one row per deployment, and what the chosen one's state means."""

from mmsconsole.agent.tail_warnings import Level
from mmsconsole.console.actions import OVERVIEW, key_of
from mmsconsole.console.present.frame import LABEL, more_tabs
from mmsconsole.console.present.status import (
    backup_sentence,
    beside_oplog,
    copy_mark,
    deployment_mark,
    lag_line,
)
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import (
    NONE,
    age,
    ago,
    duration,
    moment_of,
    plural,
    since,
    size,
)
from mmsconsole.console.present.words import sentence as sentence_of
from mmsconsole.metadata.deployments import DeploymentKind
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.operations.views import BackupStatus, DeploymentView, TailView

DETAIL_LINES = 9
WARNING_LINES = 2
STANDALONE = (
    f"A standalone has no oplog, and can only be monitored: see {key_of('view.health')}. "
    "To back it up, make it a set of one member, remove it here and add it anew."
)

COLUMNS = (
    Column("DEPLOYMENT", 15, grow=1),
    Column("STATE", 23),
    Column("LAG", 7, right=True),
    Column("SEEN", 4, right=True),
    Column("SNAPSHOT", 8, right=True),
    Column("ANY SECOND", 10, right=True),
)
WIDE_COLUMNS = (
    *COLUMNS,
    Column("HEAD", 7, right=True),
    Column("VERIFIED", 8, right=True),
    Column("MONGODB", 8),
    Column("SNAPSHOTS", 9),
)


def columns(page: Page) -> tuple[Column, ...]:
    return WIDE_COLUMNS if page.wide else COLUMNS


def row(view: DeploymentView, page: Page) -> Row:
    status = view.status
    cells: tuple[Line, ...] = (
        (Span(view.name, Tone.TITLE),),
        deployment_mark(view, page.glyphs).line,
        lag_line(status),
        _seen(status.tail, page),
        _snapshot_age(status, page),
        _reach(status),
    )
    if not page.wide:
        return Row(view.id, cells)
    head = size(status.head.bytes) if status.head else NONE
    verified = age(status.last_verified.verified_at, page.now) if status.last_verified else "never"
    more = (head, verified, view.server_version, every(view.snapshot_interval_minutes))
    return Row(view.id, (*cells, *((Span(text),) for text in more)))


def every(minutes: int) -> str:
    return f"each {duration(minutes * 60)}" if minutes else "by hand"


def _seen(tail: TailView | None, page: Page) -> Line:
    """When the tail last spoke to the source; an old sighting is a warning of its own."""
    if tail is None:
        return (Span(NONE, Tone.DIM),)
    text = age(tail.seen_at, page.now)
    return (Span(text, Tone.DIM if text == "now" else Tone.WARN),)


def _snapshot_age(status: BackupStatus, page: Page) -> Line:
    last = status.last_snapshot
    if last is None:
        return (Span("none", Tone.DIM),)
    return (Span(age(last.finished_at or last.created_at, page.now)),)


def _reach(status: BackupStatus) -> Line:
    if status.window is None:
        return (Span("none", Tone.DIM),)
    return (Span(duration(covered_seconds(status))),)


def covered_seconds(status: BackupStatus) -> int:
    """Of time that can be restored: without the gaps."""
    return sum(window.end.t - window.start.t for window in status.windows)


def labelled(label: str, *texts: str | Span | Line) -> Line:
    return line(Span(f" {label:<{LABEL}}", Tone.DIM), *texts)


def sentence(view: DeploymentView, page: Page) -> list[Line]:
    mark = deployment_mark(view, page.glyphs)
    standalone = view.kind == DeploymentKind.STANDALONE
    text = STANDALONE if standalone else backup_sentence(view.status, key_of("backup.start"))
    return wrap(text, page.width - 4, mark.tone if mark.tone != Tone.DIM else Tone.TEXT)


def detail(view: DeploymentView, page: Page) -> list[Line]:
    """Below the table: DETAIL_LINES lines about the row under the cursor."""
    told = [*indent(sentence(view, page)[:2], 1), *warning_lines(view.status, page)]
    drawn = [
        rule(view.name, page, f" {page.glyphs.dot} ".join(filter(None, (view.set_name, view.uri)))),
        *told,
        *facts(view, page),
    ]
    return [*drawn, *more_tabs(OVERVIEW, page)][:DETAIL_LINES]


def facts(view: DeploymentView, page: Page) -> list[Line]:
    status = view.status
    return [
        _window(status, page),
        _snapshot(view, page),
        _verified(status, page),
        _head(status, page),
        _tail(status.tail, page),
        *_copy(view, page),
    ]


def warning_lines(status: BackupStatus, page: Page) -> list[Line]:
    """Those that the sentence about the state does not tell: of verifications, store and copy."""
    lines: list[Line] = []
    for warning in beside_oplog(status):
        critical = warning.level == Level.CRITICAL
        sign = page.glyphs.bad if critical else page.glyphs.warn
        tone = Tone.BAD if critical else Tone.WARN
        told = wrap(sentence_of(warning.text), page.width - 4, tone)[:WARNING_LINES]
        lead = [line(" ", Span(f"{sign} ", tone)), *[line("   ")] * len(told)]
        lines += [line(a, b) for a, b in zip(lead, told, strict=False)]
    return lines


def _window(status: BackupStatus, page: Page) -> Line:
    if status.window is None:
        return labelled("any second", Span("nothing can be restored yet", Tone.DIM))
    start, end = status.window.start, status.window.end
    reach = Span(f"  {duration(covered_seconds(status))}", Tone.DIM)
    to = Span(f" {page.glyphs.arrow} ", Tone.DIM)
    lost = [gap for gap in status.gaps if not gap.trimmed]
    gaps = Span(f"  {plural(len(lost), 'gap')}" if lost else "", Tone.WARN)
    return labelled("any second", moment_of(start), to, moment_of(end), reach, gaps)


def _snapshot(view: DeploymentView, page: Page) -> Line:
    last = view.status.last_snapshot
    rhythm = Span(f"  {every(view.snapshot_interval_minutes)}", Tone.DIM)
    if last is None:
        return labelled("snapshot", Span("none yet", Tone.DIM), rhythm)
    told = Span(f"  {ago(last.finished_at or last.created_at, page.now)}", Tone.DIM)
    much = f"  {size(last.bytes)}, {size(last.new_bytes)} new"
    return labelled("snapshot", moment_of(last.optime), told, much, rhythm)


def _verified(status: BackupStatus, page: Page) -> Line:
    """The newest snapshot that was restored, compared, and found good."""
    last = status.last_verified
    if last is None:
        return labelled("verified", Span("no snapshot yet", Tone.DIM))
    mark = Span(f"{page.glyphs.done} good", Tone.GOOD)
    at = Span(f"  {ago(last.verified_at, page.now)}", Tone.DIM)
    return labelled("verified", mark, at, f"  the snapshot of {moment_of(last.optime)}")


def _copy(view: DeploymentView, page: Page) -> list[Line]:
    if view.copy is None:
        return []
    mark = copy_mark(view.copy, page.glyphs)
    return [labelled("second copy", mark.line, f"  in the store {view.copy.store}")]


def _head(status: BackupStatus, page: Page) -> Line:
    head = status.head
    if head is None:
        return labelled("head", Span("none yet", Tone.DIM))
    at = moment_of(head.optime) if head.phase == SyncPhase.IN_SYNC else head.phase
    applied = "" if head.applied_at is None else f"  applied {since(head.applied_at, page.now)}"
    weight = f"  {size(head.bytes)}" if head.bytes else ""
    more = f"{weight}  mongod {head.mongod_version}"
    return labelled("head", at, Span(applied, Tone.DIM), more)


def _tail(tail: TailView | None, page: Page) -> Line:
    if tail is None:
        return labelled("tail", Span("not running", Tone.DIM))
    seen = Span(f"  seen {since(tail.seen_at, page.now)}", Tone.DIM)
    reach = tail.oplog_window_seconds
    window = "" if reach is None else f"  its oplog reaches back {duration(reach)}"
    return labelled("tail", tail.member or NONE, seen, window)


def source_line(view: DeploymentView, page: Page) -> Line:
    dot = Span(f" {page.glyphs.dot} ", Tone.DIM)
    version = f"MongoDB {view.server_version}, fcv {view.fcv}"
    reads = f"sync {view.sync_from}, tail {view.tail_from}"
    return labelled("source", view.set_name, dot, version, dot, reads)
