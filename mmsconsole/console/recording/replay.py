"""Operations and a clock made of a recording."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from mmsconsole.clock import Clock
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.recording.loading import Recording
from mmsconsole.console.recording.questions import (
    answer_of_json,
    answer_types,
    error_of_json,
    key_of,
)
from mmsconsole.errors import Refused


class ReplayClock:
    """Tells the time of the recording; it may run faster, stand still, and be set."""

    def __init__(self, recording: Recording, real: Clock, speed: float = 1.0) -> None:
        self._recording = recording
        self._real = real
        self._lock = threading.Lock()
        self._speed = speed
        self._at = 0.0
        self._since = real.monotonic()
        self._stands = False

    @property
    def seconds(self) -> float:
        """Since the beginning of the recording; not beyond its end."""
        with self._lock:
            return self._seconds()

    @property
    def length(self) -> float:
        return self._recording.seconds

    def move(self, seconds: float) -> float:
        """Forward, or back where it is negative; returns where it is then."""
        with self._lock:
            self._set(self._seconds() + seconds)
            return self._at

    def stand(self, still: bool) -> None:
        with self._lock:
            self._set(self._seconds())
            self._stands = still

    def _seconds(self) -> float:
        gone = 0.0 if self._stands else (self._real.monotonic() - self._since) * self._speed
        return min(self._at + gone, self._recording.seconds)

    def _set(self, seconds: float) -> None:
        self._at = min(max(0.0, seconds), self._recording.seconds)
        self._since = self._real.monotonic()

    def now(self) -> datetime:
        at = self._recording.began_at + timedelta(seconds=self.seconds)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        return self._real.monotonic()

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return self._real.wait(event, seconds)


def replayed(recording: Recording, clock: ReplayClock) -> OperationsPort:
    """They answer what was shown at the clock's time, and refuse to change anything."""
    return cast(OperationsPort, _Replayed(recording, clock))


class _Replayed:
    def __init__(self, recording: Recording, clock: ReplayClock) -> None:
        self._recording = recording
        self._clock = clock

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._answering(name) if name in answer_types() else _refuse

    def _answering(self, name: str) -> Callable[..., Any]:
        def answer(*args: Any, **kwargs: Any) -> Any:
            line = self._recording.answer(key_of(name, args, kwargs), self._clock.seconds)
            if "e" in line:
                raise error_of_json(line["e"] if isinstance(line["e"], dict) else {})
            return answer_of_json(name, line.get("a"))

        return answer


def _refuse(*_: object, **__: object) -> None:
    raise Refused("a recording can only be looked at", hint="open the console: mmsconsole")
