"""Calls one step again and again, in a thread, at a rate, and can stand still between two steps."""

import threading
from collections.abc import Callable

from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError

TICK_SECONDS = 0.05
STEP_SECONDS_MAX = 60.0

RUN, PAUSE, STOP = "run", "pause", "stop"


class Runner:
    """A workload's engine: start, pause, resume, stop, from any other thread.

    `per_second` 0 means as fast as it goes. An error of a step ends the thread; the next call
    of pause(), check() or stop() raises it, so that no workload dies unseen.
    """

    def __init__(
        self, step: Callable[[], None], *, per_second: float, clock: Clock, name: str = "workload"
    ) -> None:
        self.steps = 0
        self._step = step
        self._burst = max(1, round(per_second * TICK_SECONDS)) if per_second else 0
        self._clock = clock
        self._change = threading.Condition()
        self._never = threading.Event()
        self._wanted = RUN
        self._still = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def pause(self, timeout_seconds: float = STEP_SECONDS_MAX) -> None:
        """Returns when the step that was running has ended and no other will begin."""
        self._ask(PAUSE)
        with self._change:
            if not self._change.wait_for(self._at_rest, timeout_seconds):
                raise MmsError(f"a step of the workload took more than {timeout_seconds:.0f} s")
        self.check()

    def resume(self) -> None:
        self._ask(RUN)

    def stop(self, timeout_seconds: float = STEP_SECONDS_MAX) -> None:
        self._ask(STOP)
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        self.check()

    def check(self) -> None:
        """Raise what a step raised."""
        if self._error is not None:
            raise MmsError(f"the workload failed: {self._error}") from self._error

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for the running step to end: long ones may cut short."""
        return self._wanted != RUN

    def _ask(self, wanted: str) -> None:
        with self._change:
            self._wanted = wanted
            self._change.notify_all()

    def _at_rest(self) -> bool:
        return self._still or not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._may_go_on():
                self._tick()
        except Exception as error:  # noqa: BLE001 - kept, and raised to whoever asks next
            self._error = error
        finally:
            with self._change:
                self._still = True
                self._change.notify_all()

    def _may_go_on(self) -> bool:
        with self._change:
            self._still = self._wanted == PAUSE
            self._change.notify_all()
            self._change.wait_for(lambda: self._wanted != PAUSE)
            self._still = False
            return self._wanted == RUN

    def _tick(self) -> None:
        """One burst of steps, then the rest of the tick in peace."""
        began = self._clock.monotonic()
        for _ in range(self._burst or 1):
            if self.hurried:
                return
            self._step()
            self.steps += 1
        rest = TICK_SECONDS - (self._clock.monotonic() - began)
        if self._burst and rest > 0:
            self._clock.wait(self._never, rest)
