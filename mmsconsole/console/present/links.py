"""Links that restores are downloaded by: the list, and one of them."""

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present import shell
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.status import Mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, moment, remaining, sentence, size
from mmsconsole.metadata.links import OPEN, LinkState
from mmsconsole.operations.link_views import LinkOffer, LinkView

DETAIL_LINES = 4
TOLD_ONCE = (
    "Its address was told to who made it, when it was made; it is kept nowhere, and can not be "
    "told again. Revoke it and make another restore when it was lost."
)
OFFERED = "Paste this on any host that reaches this one. It is told in this console alone:"


def mark(link: LinkView, glyphs: Glyphs) -> Mark:
    return {
        LinkState.PREPARING.value: Mark(glyphs.busy, "preparing", Tone.BUSY),
        LinkState.READY.value: Mark(glyphs.good, "ready", Tone.GOOD),
        LinkState.FAILED.value: Mark(glyphs.bad, "failed", Tone.BAD),
        LinkState.REVOKED.value: Mark(glyphs.bad, "revoked", Tone.WARN),
    }.get(link.state, Mark(glyphs.off, link.state, Tone.DIM))


def downloads(link: LinkView) -> str:
    most = f" of {link.downloads_max}" if link.downloads_max else ""
    return f"{link.downloads}{most}"


def left(link: LinkView, page: Page) -> str:
    """Of one that can still be used."""
    if link.state not in OPEN or link.expires_at is None:
        return NONE
    return remaining(link.expires_at, page.now)


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("DEPLOYMENT", 10, grow=1),
        Column("STATE", 11),
        Column("USED", 8),
        Column("LEFT", 8, right=True),
        Column("SIZE", 7, right=True),
        Column("NAME", 20, grow=3),
    )
    return (*narrow, Column("EXPIRES", 20), Column("WHO", 12)) if page.wide else narrow


def row(link: LinkView, page: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(link.deployment, Tone.TITLE),),
        mark(link, page.glyphs).line,
        (Span(downloads(link)),),
        (Span(left(link, page)),),
        (Span(size(link.bytes) if link.bytes else NONE, Tone.DIM),),
        (Span(link.name),),
    )
    more = ((Span(moment(link.expires_at)),), (Span(link.created_by, Tone.DIM),))
    return Row(link.id, (*cells, *more) if page.wide else cells)


def detail(link: LinkView, offer: LinkOffer | None, page: Page) -> list[Line]:
    """Below the list."""
    made = f"made {moment(link.created_at)} by {link.created_by or 'the engine'}"
    told = [rule(link.id, page, made), line(f" {link.name}")]
    if link.reason:
        return [*told, *indent(wrap(sentence(link.reason), page.width - 2, _tone(link))[:2], 1)]
    used = f" {downloads(link)} downloads, expires {moment(link.expires_at)}"
    told.append(line(Span(used, Tone.DIM)))
    if offer is not None:
        key = Span(key_of("item.open"), Tone.KEY)
        told.append(line(" ", key, Span(" shows the command line to download it", Tone.DIM)))
    return told


def _tone(link: LinkView) -> Tone:
    return Tone.BAD if link.state == LinkState.FAILED else Tone.DIM


def draw(link: LinkView, offer: LinkOffer | None, page: Page) -> list[Line]:
    """One link, the whole page. What is to be copied begins at the left edge."""
    return [*_facts(link, page), (), *_offer(link, offer, page)]


def _facts(link: LinkView, page: Page) -> list[Line]:
    expires = moment(link.expires_at) if link.expires_at else f"{link.hours:g}h after it is ready"
    facts = [
        (),
        line(" ", mark(link, page.glyphs).line),
        (),
        labelled("deployment", Span(link.deployment, Tone.TITLE)),
        labelled("file", link.name),
        labelled("size", size(link.bytes) if link.bytes else NONE),
        labelled("downloads", downloads(link), Span(f"  {size(link.sent_bytes)} sent", Tone.DIM)),
        labelled("expires", expires),
        labelled("made", f"{moment(link.created_at)}  by {link.created_by or 'the engine'}"),
    ]
    if link.sha256:
        facts.append(labelled("sha256", Span(link.sha256, Tone.DIM)))
    if link.ended_at or link.reason:
        facts.append(labelled("ended", f"{moment(link.ended_at)}  {link.reason}"))
    return facts


def _offer(link: LinkView, offer: LinkOffer | None, page: Page) -> list[Line]:
    if link.state not in OPEN:
        return []
    if offer is None:
        return [rule("how to download it", page), *indent(wrap(TOLD_ONCE, page.width - 2), 1)]
    notes = [part for note in offer.notes for part in wrap(sentence(note), page.width - 2)]
    return [
        rule("how to download it", page),
        line(Span(f" {OFFERED}", Tone.DIM)),
        (),
        *shell.commands((offer.curl,), page.width),
        (),
        *indent(notes, 1),
    ]
