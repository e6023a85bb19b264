"""One deployment: state, phases of its initial sync, lag, facts and events, on one page."""

from collections.abc import Sequence
from datetime import timedelta

from mmsconsole.console.actions import DEPLOYMENT
from mmsconsole.console.present.chart import lag_chart
from mmsconsole.console.present.events import event_lines
from mmsconsole.console.present.frame import more_tabs
from mmsconsole.console.present.overview import (
    facts,
    labelled,
    sentence,
    source_line,
    warning_lines,
)
from mmsconsole.console.present.progress import phase_line, waiting_line
from mmsconsole.console.present.status import deployment_mark, lag_of
from mmsconsole.console.present.text import (
    Line,
    Page,
    Span,
    Tone,
    beside,
    indent,
    line,
    rule,
    wrap,
)
from mmsconsole.console.present.words import duration, moment, moment_of, since, size
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import SYNC_PHASES, SyncPhase
from mmsconsole.metadata.jobs import PhaseProgress
from mmsconsole.operations.views import BackupStatus, DeploymentView, EventView, LagPoint

CHART_LINES = 2
WIDE_CHART_LINES = 8
LEFT_SHARE = 0.58
EVENT_LINES_MIN = 2
"""A heading and the newest one."""


def draw(
    view: DeploymentView,
    lag: Sequence[LagPoint],
    events: Sequence[EventView],
    span: timedelta,
    page: Page,
) -> list[Line]:
    if page.wide:
        return _wide(view, lag, events, span, page)
    top = [*_state(view, page), *_phases(view.status, page)]
    chart = _chart(view.status, lag, span, CHART_LINES, page)
    middle = _facts(view, page)
    if len(top) + len(chart) + len(middle) > page.height:
        chart = []  # what is wrong comes first
    rest = page.height - len(top) - len(chart) - len(middle)
    more = more_tabs(DEPLOYMENT, page) if rest > EVENT_LINES_MIN else []
    middle, rest = [*middle, *more], rest - len(more)
    return [*top, *chart, *middle, *_events(events, rest, page)]


def _wide(
    view: DeploymentView,
    lag: Sequence[LagPoint],
    events: Sequence[EventView],
    span: timedelta,
    page: Page,
) -> list[Line]:
    """Facts at the left, the lag beside them; the events get the whole width below."""
    left_width = int(page.width * LEFT_SHARE)
    left = Page(left_width, page.height, page.now, page.glyphs)
    right = Page(page.width - left_width - 2, page.height, page.now, page.glyphs)
    chart = _chart(view.status, lag, span, WIDE_CHART_LINES, right)
    top = [*_state(view, page), *_phases(view.status, page)]
    column = left if chart else page
    known = _facts(view, column)
    middle = beside(known, chart, left_width, page) if chart else known
    middle += more_tabs(DEPLOYMENT, page)
    rest = page.height - len(top) - len(middle) - 1
    return [*top, *middle, (), *_events(events, rest, page)]


def _state(view: DeploymentView, page: Page) -> list[Line]:
    mark = deployment_mark(view, page.glyphs)
    told = _first_with_mark(mark.line, sentence(view, page))
    return [(), *told, *warning_lines(view.status, page), ()]


def _first_with_mark(mark: Line, told: list[Line]) -> list[Line]:
    return [line(" ", mark), *indent(told, 3)]


def _phases(status: BackupStatus, page: Page) -> list[Line]:
    """All phases while the initial sync is under way; afterwards it is one of the facts."""
    if status.phase == SyncPhase.IN_SYNC or not status.phase:
        return []
    if status.phase == SyncPhase.REBUILDING:
        drawn = [phase_line(progress, page) for progress in status.progress]
        return [rule("rebuild", page, _elapsed(status.progress)), *drawn]
    if status.phase == SyncPhase.ENDED:
        return []
    told = {progress.phase: progress for progress in status.progress}
    drawn = [
        phase_line(told[phase], page) if phase in told else waiting_line(phase, page)
        for phase in SYNC_PHASES
    ]
    return [rule("initial sync", page, _elapsed(status.progress)), *drawn]


def _elapsed(progress: tuple[PhaseProgress, ...]) -> str:
    if not progress:
        return ""
    begun = min(phase.started_at for phase in progress)
    return (
        f"under way for {duration((max(p.updated_at for p in progress) - begun).total_seconds())}"
    )


def _facts(view: DeploymentView, page: Page) -> list[Line]:
    return [
        rule("now", page, view.uri),
        *facts(view, page),
        source_line(view, page),
        *_sync_line(view.status),
        *_validation_line(view.status, page),
        *_gap_lines(view.status, page),
    ]


def _validation_line(status: BackupStatus, page: Page) -> list[Line]:
    found = status.validation
    if found is None:
        return []
    sign, word, tone = page.glyphs.good, "good", Tone.GOOD
    if not found.good:
        sign, word, tone = page.glyphs.bad, "not good", Tone.BAD
    more = found.problems[0] if found.problems else found.kind
    at = Span(f"  {since(found.at, page.now)}", Tone.DIM)
    return [labelled("validated", Span(f"{sign} {word}", tone), at, f"  {more}")]


def _gap_lines(status: BackupStatus, page: Page) -> list[Line]:
    """Why the newest gap is there; the snapshots' axis draws them all."""
    lost = [gap for gap in status.gaps if not gap.trimmed]
    if not lost:
        return []
    gap = lost[-1]
    to = f" {page.glyphs.arrow} "
    end = "now" if gap.end is None else moment_of(gap.end)
    between = Span(f"{moment_of(gap.start)}{to}{end}", Tone.WARN)
    return [labelled("gap", between), *indent(wrap(gap.reason, page.width - 15, Tone.DIM)[:2], 14)]


def _sync_line(status: BackupStatus) -> list[Line]:
    if status.phase != SyncPhase.IN_SYNC or not status.progress:
        return []
    begun = min(phase.started_at for phase in status.progress)
    ended = max(phase.updated_at for phase in status.progress)
    much = max(phase.done for phase in status.progress)
    took = duration((ended - begun).total_seconds())
    return [
        labelled(
            "initial sync", f"{size(much)} in {took}", Span(f"  begun {moment(begun)}", Tone.DIM)
        )
    ]


def _chart(
    status: BackupStatus, lag: Sequence[LagPoint], span: timedelta, height: int, page: Page
) -> list[Line]:
    if not lag:
        return []
    present = lag_of(status)
    running = status.state == BackupState.STARTED and present is not None
    peak = max(*(point.lag_seconds for point in lag), present or 0)
    now = f"now {duration(present or 0)}, " if running else ""
    note = f"{now}at most {duration(peak)} in the last {duration(span.total_seconds())}"
    return [rule("lag", page, note), *lag_chart(lag, span, height, page)]


def _events(events: Sequence[EventView], room: int, page: Page) -> list[Line]:
    if room < EVENT_LINES_MIN:
        return []
    shown = event_lines(events, page, names=False)[: room - 1]
    nothing = [line(" ", Span("nothing happened yet", Tone.DIM))]
    return [rule("events", page), *(shown or nothing)]
