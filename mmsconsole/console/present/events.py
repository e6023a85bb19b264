"""Events: when, how serious, about what, in one sentence."""

from collections.abc import Sequence

from mmsconsole.console.present.status import severity_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, clip, indent, line, rule, wrap
from mmsconsole.console.present.words import clock, moment
from mmsconsole.operations.views import EventView

DETAIL_LINES = 5


def columns(page: Page, *, names: bool) -> tuple[Column, ...]:
    time = Column("TIME", 20 if page.wide else 11)
    about = (Column("DEPLOYMENT", 20 if page.wide else 12),) if names else ()
    return (time, Column("", 1), *about, Column("WHAT", 20, grow=1), *_actor(page))


def _actor(page: Page) -> tuple[Column, ...]:
    return (Column("WHO", 16),) if page.wide else ()


def row(event: EventView, page: Page, *, names: bool) -> Row:
    mark = severity_mark(event.severity, page.glyphs)
    about: tuple[Line, ...] = ((Span(event.deployment),),) if names else ()
    who: tuple[Line, ...] = ((Span(event.actor, Tone.DIM),),) if page.wide else ()
    at = moment(event.at) if page.wide else clock(event.at, page.now)
    text = Span(event.text, Tone.TEXT if mark.tone == Tone.DIM else mark.tone)
    return Row(
        event.id, ((Span(at, Tone.DIM),), (Span(mark.sign, mark.tone),), *about, (text,), *who)
    )


def event_lines(events: Sequence[EventView], page: Page, *, names: bool) -> list[Line]:
    """Without a table's cursor: for the foot of another view."""
    lines = []
    for event in events:
        mark = severity_mark(event.severity, page.glyphs)
        about = (Span(f"{event.deployment}  ", Tone.ACCENT),) if names else ()
        time = Span(f" {clock(event.at, page.now):<12}", Tone.DIM)
        text = Span(event.text, Tone.TEXT if mark.tone == Tone.DIM else mark.tone)
        drawn = line(time, Span(f"{mark.sign} ", mark.tone), about, text)
        lines.append(clip(drawn, page.width, page.glyphs.ellipsis))
    return lines


def detail(event: EventView, page: Page) -> list[Line]:
    by = f" by {event.actor}" if event.actor else ""
    return [
        rule(event.kind, page, f"{moment(event.at)}{by}"),
        *indent(wrap(event.text, page.width - 2)[: DETAIL_LINES - 1], 1),
    ]
