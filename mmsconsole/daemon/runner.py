"""Takes jobs from the metadata database and runs them, each in a thread, under a lease."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.daemon.progress import ProgressBook
from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    HeadSuspect,
    LeaseLost,
    MetadataError,
    MmsError,
    MongodBusy,
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
    Refused,
    ResyncRequired,
    SourceError,
    VerificationBad,
    WindowEnded,
)
from mmsconsole.metadata.jobs import LEASE_SECONDS, Job, JobError, JobKind, Jobs, JobState
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
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


MISSING = (ObjectCorrupt, ObjectMissing, OplogError)
PERMANENT = (
    Refused, DiskFull, ResyncRequired, OplogError, ObjectCorrupt, ObjectMissing, VerificationBad,
)  # fmt: skip

ENDURED = (SourceError, MetadataError, MongodBusy)
"""By an initial sync, for as long as they last: it goes on from where it is."""

BESIDE = frozenset({
    JobKind.VERIFICATION, JobKind.GROOM, JobKind.CHECK, JobKind.REPAIR, JobKind.CATALOGUE,
})  # fmt: skip
"""Kinds that nobody waits for, and that take long: one of each runs beside the workers, so that
they are never in the way of a snapshot or a restore."""


def may_begin(
    kind: JobKind, running: Sequence[JobKind], workers: int, restores: int | None = None
) -> bool:
    """Pure: whether there is a place for a job of this kind. `restores`: of them at one time."""
    if kind in BESIDE:
        return kind not in running
    if kind is JobKind.RESTORE and restores is not None and running.count(kind) >= restores:
        return False
    return sum(other not in BESIDE for other in running) < workers


def fate_of(job: Job, error: BaseException, *, stopping: bool) -> Fate:
    """Pure: what to do after `error` ended an attempt of `job`."""
    if isinstance(error, LeaseLost):
        return Fate.LOST
    if isinstance(error, Cancelled):
        return Fate.BACK if stopping and not job.cancel_requested else Fate.CANCELLED
    if job.kind is JobKind.REBUILD:
        return _fate_of_rebuild(job, error)
    if job.kind is JobKind.INITIAL_SYNC and isinstance(error, WindowEnded | DiskFull):
        return Fate.AGAIN  # the next attempt begins behind it, or goes on when there is room
    if job.kind is JobKind.VALIDATION and isinstance(error, HeadSuspect):
        return Fate.FAILED  # it has done what it was for
    if isinstance(error, PERMANENT) or not isinstance(error, MmsError | OSError):
        return Fate.FAILED
    if job.kind is JobKind.INITIAL_SYNC and isinstance(error, ENDURED):
        return Fate.AGAIN
    return Fate.AGAIN if job.attempts + 1 < job.attempts_max else Fate.FAILED


def _fate_of_rebuild(job: Job, error: BaseException) -> Fate:
    """It waits for whatever may come back: while it waits nothing is lost, for the tail goes on."""
    if isinstance(error, ResyncRequired) or not isinstance(error, MmsError | OSError):
        return Fate.FAILED
    if isinstance(error, MISSING):
        return Fate.AGAIN if job.attempts + 1 < job.attempts_max else Fate.FAILED
    return Fate.AGAIN


def backoff(attempts: int) -> timedelta:
    """Pure: how long to wait after that many failed attempts."""
    return timedelta(seconds=min(2 ** min(attempts, 30), BACKOFF_SECONDS_MAX))


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
    """start(), then jobs run until stop(). `ended` is told of every job that reaches an end,
    before that is written down: after a crash in between it is told again.
    """

    def __init__(
        self, jobs: Jobs, handlers: Mapping[JobKind, Handler], clock: Clock, *,
        engine: str, workers: int, ended: Ended, restores: int | None = None,
    ) -> None:  # fmt: skip
        """`restores`: how many of the workers may restore at one time; None: all."""
        self._jobs = jobs
        self._handlers = handlers
        self._clock = clock
        self._engine = engine
        self._workers, self._restores = workers, restores
        self._ended = ended
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._beaten_at = clock.monotonic()
        self._loop = threading.Thread(target=self._run, name="jobs", daemon=True)
        self.failure: Exception | None = None
        """Why no more jobs are taken; the engine then ends, and its next start goes on."""

    def start(self) -> None:
        self._loop.start()

    def cancel(self) -> None:
        """Nothing more is begun, and what runs is told to end; the jobs go back to the queue."""
        self._stopping.set()
        for one in self._all():
            one.cancellation.cancel()

    def stop(self, timeout_seconds: float) -> None:
        """Cancel what runs and wait for it."""
        deadline = self._clock.monotonic() + timeout_seconds
        self.cancel()
        for thread in [self._loop, *(one.thread for one in self._all())]:
            if thread.is_alive():
                thread.join(max(deadline - self._clock.monotonic(), 0))

    def _all(self) -> list[_Running]:
        with self._lock:
            return list(self._running.values())

    def _run(self) -> None:
        try:
            self._loop_until_stopped()
        except Exception as error:
            log.exception("a fault in the job runner")
            self.failure = error

    def _loop_until_stopped(self) -> None:
        while not self._clock.wait(self._stopping, POLL_SECONDS):
            try:
                self._beat_if_due()
                self._take()
            except MetadataError as error:
                log.warning("%s", error)

    # -- leases -------------------------------------------------------------------------------

    def _beat_if_due(self) -> None:
        if self._clock.monotonic() - self._beaten_at < HEARTBEAT_SECONDS:
            return
        self._beaten_at = self._clock.monotonic()
        try:
            for one in self._all():
                self._renew(one)
        finally:
            for one in self._all():
                if self._clock.monotonic() - one.renewed_at > LEASE_SECONDS:
                    self._lose(one)

    def _renew(self, one: _Running) -> None:
        at = self._clock.monotonic()
        try:
            one.job = self._jobs.heartbeat(one.job, self._clock.now(), one.book.phases())
        except LeaseLost:
            self._lose(one)
            return
        one.renewed_at = at
        if one.job.cancel_requested:
            one.cancellation.cancel()

    def _lose(self, one: _Running) -> None:
        if not one.lost:
            log.error("lost the lease of job %s", one.job.id)
        one.lost = True
        one.cancellation.cancel()

    # -- taking jobs --------------------------------------------------------------------------

    def _take(self) -> None:
        running = {one.job.id: one.job.kind for one in self._all()}
        for job in self._jobs.candidates(self._clock.now()):
            if job.id in running:
                continue  # its lease has run out, and it has not noticed yet
            kinds = list(running.values())
            restores = None if job.cancel_requested else self._restores  # that one ends at once
            if not may_begin(job.kind, kinds, self._workers, restores):
                continue
            leased = self._jobs.lease(job, self._engine, self._clock.now())
            if leased is not None:
                self._begin(leased)
                running[leased.id] = leased.kind

    def _begin(self, job: Job) -> None:
        book, cancellation = ProgressBook(self._clock), Cancellation()
        thread = threading.Thread(
            target=self._work, args=(job.id,), name=f"job-{job.id}", daemon=True
        )
        one = _Running(job, book, cancellation, thread, self._clock.monotonic())
        with self._lock:
            self._running[job.id] = one
            if self._stopping.is_set() or job.cancel_requested:
                cancellation.cancel()
        log.info("job %s: %s begins", job.id, job.kind)
        thread.start()

    # -- in the job's thread ------------------------------------------------------------------

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
            result = self._handlers[one.job.kind](
                one.job, Task(one.cancellation, one.book, one.book.remark)
            )
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
            self._requeue(one, error=None, not_before=None)
        elif fate is Fate.AGAIN:
            attempts = one.job.attempts + 1
            not_before = self._clock.now() + backoff(attempts)
            self._requeue(one, error=said(error), not_before=not_before, attempts=attempts)

    def _close(self, one: _Running, state: JobState, **changes: Any) -> None:
        now = self._clock.now()
        self._tell(replace(one.job, state=state, finished_at=now, **changes))
        self._jobs.set_where(
            self._mine(one), state=state, finished_at=now, progress=one.book.phases(),
            lease_until=None, **changes,
        )  # fmt: skip

    def _tell(self, job: Job) -> None:
        """A fault in who is told must not keep the job from its end, again and again."""
        try:
            self._ended(job)
        except MetadataError:
            raise
        except Exception:
            log.exception("a fault while the end of job %s was told", job.id)

    def _requeue(self, one: _Running, **changes: object) -> None:
        """But a job that was to be cancelled does not come back."""
        requeued = self._jobs.set_where(
            self._mine(one) | {"cancel_requested": False}, state=JobState.QUEUED,
            lease_until=None, progress=one.book.phases(), **changes,
        )  # fmt: skip
        if requeued is None and self._jobs.one(self._mine(one)) is not None:
            self._close(one, JobState.CANCELLED, error=said(Cancelled()))

    def _mine(self, one: _Running) -> dict[str, object]:
        """The job under the very lease of this attempt."""
        return {
            "_id": one.job.id, "state": JobState.LEASED.value, "engine": self._engine,
            "started_at": one.job.started_at,
        }  # fmt: skip
