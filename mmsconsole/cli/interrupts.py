"""Signals that end a piece of work in order, for commands that do it themselves."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mmsconsole.task import Cancellation

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def cancelled_by_signals() -> Iterator[Cancellation]:
    """Ctrl-C, a kill and a lost terminal ask the work to stop; a second Ctrl-C breaks it off.

    From the main thread only.
    """
    cancellation = Cancellation()

    def ask(number: int, _frame: FrameType | None) -> None:
        if cancellation.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        cancellation.cancel()

    before = {number: signal.signal(number, ask) for number in ENDING}
    try:
        yield cancellation
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
