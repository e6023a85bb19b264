"""What surrounds every view: header, tabs, banner, notice, footer."""

from collections.abc import Sequence

from mmsconsole.console.actions import Action, action_of
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.navigation import TABS, Place
from mmsconsole.console.present.status import deployment_mark, lag_line, lag_of, severity_mark
from mmsconsole.console.present.text import Line, Page, Span, Tone, cells, clip, edges, line, wrap
from mmsconsole.console.present.words import clock, duration, plural, sentence
from mmsconsole.console.watch import Watch
from mmsconsole.errors import MmsError, NoEngine
from mmsconsole.metadata.events import Severity
from mmsconsole.operations.views import DeploymentView, EngineStatus

NOTICE_LINES_MAX = 3
TAB_CELLS_BETWEEN = 3
ORDER = (Severity.INFO, Severity.WARNING, Severity.ERROR)
LABEL = 13
"""Cells of what stands before a fact."""
DIGITS = 9
"""Views that are shown beside one another at every width."""


def header(deployment: str, crumbs: Sequence[str], right: Line, page: Page) -> Line:
    """The path at the left with the deployment's name lit, its state at the right.

    The name comes first and is the last to be cut: nobody shall act on another deployment than
    the one in mind.
    """
    step = Span(f" {page.glyphs.crumb} ", Tone.DIM)
    path = line(" ", Span("mms", Tone.ACCENT))
    if deployment:
        path = line(path, step, Span(deployment, Tone.TITLE))
    for word in crumbs:
        path = line(path, step, word)
    return edges(path, line(right, " "), page.width, page.glyphs.ellipsis)


def state_of(deployment: DeploymentView, page: Page) -> Line:
    status = deployment.status
    mark = deployment_mark(deployment, page.glyphs).line
    if lag_of(status) is None or lag_line(status)[0].tone == Tone.DIM:
        return mark
    return line(mark, Span("  lag ", Tone.DIM), lag_line(status))


def alerts_badge(engine: EngineStatus | None, page: Page) -> Line:
    """How many are open; nothing while none is. Seen on every page, by its worst one."""
    count = 0 if engine is None else sum(engine.alerts_open.values())
    if engine is None or not count:
        return ()
    worst = max(engine.alerts_open, key=lambda severity: ORDER.index(Severity(severity)))
    mark = severity_mark(worst, page.glyphs)
    tone = Tone.TEXT if worst == Severity.INFO else mark.tone
    return line(" ", Span(f"{mark.sign} alerts: {count} open", tone), "  ")


def engine_line(engine: EngineStatus | None, page: Page) -> Line:
    if engine is None:
        return (Span("asking the engine", Tone.DIM),)
    if not engine.running:
        return (Span(f"{page.glyphs.bad} no engine", Tone.BAD),)
    jobs = line(Span(f"{plural(engine.jobs_open, 'job')}  ", Tone.BUSY)) if engine.jobs_open else ()
    host = Span(f"engine {engine.host} ", Tone.DIM)
    return line(jobs, host, Span(f"{page.glyphs.good} running", Tone.GOOD))


def tabs(place: Place, page: Page) -> Line:
    """As far apart as there is room for; those with letters only where they have room, and the one
    that is open always.
    """
    told = [_tab(view, place.view, page) for view in _views(place.view, page)]
    room = page.width - 1 - sum(cells(each) for each in told)
    between = " " * max(1, min(TAB_CELLS_BETWEEN, room // max(1, len(told) - 1)))
    drawn = line(" ", *(line(each, between) for each in told))
    return clip(line(*drawn[:-1]), page.width, page.glyphs.ellipsis)


def more_tabs(here: str, page: Page) -> list[Line]:
    """A line with those that tabs() has no room for, for the pages that one begins with; none
    where there is room for all."""
    shown = _views(here, page)
    left = [_tab(view, here, page) for view in TABS if view not in shown]
    if not left:
        return []
    drawn = line(Span(f" {'more':<{LABEL}}", Tone.DIM), *(line(each, "  ") for each in left))
    return [clip(drawn, page.width, page.glyphs.ellipsis)]


def _views(here: str, page: Page) -> list[str]:
    views = list(TABS)
    while len(views) > 1 and _least(views, here, page) > page.width:
        left = [view for view in views if view != here]
        if len(views) <= DIGITS and here not in TABS[DIGITS:]:
            break
        views.remove(left[-1])
    return views


def _least(views: Sequence[str], here: str, page: Page) -> int:
    return sum(1 + cells(_tab(view, here, page)) for view in views)


def _tab(view: str, open_: str, page: Page) -> Line:
    here, action = view == open_, action_of(f"view.{view}")
    key = Span(f"{key_name(action.keys[0], page.glyphs)} ", Tone.TITLE if here else Tone.KEY)
    return line(key, Span(action.label, Tone.TITLE if here else Tone.DIM))


def footer(actions: Sequence[Action], badge: str, page: Page) -> Line:
    """As many as fit, in order; help and quit stay."""
    kept = [action for action in actions if action.rank < 20]
    always = [action for action in actions if action.rank >= 20]
    right = line(*(_hint(action, page) for action in always))
    if badge:
        right = line(Span(f"{badge}  ", Tone.WARN), right)
    left = line(" ")
    for action in kept:
        longer = line(left, _hint(action, page))
        if cells(longer) + cells(right) > page.width:
            break
        left = longer
    return edges(left, right, page.width, page.glyphs.ellipsis)


def _hint(action: Action, page: Page) -> Line:
    key = Span(key_name(action.keys[0], page.glyphs), Tone.KEY)
    return line(key, " ", Span(action.label, Tone.DIM), "  ")


def banner(watch: Watch, page: Page, *, empty: bool = False) -> list[Line]:
    """No line while all is well. The age counts, so that nobody takes old data for new; of a page
    that is empty nothing is said to be shown.
    """
    if watch.trouble is None and not watch.engine_away:
        return []
    since = watch.known_at
    age = "" if since is None else f" for {duration((page.now - since).total_seconds())}"
    shown = "" if since is None or empty else f"; what is shown is of {clock(since, page.now)}"
    what = f"THE ENGINE IS AWAY{age}" if watch.engine_away else str(watch.trouble)
    hint = watch.trouble.hint if watch.trouble else NoEngine.default_hint
    drawn = [f" {page.glyphs.warn} {what}{shown}"]
    if watch.engine_away:
        start = hint if isinstance(watch.trouble, NoEngine) else NoEngine.default_hint
        drawn.append(f"   it comes back by itself, or {start}")
    elif hint:
        drawn.append(f"   {hint}")
    return [_filled(line(Span(text, Tone.ALARM)), page) for text in drawn]


def _filled(of: Line, page: Page) -> Line:
    clipped = clip(of, page.width, page.glyphs.ellipsis)
    return line(clipped, Span(" " * (page.width - cells(clipped)), Tone.ALARM))


def notice(sign: str, tone: Tone, text: str, hint: str, page: Page) -> list[Line]:
    """What came of the last action; three lines at most."""
    width = page.width - 4
    told = wrap(text, width, tone) + wrap(sentence(hint), width, Tone.TEXT)
    lead = [line(" ", Span(sign, tone), " "), *[line("   ")] * len(told)]
    return [line(a, b) for a, b in zip(lead, told[:NOTICE_LINES_MAX], strict=False)]


def error_text(error: MmsError) -> str:
    """What an error says; the name that it begins with keeps its own spelling."""
    if error.where:
        return f"{error.where}: {error.what.rstrip('.')}."
    return sentence(error.what) or error.code
