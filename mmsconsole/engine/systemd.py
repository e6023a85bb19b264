"""What systemd is told of the engine: ready, alive, stopping (sd_notify(3)). Nothing without it."""

import logging
import os
import socket
from collections.abc import Mapping

from mmsconsole.clock import Clock

log = logging.getLogger(__name__)

SEND_SECONDS = 1.0


class Systemd:
    """Of the environment that systemd gave. Its words are for the process itself, no child."""

    def __init__(self, environ: Mapping[str, str], clock: Clock, pid: int | None = None) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every = _watchdog_seconds(environ, os.getpid() if pid is None else pid) / 2
        self._clock = clock
        self._next = float("-inf")

    def ready(self) -> None:
        self._tell("READY=1")

    def alive(self) -> None:
        """Call it often; it tells every half of WatchdogSec."""
        if self._every and self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + self._every
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if self._address[:1] not in ("/", "@"):
            return
        # A leading @ stands for the zero byte of an abstract socket.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(SEND_SECONDS)
                sender.sendto(state.encode(), address)
        except OSError as error:
            log.warning("systemd could not be told %s: %s", state, error.strerror or "too late")


def _watchdog_seconds(environ: Mapping[str, str], pid: int) -> float:
    """0: nobody waits."""
    usec, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not (usec.isascii() and usec.isdigit()) or meant not in ("", str(pid)):
        return 0.0
    return int(usec) / 1_000_000
