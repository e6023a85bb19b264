"""A process by its handle (pidfd): no signal of ours can reach a later one of the same number."""

import select
import signal
from contextlib import suppress

KILLED_SECONDS_MAX = 60
"""A process takes no longer to go after SIGKILL, unless the disk hangs: on a busy machine one of
much memory may need seconds."""


def wait_ended(handle: int, timeout_seconds: float) -> bool:
    """Wait for the end of a process, ours or not; True if it has come."""
    poll = select.poll()  # select() would refuse descriptors above 1023
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_seconds) * 1000))


def send_signal(handle: int, number: signal.Signals) -> None:
    """Nothing happens if the process has ended."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, number)
