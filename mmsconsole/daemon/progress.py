"""Progress of a job: reports of its work become phases with rate and ETA."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from mmsconsole.clock import Clock
from mmsconsole.metadata.jobs import PhaseProgress

SMOOTHING_SECONDS = 8.0
"""The rate follows a change of speed within about this time."""

STEP_SECONDS_MIN = 0.25
"""Reports closer together than this are counted together."""


@dataclass(frozen=True, slots=True)
class Speed:
    rate: float
    """Units per second."""
    at: float
    """Monotonic seconds of the last step that counted."""
    done: int


def advanced(speed: Speed, done: int, at: float) -> Speed:
    """Pure: the smoothed rate after `done` units were reached at monotonic second `at`."""
    elapsed = at - speed.at
    if elapsed < STEP_SECONDS_MIN:
        return speed
    momentary = max(done - speed.done, 0) / elapsed
    if speed.rate == 0:
        return Speed(momentary, at, done)
    weight = min(elapsed / SMOOTHING_SECONDS, 1.0)
    return Speed(speed.rate + (momentary - speed.rate) * weight, at, done)


def eta_seconds(done: int, total: int | None, rate: float) -> float | None:
    """Pure; None where it can not be told."""
    if total is None or rate <= 0:
        return None
    return max(total - done, 0) / rate


class ProgressBook:
    """A reporter (see task.py) that keeps every phase; read and written from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._phases: dict[str, PhaseProgress] = {}
        self._speeds: dict[str, Speed] = {}

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        now, at = self._clock.now(), self._clock.monotonic()
        with self._lock:
            speed = self._speeds.get(phase)
            speed = Speed(0.0, at, done) if speed is None else advanced(speed, done, at)
            self._speeds[phase] = speed
            self._phases[phase] = self._told(phase, done, total, speed.rate, now)

    def _told(
        self, phase: str, done: int, total: int | None, rate: float, now: datetime
    ) -> PhaseProgress:
        finished = total is not None and done >= total
        known = self._phases.get(phase)
        if known is None:
            eta = eta_seconds(done, total, rate)
            return PhaseProgress(phase, done, total, rate, eta, now, now, finished)
        return replace(
            known, done=done, total=total, rate=rate, updated_at=now, finished=finished,
            eta_seconds=eta_seconds(done, total, rate),
        )  # fmt: skip

    def remark(self, phase: str, text: str) -> None:
        """Beside a phase that has begun."""
        with self._lock:
            known = self._phases.get(phase)
            if known is not None:
                self._phases[phase] = replace(known, note=text)

    def phases(self) -> tuple[PhaseProgress, ...]:
        """In the order in which they began."""
        with self._lock:
            return tuple(self._phases.values())
