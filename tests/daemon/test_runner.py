"""Jobs taken under a lease and brought to their end, whatever happens meanwhile."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from mmsconsole.daemon.runner import Handler, JobRunner
from mmsconsole.errors import MetadataError, MongodFailed, Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import Job, JobKind, Jobs, JobState
from mmsconsole.task import Task
from tests.support.clock import ManualClock

WAIT_SECONDS = 120


class Flaky:
    """Jobs, in a database that is away now and then."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.away = False
        self.asked_in_vain = 0

    def __getattr__(self, name: str) -> Any:
        if self.away:
            self.asked_in_vain += 1
            raise MetadataError("the metadata database does not answer")
        return getattr(self._jobs, name)


class Work:
    """A handler that a test steers, and the runner around it."""

    def __init__(self, metadata: Metadata, clock: ManualClock) -> None:
        self.jobs, self.clock = metadata.jobs, clock
        self.flaky: Any = Flaky(metadata.jobs)
        self.attempts: list[str] = []
        self.ended: list[Job] = []
        self.at_the_end: Callable[[Job], None] = lambda job: None
        self.handler: Handler = lambda job, task: {}
        self.runner = self.make_runner()

    def make_runner(self, engine: str = "e1", workers: int = 4) -> JobRunner:
        handlers = {kind: self._handle for kind in JobKind}
        return JobRunner(
            self.flaky, handlers, self.clock, engine=engine, workers=workers, ended=self._end
        )

    def _handle(self, job: Job, task: Task) -> Mapping[str, object]:
        self.attempts.append(job.id)
        return self.handler(job, task)

    def _end(self, job: Job) -> None:
        self.ended.append(job)
        self.at_the_end(job)

    def queue(self, kind: JobKind = JobKind.RESTORE, resource: str = "", **fields: Any) -> Job:
        self.clock.advance(0.001)
        id_ = new_id()
        job = Job(id_, kind, "d1", resource or f"restore:{id_}", self.clock.now(), **fields)
        return self.jobs.add(job)

    def state(self, job: Job) -> JobState:
        return self.jobs.get(job.id).state

    def until(self, condition: Callable[[], bool], step: float = 0.1) -> None:
        """Let time pass until it is true."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not come"
            before = len(self.clock.slept)
            self.clock.advance(step)
            self._until_looked(before, deadline)

    def _until_looked(self, before: int, deadline: float) -> None:
        """The runner, once more: no lease may run out only because its thread stood still."""
        while len(self.clock.slept) == before and self.runner.failure is None:
            assert time.monotonic() < deadline, "the runner stands still"
            time.sleep(0.001)

    def until_ended(self, *jobs: Job, step: float = 0.1) -> None:
        self.until(lambda: all(self.jobs.get(job.id).ended for job in jobs), step)

    def stop(self, timeout_seconds: float = WAIT_SECONDS) -> None:
        self.runner.stop(timeout_seconds)


@pytest.fixture
def work(metadata: Metadata, manual_clock: ManualClock) -> Iterator[Work]:
    """Not started yet."""
    work = Work(metadata, manual_clock)
    yield work
    work.stop()


def until_cancelled(job: Job, task: Task) -> Mapping[str, object]:
    assert task.cancellation.event.wait(WAIT_SECONDS), "nobody cancelled it"
    task.check()
    return {}


def test_a_job_is_done_with_its_result_and_its_progress(work: Work) -> None:
    def handler(job: Job, task: Task) -> Mapping[str, object]:
        task.report("materialising", 10, 10)
        task.remark("materialising", "paused for a while")
        return {"path": "/there"}

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until_ended(job)

    done = work.jobs.get(job.id)
    assert (done.state, done.result, done.error) == (JobState.DONE, {"path": "/there"}, None)
    (phase,) = done.progress
    assert (phase.phase, phase.finished) == ("materialising", True)
    assert phase.note == "paused for a while"
    assert (done.lease_until, done.engine) == (None, "e1")
    assert [job.state for job in work.ended] == [JobState.DONE]


def test_a_failed_attempt_is_made_again_later_and_later_until_it_succeeds(work: Work) -> None:
    begun = []

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        begun.append(work.clock.monotonic())
        if len(begun) < 4:
            raise MongodFailed("died")
        return {}

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until_ended(job)

    done = work.jobs.get(job.id)
    assert (done.state, done.attempts, done.error) == (JobState.DONE, 3, None)
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert all(pause >= least for pause, least in zip(pauses, (2, 4, 8), strict=True))
    assert len(work.ended) == 1


def test_a_job_fails_when_its_attempts_are_used_up(work: Work) -> None:
    def handler(job: Job, task: Task) -> Mapping[str, object]:
        raise MongodFailed("died", where="h1", hint="see its log")

    work.handler = handler
    work.runner.start()
    job = work.queue(attempts_max=2)
    work.until_ended(job)

    failed = work.jobs.get(job.id)
    assert (failed.state, len(work.attempts)) == (JobState.FAILED, 2)
    assert failed.error is not None
    assert (failed.error.code, failed.error.hint) == ("mongod_failed", "see its log")


def test_a_waiting_job_shows_why_its_attempt_failed(work: Work) -> None:
    def handler(job: Job, task: Task) -> Mapping[str, object]:
        raise MongodFailed("died")

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until(lambda: work.jobs.get(job.id).attempts == 1)

    waiting = work.jobs.get(job.id)
    assert waiting.state is JobState.QUEUED
    assert waiting.error is not None
    assert waiting.error.message == "died"


def test_a_fault_fails_the_job_at_once_and_tells_the_log_alone(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(job: Job, task: Task) -> Mapping[str, object]:
        raise KeyError("mongodb://root:hunter2@db/")

    work.handler = handler
    work.runner.start()
    job = work.queue()
    with caplog.at_level(logging.ERROR):
        work.until_ended(job)

    failed = work.jobs.get(job.id)
    assert (failed.state, len(work.attempts)) == (JobState.FAILED, 1)
    assert failed.error is not None
    assert (failed.error.code, "hunter2" in failed.error.message) == ("fault", False)
    assert "Traceback" in caplog.text


def test_a_job_is_cancelled_while_it_runs(work: Work) -> None:
    work.handler = until_cancelled
    work.runner.start()
    job = work.queue()
    work.until(lambda: bool(work.attempts))
    work.jobs.set(job.id, cancel_requested=True)

    work.until_ended(job)

    assert work.state(job) is JobState.CANCELLED
    assert [ended.state for ended in work.ended] == [JobState.CANCELLED]


def test_a_job_whose_attempt_fails_after_it_was_cancelled_does_not_come_back(work: Work) -> None:
    """The wish was written down after the last heartbeat."""

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        work.jobs.set(job.id, cancel_requested=True)
        raise MongodFailed("died")

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until_ended(job)

    assert (work.state(job), len(work.attempts)) == (JobState.CANCELLED, 1)


def test_jobs_of_one_resource_run_one_at_a_time_in_order(work: Work) -> None:
    inside, most, order = 0, 0, []
    lock = threading.Lock()

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        nonlocal inside, most
        with lock:
            inside, most = inside + 1, max(most, inside + 1)
            order.append(job.id)
        time.sleep(0.02)
        with lock:
            inside -= 1
        return {}

    work.handler = handler
    jobs = [work.queue(resource="head:d1") for _ in range(4)]
    work.runner.start()
    work.until_ended(*jobs)

    assert most == 1
    assert order == [job.id for job in jobs]


def test_no_more_jobs_run_than_there_are_workers(work: Work) -> None:
    work.handler = until_cancelled
    work.runner = work.make_runner(workers=2)
    jobs = [work.queue() for _ in range(3)]
    work.runner.start()
    work.until(lambda: len(work.attempts) == 2)
    beats = len(work.clock.slept)
    work.until(lambda: len(work.clock.slept) > beats + 3)  # it has looked again, more than once

    assert [work.state(job) for job in jobs].count(JobState.QUEUED) == 1


def test_a_stopping_engine_puts_its_jobs_back_as_if_never_taken(work: Work) -> None:
    work.handler = until_cancelled
    work.runner.start()
    job = work.queue(attempts=1)
    work.until(lambda: bool(work.attempts))

    work.stop()

    back = work.jobs.get(job.id)
    assert (back.state, back.attempts, back.not_before) == (JobState.QUEUED, 1, None)
    assert work.ended == []


def test_a_job_that_was_put_back_is_taken_by_the_next_engine(work: Work) -> None:
    work.handler = until_cancelled
    work.runner.start()
    job = work.queue()
    work.until(lambda: bool(work.attempts))
    work.stop()

    work.handler = lambda job, task: {}
    work.runner = work.make_runner("e2")
    work.runner.start()
    work.until_ended(job)

    assert work.jobs.get(job.id).engine == "e2"


def test_stopping_waits_no_longer_than_it_may(work: Work) -> None:
    let_go = threading.Event()

    def deaf(job: Job, task: Task) -> Mapping[str, object]:
        assert let_go.wait(WAIT_SECONDS)
        return {}

    work.handler = deaf
    work.runner.start()
    job = work.queue()
    work.until(lambda: bool(work.attempts))
    begun = time.monotonic()

    work.stop(timeout_seconds=0.3)

    assert time.monotonic() - begun < WAIT_SECONDS / 2
    let_go.set()
    work.stop()
    assert work.state(job) is JobState.DONE  # it came to its end all the same


def test_a_lost_lease_stops_the_work_and_leaves_the_job_to_who_has_it(work: Work) -> None:
    stopped = threading.Event()

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        try:
            return until_cancelled(job, task)
        finally:
            stopped.set()

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until(lambda: bool(work.attempts))
    taken = work.jobs.set(job.id, engine="another")

    work.until(stopped.is_set)
    work.stop()

    left = work.jobs.get(job.id)
    assert (left.state, left.engine, left.attempts) == (JobState.LEASED, "another", 0)
    assert replace(left, progress=()) == replace(taken, progress=())
    assert work.ended == []


def test_a_job_whose_engine_died_is_taken_when_its_lease_has_run_out(work: Work) -> None:
    job = work.queue()
    assert work.jobs.lease(job, "dead", work.clock.now()) is not None
    work.runner.start()
    begun = work.clock.monotonic()

    work.until_ended(job)

    assert work.clock.monotonic() - begun >= 30
    assert work.jobs.get(job.id).engine == "e1"


def test_a_metadata_database_that_is_away_for_a_moment_disturbs_no_job(work: Work) -> None:
    go_on = threading.Event()

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        assert go_on.wait(WAIT_SECONDS)
        task.check()
        return {}

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until(lambda: bool(work.attempts))
    work.flaky.away = True
    work.until(lambda: work.flaky.asked_in_vain > 5)
    work.flaky.away = False
    go_on.set()
    work.until_ended(job)

    assert (work.state(job), len(work.attempts)) == (JobState.DONE, 1)


def test_every_job_stops_when_the_leases_can_not_be_renewed_for_too_long(work: Work) -> None:
    """Another engine may have taken them."""
    stopped = []

    def handler(job: Job, task: Task) -> Mapping[str, object]:
        try:
            return until_cancelled(job, task)
        finally:
            stopped.append(job.id)

    work.handler = handler
    work.runner.start()
    jobs = [work.queue(), work.queue()]
    work.until(lambda: len(work.attempts) == 2)
    work.flaky.away = True

    work.until(lambda: len(stopped) == 2, step=1)

    work.handler = lambda job, task: {}
    work.flaky.away = False
    work.until_ended(*jobs, step=1)
    assert [work.state(job) for job in jobs] == [JobState.DONE, JobState.DONE]


def test_an_end_that_can_not_be_written_down_comes_again(work: Work) -> None:
    def handler(job: Job, task: Task) -> Mapping[str, object]:
        work.flaky.away = len(work.attempts) == 1
        return {}

    work.handler = handler
    work.runner.start()
    job = work.queue()
    work.until(lambda: work.flaky.asked_in_vain > 3)
    work.flaky.away = False
    work.until_ended(job, step=1)

    assert (work.state(job), len(work.attempts)) == (JobState.DONE, 2)


def test_the_subject_learns_of_the_end_before_the_job_shows_it(work: Work) -> None:
    seen: list[JobState] = []

    def refuse(job: Job, task: Task) -> Mapping[str, object]:
        raise Refused("no")

    work.handler = refuse
    work.at_the_end = lambda job: seen.append(work.state(job))
    work.runner.start()
    job = work.queue()
    work.until_ended(job)

    assert (seen, work.ended[0].state) == ([JobState.LEASED], JobState.FAILED)
    assert work.ended[0].error is not None


def test_a_fault_in_who_is_told_does_not_keep_a_job_from_its_end(work: Work) -> None:
    def fault(job: Job) -> None:
        raise ZeroDivisionError

    work.at_the_end = fault
    work.runner.start()
    job = work.queue()
    work.until_ended(job)

    assert (work.state(job), len(work.attempts)) == (JobState.DONE, 1)


def test_a_fault_in_the_runner_itself_is_told_to_the_engine(work: Work) -> None:
    def fault(*args: object) -> None:
        raise ZeroDivisionError

    work.flaky.candidates = fault
    work.runner.start()
    work.until(lambda: work.runner.failure is not None)

    assert isinstance(work.runner.failure, ZeroDivisionError)


def test_a_runner_that_was_never_started_can_be_stopped(work: Work) -> None:
    work.stop()
