"""Jobs of one deployment or of all."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import empty, jobs, questions
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.present.words import sentence
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import JobsState, State
from mmsconsole.metadata.jobs import ENDED
from mmsconsole.operations.views import JobView


class JobsScreen(ListScreen):
    VIEW = actions.JOBS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = jobs.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return jobs.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [jobs.row(job, page) for job in _jobs(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return jobs.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_jobs()

    def deployment_name(self) -> str:
        chosen = self._chosen(self.state)
        return self.place.deployment or (chosen.deployment if chosen else "")

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"job.cancel": self._cancel}

    def _chosen(self, state: State | None) -> JobView | None:
        return find(_jobs(state), self.key) if state else None

    def _cancel(self, _: str) -> None:
        job = self._chosen(self.state)
        if job is None:
            return
        if job.state in ENDED:
            self.tell(f"This {job.kind} is {job.state} already.", Tone.WARN)
            return
        ask_to_cancel(self, job)


def ask_to_cancel(screen: ConsoleScreen, job: JobView) -> None:
    question = confirm(
        f"Cancel the {job.kind} of {jobs.subject(job)}?",
        questions.cancel_job_text(job),
        "cancel it",
    )
    screen.console.confirm(question, lambda: _cancelled(screen, job))


def _cancelled(screen: ConsoleScreen, job: JobView) -> None:
    what = f"the {job.kind} of {jobs.subject(job)}"
    screen.console.ask(
        f"cancelling {what}",
        lambda operations: operations.cancel_job(job.id),
        lambda _: sentence(f"{what} is being cancelled"),
    )


def cancel_first(screen: ConsoleScreen, open_jobs: Sequence[JobView]) -> None:
    """Of the jobs that a view is about, the one that runs longest."""
    if open_jobs:
        ask_to_cancel(screen, open_jobs[-1])
    else:
        screen.tell("No job is under way here.", Tone.WARN)


def _jobs(state: State) -> tuple[JobView, ...]:
    assert isinstance(state, JobsState)
    return state.jobs
