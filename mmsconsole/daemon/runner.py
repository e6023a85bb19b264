"""Takes jobs from the metadata database and runs them, each in a thread, under a lease."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from mmsconsole.clock import Clock
from mmsconsole.daemon.progress import ProgressBook
from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    LeaseLost,
    MetadataError,
    MmsError,
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
    Refused,
    ResyncRequired,
    SourceError,
)
from mmsconsole.metadata.jobs import LEASE_SECONDS, Job, JobError, JobKind, Jobs, JobState
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.0
BACKOFF_SECONDS_MAX = 300

Handler = Callable[[Job, Task], Mapping[str, object]]
"""Does the job's work and returns its result. Runs again from the start after a crash."""

Ended = Callable[[Job], None]


class Fate(Enum):
    """What becomes of a job whose attempt failed."""

    AGAIN = "again"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BACK = "back"
    """To the queue as if never taken: the engine is stopping."""
    LOST = "lost"
    """Another engine has it: hands off."""


PERMANENT = (Refused, DiskFull, ResyncRequired, OplogError, ObjectCorrupt, ObjectMissing)


def fate_of(job: Job, error: BaseException, *, stopping: bool) -> Fate:
    """Pure: what to do after `error` ended an attempt of `job`."""
    if isinstance(error, LeaseLost):
        return Fate.LOST
    if isinstance(error, Cancelled):
        return Fate.BACK if stopping and not job.cancel_requested else Fate.CANCELLED
    if isinstance(error, PERMANENT) or not isinstance(error, MmsError | OSError):
        return Fate.FAILED
    if job.kind is JobKind.INITIAL_SYNC and isinstance(error, SourceError):
        return Fate.AGAIN
    return Fate.AGAIN if job.attempts + 1 < job.attempts_max else Fate.FAILED


def backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(2**attempts, BACKOFF_SECONDS_MAX))


def said(error: BaseException) -> JobError:
    """The error as it is kept with the job: no traceback, no secret."""
    if isinstance(error, MmsError):
        return JobError(error.code, str(error), error.hint)
    return JobError("fault", f"{type(error).__name__} (see the engine's log)", "")


@dataclass
class _Running:
    job: Job
    book: ProgressBook
    cancellation: Cancellation
    thread: threading.Thread
    renewed_at: float
    lost: bool = False


