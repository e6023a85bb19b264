"""Restores: the list, and one of them with what it does or what came of it."""

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import shell, words
from mmsconsole.console.present.frame import LABEL
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.progress import overall, phase_line, small, waiting_line
from mmsconsole.console.present.restore_form import reached
from mmsconsole.console.present.status import restore_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import (
    Line,
    Page,
    Span,
    Tone,
    cells,
    indent,
    line,
    rule,
    wrap,
)
from mmsconsole.console.present.words import ago, duration, moment, moment_of, sentence, size
from mmsconsole.metadata.links import LinkState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.views import RestoreView

ENDED = (RestoreState.DONE, RestoreState.FAILED, RestoreState.CANCELLED)
DIFFERENT = "DIFFERENT"
"""With this begins what a comparison found that is not equal: restore/live/comparing.py."""
NOT_EQUAL = "THE TARGET DIFFERS FROM WHAT WAS RESTORED"
DETAIL_LINES = 4
TOLD_ONCE = "Told once, in this console alone, and kept nowhere. Paste it where the file is wanted:"
TOLD_BEFORE = (
    "Its address was told once, to who asked for it, and is kept nowhere. When it was lost, make "
    "another restore."
)


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("DEPLOYMENT", 11, grow=1),
        Column("UP TO AND INCLUDING", 20),
        Column("TO", 7),
        Column("STATE", 16),
        Column("", 9, grow=1 if page.wide else 0),
        Column("AGE", 5, right=True),
    )
    more = (Column("WHERE", 22, grow=1), Column("WHAT", 12, grow=1), Column("WHO", 8))
    return (*narrow, *more) if page.wide else narrow


def row(restore: RestoreView, page: Page) -> Row:
    told: tuple[Line, ...] = (
        (Span(restore.deployment, Tone.TITLE),),
        (Span(until(restore)),),
        (Span(restore.kind),),
        restore_mark(restore, page.glyphs).line,
        _progress(restore, page),
        (Span(ago(restore.created_at, page.now).removesuffix(" ago"), Tone.DIM),),
    )
    more = ((Span(restore.path),), (Span(restore.what, Tone.DIM),),
            (Span(restore.created_by, Tone.DIM),))  # fmt: skip
    return Row(restore.id, (*told, *more) if page.wide else told)


def until(restore: RestoreView) -> str:
    if restore.point is not None:
        return words.until(restore.point)
    return moment_of(restore.optime) if restore.optime else "the snapshot itself"


def _point(restore: RestoreView) -> Line:
    """As both time and optime, where a moment was asked for."""
    return reached(restore.point) if restore.point else line(until(restore))


def differs(restore: RestoreView) -> bool:
    return restore.verified.startswith(DIFFERENT)


def _progress(restore: RestoreView, page: Page) -> Line:
    if differs(restore):
        return (Span(f"{page.glyphs.bad} differs", Tone.BAD),)
    if restore.state == RestoreState.DONE:
        if restore.verified:
            return (Span(f"{page.glyphs.done} equal", Tone.GOOD),)
        return (Span(size(restore.delivered_bytes or restore.bytes), Tone.DIM),)
    if ended(restore):
        return (Span("-", Tone.DIM),)
    return small(overall(restore.progress), 9, page.glyphs) or (Span("waiting", Tone.DIM),)


def ended(restore: RestoreView) -> bool:
    return restore.state in ENDED


def draw(restore: RestoreView, offer: LinkOffer | None, page: Page) -> list[Line]:
    """One restore, whole page. What is to be copied begins at the left edge."""
    facts, outcome = _facts(restore, page), _outcome(restore, offer, page)
    if restore.link_state == LinkState.READY:  # its command has to be on the screen whole
        return [*outcome, *facts, *_phases(restore, page)]
    return [*_loud(restore, page), *facts, *_phases(restore, page), *outcome]


def _loud(restore: RestoreView, page: Page) -> list[Line]:
    if not differs(restore):
        return []
    told = line(Span(f" {page.glyphs.bad} {NOT_EQUAL}", Tone.ALARM))
    return [line(told, Span(" " * (page.width - cells(told)), Tone.ALARM))]


def _facts(restore: RestoreView, page: Page) -> list[Line]:
    asked = f"{moment(restore.created_at)}  by {restore.created_by or 'the engine'}"
    reached = (
        [labelled("data as of", moment_of(restore.optime), Span(f"  {restore.optime}", Tone.DIM))]
        if restore.optime
        else []
    )
    verdict = _verdict(restore, page) if restore.verified else []
    return [
        (),
        line(" ", restore_mark(restore, page.glyphs).line),
        labelled("deployment", Span(restore.deployment, Tone.TITLE)),
        labelled("up to", _point(restore), Span("  included", Tone.DIM)),
        labelled("from", f"snapshot {restore.snapshot}"),
        *reached,
        *_long("what", restore.what, page),
        *_long(restore.kind, restore.path, page),
        labelled("asked for", asked),
        *verdict,
        (),
    ]


def _long(label: str, text: str, page: Page, tone: Tone = Tone.TEXT) -> list[Line]:
    first, *others = wrap(text, page.width - LABEL - 2, tone) or [()]
    return [labelled(label, first), *indent(others, LABEL + 1)]


def _verdict(restore: RestoreView, page: Page) -> list[Line]:
    tone = Tone.BAD if differs(restore) else Tone.GOOD
    return _long("compared", sentence(restore.verified), page, tone)


