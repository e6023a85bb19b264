"""Rules of alerts, and the channels that people are told by."""

from collections.abc import Sequence

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.alerts import counted, notification_lines, notification_mark
from mmsconsole.console.present.status import Mark, severity_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import (
    NONE,
    ago,
    clock,
    moment,
    named_sentence,
    sentence,
)
from mmsconsole.operations.alert_views import ChannelView, NotificationView, RuleView, WatchView
from mmsconsole.operations.amounts import forms, in_words, span_in_words

DETAIL_LINES = 6
CHANNEL_LINES = 9
GROUP = "all deployments"


# -- rules --------------------------------------------------------------------------------------


def subject(view: RuleView) -> str:
    return view.deployment or GROUP


def standing(view: RuleView, page: Page) -> Mark:
    if not view.enabled:
        return Mark(page.glyphs.off, "off", Tone.DIM)
    if view.is_muted(page.now):
        return Mark(page.glyphs.held, "muted", Tone.BUSY)
    return Mark(page.glyphs.good, "on", Tone.GOOD)


def limit(view: RuleView) -> str:
    return in_words(view.threshold, view.unit) or NONE


def wait(view: RuleView) -> str:
    """How long before anybody is told."""
    return span_in_words(view.for_seconds) if view.for_seconds else "at once"


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("CONDITION", 20, grow=1),
        Column("", 7),
        Column("LIMIT", 11, right=True),
        Column("FOR", 10, right=True),
        Column("SEVERITY", 9),
        Column("FROM", 10),
    )
    return (
        (*narrow, Column("TOLD AGAIN", 11, right=True), Column("BY", 16)) if page.wide else narrow
    )


def row(view: RuleView, page: Page) -> Row:
    found, tone = standing(view, page), Tone.TEXT if view.watches(page.now) else Tone.DIM
    severity = severity_mark(view.severity, page.glyphs)
    own = Tone.ACCENT if view.decided_by != "default" else Tone.DIM
    cells: tuple[Line, ...] = (
        (Span(title(view), tone),),
        found.line,
        (Span(limit(view), tone),),
        (Span(wait(view), tone),),
        (Span(f"{severity.sign} {severity.word}", severity.tone if tone == Tone.TEXT else tone),),
        (Span(view.decided_by, own),),
    )
    again = span_in_words(view.renotify_minutes * 60) if view.renotify_minutes else "once"
    more = ((Span(again, Tone.DIM),), (Span(told_by(view), Tone.DIM),))
    return Row(view.id, (*cells, *more) if page.wide else cells)


def title(view: RuleView) -> str:
    return f"{view.condition}: {view.metric}" if view.metric else view.condition


def told_by(view: RuleView) -> str:
    return ", ".join(view.channels) or "all channels"


def in_short(view: RuleView) -> str:
    """More than 10 min, for 2 min: error."""
    if not view.enabled:
        return "it is off"
    limited = f"{limit(view)}, " if view.threshold is not None else ""
    return (
        f"{limited}{view.severity}, after {wait(view)}"
        if view.for_seconds
        else (f"{limited}{view.severity}, at once")
    )


def rules_above(watch: WatchView, rules: Sequence[RuleView], page: Page) -> list[Line]:
    own = sum(view.decided_by != "default" for view in rules)
    summary = f" {counted(watch)}; {own} of {len(rules)} differ from the defaults"
    warned = [
        line(" ", Span(f"{page.glyphs.warn} ", Tone.WARN), each)
        for warning in watch.warnings[:1]
        for each in wrap(sentence(warning), page.width - 4, Tone.WARN)[:1]
    ]
    return [line(Span(summary, Tone.DIM)), *warned]


def rule_detail(view: RuleView, page: Page) -> list[Line]:
    """Below the list."""
    lines = [rule(view.title, page, told_by(view))]
    muted = view.is_muted(page.now)
    if muted:
        note = f": {view.note}" if view.note else ""
        text = f" muted until {clock(view.muted_until, page.now)} by {view.muted_by}{note}"
        lines.append(line(Span(text, Tone.BUSY)))
    if view.overridden:
        changed = sentence("; ".join(view.overridden))
        lines += indent(wrap(changed, page.width - 2, Tone.ACCENT)[:2], 1)
    elif view.note and not muted:
        lines.append(line(Span(f" {view.note}", Tone.DIM)))
    lines += indent(wrap(named_sentence(view.hint), page.width - 2, Tone.DIM)[:2], 1)
    return lines[:DETAIL_LINES]


def threshold_text(view: RuleView) -> tuple[str, ...]:
    return (
        f"{sentence(view.title)} For {subject(view)}; now {limit(view)}.",
        f"As {forms(view.unit)}.",
    )


# -- channels -----------------------------------------------------------------------------------


def channel_mark(channel: ChannelView, glyphs: Glyphs) -> Mark:
    if not channel.last_state:
        return Mark(glyphs.todo, "never used", Tone.DIM)
    return notification_mark(channel.last_state, glyphs)


def channel_columns(_: Page) -> tuple[Column, ...]:
    return (
        Column("CHANNEL", 14, grow=1),
        Column("KIND", 9),
        Column("LAST", 12),
        Column("WHEN", 8, right=True),
        Column("WENT THROUGH", 12, right=True),
        Column("WAITING", 7, right=True),
    )


def channel_row(channel: ChannelView, page: Page) -> Row:
    when = NONE if channel.last_at is None else ago(channel.last_at, page.now)
    waiting = Span(str(channel.waiting) if channel.waiting else NONE)
    return Row(
        channel.name,
        (
            (Span(channel.name, Tone.TITLE),),
            (Span(channel.kind),),
            channel_mark(channel, page.glyphs).line,
            (Span(when, Tone.DIM),),
            (Span(ago(channel.sent_at, page.now), Tone.DIM),),
            (waiting,),
        ),
    )


def channel_detail(
    channel: ChannelView, sent: Sequence[NotificationView], page: Page
) -> list[Line]:
    """Its newest messages, below the list."""
    lines = [rule(channel.name, page, moment(channel.last_at))]
    for each in sent:
        if each.channel == channel.name:
            lines += notification_lines(each, page)
    return lines[:CHANNEL_LINES]


def no_channels() -> list[Line]:
    return [
        (),
        line("   ", Span("No channel is set up: alerts are shown here, and nobody is told.",
                         Tone.TITLE)),
        (),
        line("   In the settings, a section for each way to people:"),
        (),
        line("     ", Span("[notify.mail]", Tone.KEY)),
        line("     ", Span('kind = "email"', Tone.KEY)),
        (),
        line("   email, webhook, slack, pagerduty or command: docs/alerts.md has them all."),
    ]  # fmt: skip