class JobRunner:
    """start(), then jobs run until stop(). `ended` is told of every job that reaches an end."""

    def __init__(
        self, jobs: Jobs, handlers: Mapping[JobKind, Handler], clock: Clock, *,
        engine: str, workers: int, ended: Ended,
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._handlers = handlers
        self._clock = clock
        self._engine = engine
        self._workers = workers
        self._ended = ended
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._loop = threading.Thread(target=self._run, name="jobs", daemon=True)
        self.failure: Exception | None = None
        """Why no more jobs are taken; the engine then ends, and its next start goes on."""

    def start(self) -> None:
        self._loop.start()

    def stop(self, timeout_seconds: float) -> None:
        """Cancel what runs and wait for it; the jobs go back to the queue."""
        self._stopping.set()
        with self._lock:
            running = list(self._running.values())
        for one in running:
            one.cancellation.cancel()
        deadline = self._clock.monotonic() + timeout_seconds
        for one in running:
            one.thread.join(max(deadline - self._clock.monotonic(), 0.1))
        self._loop.join(2 * POLL_SECONDS)

    def _run(self) -> None:
        try:
            self._loop_until_stopped()
        except Exception as error:
            log.exception("a fault in the job runner")
            self.failure = error

    def _loop_until_stopped(self) -> None:
        beaten = self._clock.monotonic()
        while not self._clock.wait(self._stopping, POLL_SECONDS):
            try:
                if self._clock.monotonic() - beaten >= HEARTBEAT_SECONDS:
                    beaten = self._clock.monotonic()
                    self._beat()
                self._take()
            except MetadataError as error:
                log.warning("%s", error)

    def _beat(self) -> None:
        with self._lock:
            running = list(self._running.values())
        for one in running:
            try:
                one.job = self._jobs.heartbeat(one.job, self._clock.now(), one.book.phases())
                one.renewed_at = self._clock.monotonic()
                if one.job.cancel_requested:
                    one.cancellation.cancel()
            except LeaseLost:
                self._lose(one)
            except MetadataError:
                if self._clock.monotonic() - one.renewed_at > LEASE_SECONDS:
                    self._lose(one)
                raise

    def _lose(self, one: _Running) -> None:
        log.error("lost the lease of job %s", one.job.id)
        one.lost = True
        one.cancellation.cancel()

    def _take(self) -> None:
        with self._lock:
            room = self._workers - len(self._running)
        for job in self._jobs.candidates(self._clock.now()) if room > 0 else ():
            if room <= 0:
                return
            if job.id in self._running:
                continue
            leased = self._jobs.lease(job, self._engine, self._clock.now())
            if leased is not None:
                self._begin(leased)
                room -= 1

    def _begin(self, job: Job) -> None:
        book, cancellation = ProgressBook(self._clock), Cancellation()
        thread = threading.Thread(
            target=self._work, args=(job.id,), name=f"job-{job.id}", daemon=True
        )
        one = _Running(job, book, cancellation, thread, self._clock.monotonic())
        with self._lock:
            self._running[job.id] = one
        log.info("job %s: %s begins", job.id, job.kind)
        thread.start()

    def _work(self, job_id: str) -> None:
        one = self._running[job_id]
        try:
            self._attempt(one)
        except MetadataError as error:
            # The lease runs out, and the job is taken again: handlers stand that.
            log.error("job %s ended, but that could not be written down: %s", job_id, error)
        finally:
            with self._lock:
                del self._running[job_id]

    def _attempt(self, one: _Running) -> None:
        try:
            result = self._handlers[one.job.kind](one.job, Task(one.cancellation, one.book))
        except BaseException as error:  # noqa: BLE001 - the boundary: an error becomes the job's
            self._settle(one, LeaseLost("lost") if one.lost else error)
        else:
            self._close(one, JobState.DONE, result=dict(result))

    def _settle(self, one: _Running, error: BaseException) -> None:
        fate = fate_of(one.job, error, stopping=self._stopping.is_set())
        log.log(
            logging.INFO if isinstance(error, Cancelled) else logging.ERROR,
            "job %s: %s: %s", one.job.id, fate.value, said(error).message,
            exc_info=None if isinstance(error, MmsError) else error,
        )  # fmt: skip
        if fate is Fate.FAILED:
            self._close(one, JobState.FAILED, error=said(error))
        elif fate is Fate.CANCELLED:
            self._close(one, JobState.CANCELLED, error=said(error))
        elif fate is Fate.BACK:
            self._requeue(one, None, None, one.job.attempts)
        elif fate is Fate.AGAIN:
            attempts = one.job.attempts + 1
            self._requeue(one, self._clock.now() + backoff(attempts), said(error), attempts)

    def _close(self, one: _Running, state: JobState, **changes: object) -> None:
        ended = self._jobs.set_where(
            self._mine(one), state=state, finished_at=self._clock.now(),
            progress=one.book.phases(), lease_until=None, **changes,
        )  # fmt: skip
        if ended is not None:
            self._ended(ended)

    def _requeue(
        self, one: _Running, not_before: datetime | None, error: JobError | None, attempts: int
    ) -> None:
        self._jobs.set_where(
            self._mine(one), state=JobState.QUEUED, lease_until=None, not_before=not_before,
            error=error, attempts=attempts, progress=one.book.phases(),
        )  # fmt: skip

    def _mine(self, one: _Running) -> dict[str, object]:
        return {"_id": one.job.id, "state": JobState.LEASED.value, "engine": self._engine}
