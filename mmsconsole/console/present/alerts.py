"""Alerts: the list, and one of them."""

from collections.abc import Sequence
from datetime import datetime

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.events import event_lines
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.status import Mark, severity_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import (
    Line,
    Page,
    Span,
    Tone,
    clip,
    indent,
    line,
    rule,
    wrap,
)
from mmsconsole.console.present.words import (
    MINUTE,
    NONE,
    age,
    clock,
    duration,
    moment,
    named_sentence,
    plural,
    sentence,
)
from mmsconsole.metadata.alerts import AlertState
from mmsconsole.operations.alert_views import (
    AlertHistory,
    AlertView,
    NotificationView,
    WatchView,
    WindowView,
)
from mmsconsole.operations.amounts import in_words

DETAIL_LINES = 6
ABOVE_MAX = 4


def mark(alert: AlertView, glyphs: Glyphs) -> Mark:
    """How serious it is; what is closed is only told."""
    found = severity_mark(alert.severity, glyphs)
    return Mark(found.sign, found.word, _tone(alert, found.tone))


def _tone(alert: AlertView, tone: Tone) -> Tone:
    return tone if alert.state == AlertState.OPEN else Tone.DIM


def state_mark(alert: AlertView, glyphs: Glyphs) -> Mark:
    if alert.state == AlertState.ACKNOWLEDGED:
        return Mark(glyphs.held, "ack", Tone.BUSY)
    if alert.state == AlertState.CLOSED:
        return Mark(glyphs.done, "closed", Tone.DIM)
    if alert.suppressed_by:
        return Mark(glyphs.off, "held", Tone.DIM)
    return Mark(glyphs.bad, "open", Tone.BAD)


def columns(page: Page, *, names: bool) -> tuple[Column, ...]:
    about = (Column("DEPLOYMENT", 20 if page.wide else 10),) if names else ()
    narrow = (
        Column("SEVERITY", 9),
        Column("STATE", 8),
        Column("FOR", 4, right=True),
        *about,
        Column("WHAT", 20, grow=1),
    )
    return (*narrow, Column("SINCE", 20), Column("TOLD", 4, right=True)) if page.wide else narrow


def row(alert: AlertView, page: Page, *, names: bool) -> Row:
    found = mark(alert, page.glyphs)
    tone = Tone.TEXT if found.tone == Tone.DIM and alert.state == AlertState.OPEN else found.tone
    about: tuple[Line, ...] = ((Span(alert.deployment or "all", Tone.TITLE),),) if names else ()
    cells: tuple[Line, ...] = (
        found.line,
        state_mark(alert, page.glyphs).line,
        (Span(lasted(alert, page.now), Tone.DIM),),
        *about,
        (Span(alert.text, tone),),
    )
    more = ((Span(moment(alert.opened_at), Tone.DIM),), (Span(str(alert.notified), Tone.DIM),))
    return Row(alert.id, (*cells, *more) if page.wide else cells)


def lasted(alert: AlertView, now: datetime) -> str:
    """One unit: how long it has been open, or was. Counting seconds would repaint for ever."""
    until = alert.closed_at or now
    return (
        "<1m" if (until - alert.opened_at).total_seconds() < MINUTE else age(alert.opened_at, until)
    )


def above(watch: WatchView, windows: Sequence[WindowView], page: Page) -> list[Line]:
    """Who is told, and why perhaps nobody is."""
    lines: list[Line] = []
    for warning in watch.warnings:
        lines += _noted(page.glyphs.warn, Tone.WARN, sentence(warning), page)
    for window in windows:
        lines += _noted(page.glyphs.off, Tone.BUSY, sentence(window_words(window, page)), page)
    return lines[:ABOVE_MAX]


def _noted(sign: str, tone: Tone, text: str, page: Page) -> list[Line]:
    first, *rest = wrap(text, page.width - 4, tone)
    return [line(" ", Span(f"{sign} ", tone), first), *indent(rest[:1], 3)]


def window_words(window: WindowView, page: Page) -> str:
    who = window.deployment or "all deployments"
    when = (
        f"until {clock(window.end, page.now)}"
        if window.state == "under way"
        else f"{clock(window.start, page.now)} to {clock(window.end, page.now)}"
    )
    note = f": {window.note}" if window.note else ""
    return f"maintenance of {who} {when}, by {window.by}{note}"


def counted(watch: WatchView) -> str:
    """31 rules watch 3 deployments."""
    watching = "rule watches" if watch.rules == 1 else "rules watch"
    return f"{watch.rules} {watching} {plural(watch.deployments, 'deployment')}"


def nothing(watch: WatchView, page: Page) -> list[Line]:
    return [
        (),
        line("   ", Span(f"{page.glyphs.good} No alerts.", Tone.GOOD), f" {counted(watch)}."),
        (),
        line("   ", Span(key_of("view.rules"), Tone.KEY), " shows the rules, ",
             Span(key_of("view.channels"), Tone.KEY), " who is told, ",
             Span(key_of("alerts.closed"), Tone.KEY), " the alerts that are closed."),
    ]  # fmt: skip


