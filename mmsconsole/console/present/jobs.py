"""Jobs: kind, state and how far; below, the chosen one's phases or its error."""

from mmsconsole.console.present.progress import overall, phase_line, small
from mmsconsole.console.present.status import job_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, ago, duration, moment
from mmsconsole.metadata.jobs import ENDED, JobState
from mmsconsole.operations.views import JobView

DETAIL_LINES = 7


def columns(page: Page) -> tuple[Column, ...]:
    narrow = (
        Column("JOB", 12),
        Column("DEPLOYMENT", 13, grow=1),
        Column("STATE", 16),
        Column("PROGRESS", 18, grow=1 if page.wide else 0),
        Column("AGE", 8, right=True),
    )
    if not page.wide:
        return narrow
    return (
        *narrow,
        Column("TOOK", 8, right=True),
        Column("TRIES", 5, right=True),
        Column("WHO", 14),
    )


def row(job: JobView, page: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(job.kind),),
        (Span(job.deployment, Tone.TITLE),),
        job_mark(job, page.glyphs).line,
        _progress(job, page),
        (Span(ago(job.created_at, page.now), Tone.DIM),),
    )
    if not page.wide:
        return Row(job.id, cells)
    more = (_took(job, page), str(job.attempts), job.created_by or "engine")
    return Row(job.id, (*cells, *((Span(text, Tone.DIM),) for text in more)))


def _progress(job: JobView, page: Page) -> Line:
    if job.error is not None:
        return (Span(job.error.code, Tone.BAD),)
    if job.state in ENDED:
        return (Span(f"in {_took(job, page)}", Tone.DIM),)
    return small(overall(job.progress), 18, page.glyphs) or (Span("waiting", Tone.DIM),)


def _took(job: JobView, page: Page) -> str:
    if job.started_at is None:
        return NONE
    end = job.finished_at or page.now
    return duration((end - job.started_at).total_seconds())


def detail(job: JobView, page: Page) -> list[Line]:
    asked = f"asked for {moment(job.created_at)} by {job.created_by or 'the engine'}"
    head = rule(f"{job.kind} of {job.deployment}", page, asked)
    if job.error is not None:
        told = wrap(job.error.message, page.width - 2, Tone.BAD)[:3]
        return [head, *indent([*told, *wrap(job.error.hint, page.width - 2)[:2]], 1)]
    if not job.progress:
        word = "waiting for its turn" if job.state == JobState.QUEUED else "nothing reported yet"
        return [head, line(" ", Span(word, Tone.DIM))]
    return [head, *(phase_line(each, page) for each in job.progress[-(DETAIL_LINES - 1) :])]
