"""Restores: the list, and one of them with what it does or what came of it."""

from mmsconsole.console.actions import key_of
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present import words
from mmsconsole.console.present.overview import labelled
from mmsconsole.console.present.progress import overall, phase_line, small, waiting_line
from mmsconsole.console.present.status import restore_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import ago, duration, moment, moment_of, size
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.operations.views import RestoreView

PHASES = (RestoreState.MATERIALISING.value, RestoreState.APPLYING_OPLOG.value)
ENDED = (RestoreState.DONE, RestoreState.FAILED, RestoreState.CANCELLED)


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("DEPLOYMENT", 12, grow=1),
        Column("UP TO AND INCLUDING", 20),
        Column("STATE", 16),
        Column("PROGRESS", 13, grow=1 if page.wide else 0),
        Column("AGE", 8, right=True),
    )
    return (*narrow, Column("FOLDER", 26, grow=1), Column("WHO", 12)) if page.wide else narrow


def row(restore: RestoreView, page: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(restore.deployment, Tone.TITLE),),
        (Span(until(restore)),),
        restore_mark(restore, page.glyphs).line,
        _progress(restore, page),
        (Span(ago(restore.created_at, page.now), Tone.DIM),),
    )
    more = ((Span(restore.path),), (Span(restore.created_by, Tone.DIM),)) if page.wide else ()
    return Row(restore.id, (*cells, *more))


def until(restore: RestoreView) -> str:
    if restore.point is not None:
        return words.until(restore.point)
    return moment_of(restore.optime) if restore.optime else "the snapshot itself"


def _progress(restore: RestoreView, page: Page) -> Line:
    if restore.state == RestoreState.DONE:
        return (Span(size(restore.bytes), Tone.DIM),)
    if ended(restore):
        return (Span("-", Tone.DIM),)
    return small(overall(restore.progress), 13, page.glyphs) or (Span("waiting", Tone.DIM),)


def ended(restore: RestoreView) -> bool:
    return restore.state in ENDED


def draw(restore: RestoreView, page: Page) -> list[Line]:
    """One restore, whole page."""
    return [*_facts(restore, page), (), *_phases(restore, page), (), *_outcome(restore, page)]


def _facts(restore: RestoreView, page: Page) -> list[Line]:
    asked = f"{moment(restore.created_at)}  by {restore.created_by or 'the engine'}"
    reached = (
        [labelled("data as of", moment_of(restore.optime), Span(f"  {restore.optime}", Tone.DIM))]
        if restore.optime
        else []
    )
    return [
        (),
        line(" ", restore_mark(restore, page.glyphs).line),
        (),
        labelled("deployment", Span(restore.deployment, Tone.TITLE)),
        labelled("up to", until(restore), Span("  included", Tone.DIM)),
        labelled("from", f"snapshot {restore.snapshot}"),
        *reached,
        labelled("folder", restore.path),
        labelled("asked for", asked),
    ]


def _phases(restore: RestoreView, page: Page) -> list[Line]:
    told = {progress.phase: progress for progress in restore.progress}
    others = [phase for phase in told if phase not in PHASES]
    wanted: tuple[str, ...] = PHASES if restore.point is not None else PHASES[:1]
    if ended(restore):
        wanted = tuple(phase for phase in wanted if phase in told)
    drawn = [
        phase_line(told[phase], page) if phase in told else waiting_line(phase, page)
        for phase in (*wanted, *others)
    ]
    return [rule("progress", page), *drawn]


def _outcome(restore: RestoreView, page: Page) -> list[Line]:
    if restore.state == RestoreState.DONE:
        return _done(restore, page)
    if restore.state == RestoreState.FAILED:
        return [
            rule("why it failed", page),
            *indent(wrap(restore.reason, page.width - 2, Tone.BAD), 1),
        ]
    if restore.state == RestoreState.CANCELLED:
        return [line(" ", Span(restore.reason or "cancelled; its folder was taken away", Tone.DIM))]
    back = key_name(key_of("go.back"), page.glyphs)
    return [
        line(" ", Span(back, Tone.KEY), Span(" leaves this page, the engine goes on; ", Tone.DIM),
             Span(key_of("view.restores"), Tone.KEY), Span(" restores leads back here", Tone.DIM))
    ]  # fmt: skip


def _done(restore: RestoreView, page: Page) -> list[Line]:
    took = ""
    if restore.finished_at:
        took = f"in {duration((restore.finished_at - restore.created_at).total_seconds())}"
    return [
        rule("use it", page, f"{size(restore.bytes)} {took}"),
        *indent(
            wrap(
                "The folder is a whole dbpath. A mongod of the same series serves it:",
                page.width - 2,
            ),
            1,
        ),
        (),
        line("   ", Span(f"mongod --dbpath {restore.path} --port 27999", Tone.ACCENT)),
    ]


def summary(restore: RestoreView, page: Page) -> list[Line]:
    """Below the list: where to, and why it failed."""
    if restore.reason:
        why = wrap(restore.reason, page.width - 2, Tone.BAD)[:1]
        return [rule(restore.path, page), *indent(why, 1)]
    source = Span(f" from the snapshot {restore.snapshot}", Tone.DIM)
    return [rule(restore.path, page, f"asked for {moment(restore.created_at)}"), line(source)]