def _awaited(restore: RestoreView) -> list[str]:
    """The phases that it goes through, as far as that is known before."""
    wanted = [RestoreState.MATERIALISING.value]
    if restore.point is not None:
        wanted.append(RestoreState.APPLYING_OPLOG.value)
    if restore.kind != TargetKind.FOLDER:
        wanted.append(RestoreState.DELIVERING.value)
    return wanted


def _phases(restore: RestoreView, page: Page) -> list[Line]:
    told = {progress.phase: progress for progress in restore.progress}
    waiting = [] if ended(restore) else [one for one in _awaited(restore) if one not in told]
    drawn = [phase_line(progress, page) for progress in told.values()]
    drawn += [waiting_line(phase, page) for phase in waiting]
    return [rule("progress", page), *drawn, ()]


def _outcome(restore: RestoreView, offer: LinkOffer | None, page: Page) -> list[Line]:
    if restore.state == RestoreState.FAILED:
        why = sentence(restore.reason)
        return [rule("why it failed", page), *indent(wrap(why, page.width - 2, Tone.BAD), 1)]
    if restore.state == RestoreState.CANCELLED:
        told = restore.reason or "cancelled; what it wrote was taken away"
        return indent(wrap(told, page.width - 2, Tone.DIM), 1)
    if restore.kind == TargetKind.LINK:
        return _link(restore, offer, page)
    if restore.state == RestoreState.DONE:
        return _done(restore, page)
    back = key_name(key_of("go.back"), page.glyphs)
    return [
        line(" ", Span(back, Tone.KEY), Span(" leaves this page, the engine goes on; ", Tone.DIM),
             Span(key_of("view.restores"), Tone.KEY), Span(" restores leads back here", Tone.DIM))
    ]  # fmt: skip


def _link(restore: RestoreView, offer: LinkOffer | None, page: Page) -> list[Line]:
    state = restore.link_state or LinkState.PREPARING.value
    title = rule(f"the link is {state}", page)
    if state not in (LinkState.READY, LinkState.PREPARING):
        return [title, line(Span(" It gives nothing any more.", Tone.DIM))]
    if offer is None:
        return [title, *indent(wrap(TOLD_BEFORE, page.width - 2, Tone.DIM), 1)]
    if state == LinkState.PREPARING:
        return [title, line(Span(" Its command line is shown here when it is ready.", Tone.DIM))]
    notes = [part for note in offer.notes for part in wrap(sentence(note), page.width - 2)]
    keys = line(
        " ", Span(key_of("link.copy"), Tone.KEY), Span(" copies it   ", Tone.DIM),
        Span(key_of("item.open"), Tone.KEY), Span(" goes to the link", Tone.DIM),
    )  # fmt: skip
    return [
        title,
        *indent(wrap(TOLD_ONCE, page.width - 2, Tone.WARN), 1),
        (),
        *shell.commands((offer.curl,), page.width),
        (),
        keys,
        *indent(notes, 1),
    ]


def _done(restore: RestoreView, page: Page) -> list[Line]:
    took = ""
    if restore.finished_at:
        took = f"in {duration((restore.finished_at - restore.created_at).total_seconds())}"
    told, command = _use(restore)
    drawn = [rule("use it", page, f"{size(restore.delivered_bytes or restore.bytes)} {took}")]
    drawn += indent(wrap(told, page.width - 2), 1)
    return [*drawn, (), *shell.commands((command,), page.width)] if command else drawn


def _use(restore: RestoreView) -> tuple[str, str]:
    """What people do with it, and the command line for that, if there is one."""
    where = restore.where or Target(TargetKind.FOLDER)
    path, gzip = shell.quoted(restore.path), " --gzip" if where.compression == "gzip" else ""
    if where.kind is TargetKind.TAR:
        return "Unpacked it is a whole dbpath; its sum first:", f"sha256sum -c {path}.sha256"
    if where.kind is TargetKind.ARCHIVE:
        return "Any mongorestore takes it:", f"mongorestore{gzip} --archive={path}"
    if where.kind is TargetKind.DUMP:
        return "Any mongorestore takes it:", f"mongorestore{gzip} {path}"
    if where.kind is TargetKind.LIVE:
        return "The documents are there. Collections have new UUIDs.", ""
    if where.kind is TargetKind.OPEN:
        return f"It is open: {key_of('item.open')} goes to it.", ""
    if where.as_archive:
        return "There, unpacked it is a whole dbpath:", f"tar -xf {shell.quoted(where.path)} -C DIR"
    dbpath = shell.quoted(where.path or restore.path)
    there = "There, the" if where.kind is TargetKind.SSH else "The"
    return (
        f"{there} folder is a whole dbpath. A mongod of the same series serves it; "
        f"{key_of('restore.seed')} tells how a replica set begins with it:",
        f"mongod --dbpath {dbpath} --port 27999",
    )


def summary(restore: RestoreView, page: Page) -> list[Line]:
    """Below the list: what, where to, who, and what came of it."""
    by = f"asked for {moment(restore.created_at)} by {restore.created_by or 'the engine'}"
    told = [rule(restore.path, page, restore.kind), line(f" {by}")]
    source = f" {restore.what}, from the snapshot {restore.snapshot}"
    told.append(line(Span(source, Tone.DIM)))
    why = restore.reason or restore.verified
    bad = restore.state == RestoreState.FAILED or differs(restore)
    tone = Tone.BAD if bad else Tone.DIM if restore.reason else Tone.GOOD
    return [*told, *indent(wrap(why, page.width - 2, tone)[:1], 1)]
