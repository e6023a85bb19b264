"""Calls to Operations off the event loop, each with an end.

A thread of its own that is a daemon: a driver that hangs can then delay nobody who quits.
Textual's thread workers, and asyncio's, are waited for at exit.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from mmsconsole.errors import MmsError, NoEngine

T = TypeVar("T")

POLL_SECONDS_MAX = 15.0
ASK_SECONDS_MAX = 180.0
"""Starting a backup looks at every member of the source first."""


async def poll(call: Callable[[], T]) -> T:
    """Raises MmsError, NoEngine when nothing came in time."""
    try:
        return await asyncio.wait_for(_in_thread(call), POLL_SECONDS_MAX)
    except TimeoutError as error:
        raise NoEngine(f"no answer within {POLL_SECONDS_MAX:.0f} seconds") from error


async def ask(call: Callable[[], T]) -> T:
    """Raises MmsError; after the longest wait it is not known whether the thing was done."""
    try:
        return await asyncio.wait_for(_in_thread(call), ASK_SECONDS_MAX)
    except TimeoutError as error:
        raise MmsError(
            f"no answer within {ASK_SECONDS_MAX:.0f} seconds",
            hint="it may still be done: the jobs and events show it",
        ) from error


async def read(call: Callable[[], T]) -> T:
    """For as long as it takes: the call is given a task that whoever waits can cancel, and each of
    its steps has an end of its own. Raises MmsError.
    """
    return await _in_thread(call)


def _in_thread(call: Callable[[], T]) -> "asyncio.Future[T]":
    future: Future[T] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            answer = call()
        except BaseException as error:  # noqa: BLE001  handed whole to whoever awaits it
            future.set_exception(error)
        else:
            future.set_result(answer)

    threading.Thread(target=run, name="console errand", daemon=True).start()
    return asyncio.wrap_future(future)
