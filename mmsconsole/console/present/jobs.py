"""Jobs: kind, state and how far; below, the chosen one's phases or its error."""

from collections.abc import Sequence

from mmsconsole.console.present.progress import overall, phase_line, small
from mmsconsole.console.present.status import job_mark
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.words import NONE, ago, duration, moment
from mmsconsole.metadata.jobs import ENDED, JobState
from mmsconsole.operations.views import JobView

DETAIL_LINES = 7
PHASES_SHOWN = 2
"""Of a job in another view than that of jobs."""


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


def subject(job: JobView) -> str:
    """Whom it works for: a deployment or a store."""
    return job.deployment or (f"store {job.store}" if job.store else "the engine")


def job_lines(jobs: Sequence[JobView], page: Page) -> list[Line]:
    """Jobs that run or wait, each with how far it is; nothing where there are none."""
    lines: list[Line] = []
    for job in jobs:
        mark = job_mark(job, page.glyphs)
        of = f" of {job.deployment}" if job.deployment else ""
        asked = f"asked for by {job.created_by or 'the engine'}"
        lines.append(rule(f"{job.kind}{of}", page, f"{mark.word}, {asked}"))
        lines += [phase_line(each, page) for each in job.progress[-PHASES_SHOWN:]]
        if not job.progress:
            lines.append(line(" ", mark.line))
    return lines


def row(job: JobView, page: Page) -> Row:
    cells: tuple[Line, ...] = (
        (Span(job.kind),),
        (Span(subject(job), Tone.TITLE),),
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
    head = rule(f"{job.kind} of {subject(job)}", page, asked)
    if job.error is not None:
        told = wrap(job.error.message, page.width - 2, Tone.BAD)[:3]
        return [head, *indent([*told, *wrap(job.error.hint, page.width - 2)[:2]], 1)]
    if not job.progress:
        word = "waiting for its turn" if job.state == JobState.QUEUED else "nothing reported yet"
        return [head, line(" ", Span(word, Tone.DIM))]
    return [head, *(phase_line(each, page) for each in job.progress[-(DETAIL_LINES - 1) :])]