def detail(alert: AlertView, page: Page) -> list[Line]:
    """Below the list."""
    lines = [rule(alert.condition, page, f"{moment(alert.opened_at)}  {alert.id}")]
    lines += indent(wrap(named_sentence(alert.text), page.width - 2)[:2], 1)
    lines += [line(" ", each) for each in _standing(alert, page)]
    if alert.hint:
        lines += indent(wrap(named_sentence(alert.hint), page.width - 2, Tone.DIM)[:2], 1)
    return lines[:DETAIL_LINES]


def _standing(alert: AlertView, page: Page) -> list[Line]:
    """Who has acknowledged it, and why nobody is told."""
    lines: list[Line] = []
    if alert.state == AlertState.ACKNOWLEDGED:
        text = f"acknowledged {acknowledged(alert, page.now)}"
        lines.append(clip((Span(text, Tone.BUSY),), page.width - 2, page.glyphs.ellipsis))
    if alert.suppressed_by:
        text = f"nobody is told: {alert.suppressed_by}"
        lines.append(clip((Span(text, Tone.WARN),), page.width - 2, page.glyphs.ellipsis))
    return lines


def acknowledged(alert: AlertView, now: datetime) -> str:
    until = alert.acknowledged_until
    end = "it closes" if until is None else clock(until, now)
    note = f": {alert.note}" if alert.note else ""
    return f"by {alert.acknowledged_by} until {end}{note}"


def draw(found: AlertHistory, page: Page) -> list[Line]:
    """One alert, the whole page."""
    alert = found.alert
    return [
        (),
        line(" ", mark(alert, page.glyphs).line, "  ", state_mark(alert, page.glyphs).line),
        (),
        *indent(wrap(named_sentence(alert.text), page.width - 3), 1),
        (),
        *_facts(alert, page),
        *_hint(alert, page),
        (),
        *_notifications(found.notifications, page),
        (),
        *_events(found, page),
    ]


def _facts(alert: AlertView, page: Page) -> list[Line]:
    ended = alert.closed_at or page.now
    took = duration((ended - alert.opened_at).total_seconds() // 60 * 60)
    facts = [
        labelled("deployment", Span(alert.deployment or "all of them", Tone.TITLE)),
        labelled("about", alert.subject or NONE),
        labelled("condition", alert.condition, _metric(alert)),
        *([] if alert.value is None else [labelled("value", in_words(alert.value, alert.unit))]),
        labelled("opened", moment(alert.opened_at), Span(f"  for {took}", Tone.DIM)),
    ]
    if alert.closed_at is not None:
        why = Span(f"  {alert.reason}", Tone.DIM)
        facts.append(labelled("closed", moment(alert.closed_at), why))
    if alert.state == AlertState.ACKNOWLEDGED:
        facts.append(labelled("acknowledged", acknowledged(alert, page.now)))
    if alert.suppressed_by:
        facts.append(labelled("not told", Span(alert.suppressed_by, Tone.WARN)))
    return facts


def _metric(alert: AlertView) -> Line:
    return line(Span(f"  {alert.metric}", Tone.DIM)) if alert.metric else ()


def _hint(alert: AlertView, page: Page) -> list[Line]:
    if not alert.hint:
        return []
    return [(), *indent(wrap(named_sentence(alert.hint), page.width - 2), 1)]


def _notifications(sent: Sequence[NotificationView], page: Page) -> list[Line]:
    if not sent:
        return [rule("told", page), line(" ", Span("nobody yet", Tone.DIM))]
    return [rule("told", page), *(each for one in sent for each in notification_lines(one, page))]


def notification_lines(sent: NotificationView, page: Page) -> list[Line]:
    """One, and below it why it failed."""
    found = notification_mark(sent.state, page.glyphs)
    text = line(
        Span(f" {clock(sent.at, page.now):<12}", Tone.DIM),
        Span(f"{found.sign} {found.word:<9}", found.tone),
        Span(f" {sent.channel:<14} ", Tone.ACCENT),
        Span(f"{sent.kind:<13}", Tone.DIM),
        Span(sent.title),
    )
    why = (
        indent(wrap(named_sentence(sent.error), page.width - 14, Tone.WARN)[:2], 13)
        if sent.error
        else []
    )
    return [clip(text, page.width, page.glyphs.ellipsis), *why]


def notification_mark(state: str, glyphs: Glyphs) -> Mark:
    return {
        "sent": Mark(glyphs.done, "sent", Tone.GOOD),
        "queued": Mark(glyphs.busy, "queued", Tone.BUSY),
        "failed": Mark(glyphs.warn, "failed", Tone.WARN),
        "given up": Mark(glyphs.bad, "given up", Tone.BAD),
    }.get(state, Mark(glyphs.off, state or "never", Tone.DIM))


def _events(found: AlertHistory, page: Page) -> list[Line]:
    return [rule("history", page), *event_lines(found.events, page, names=False)]
