"""An end for a whole conversation: the timeouts of sockets are for each read alone."""

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType

ADDRESSES_MAX = 3


class Deadline:
    """A context manager. After `seconds` the sockets that it watches are shut down, so whoever
    waits for them wakes up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()

    def watch(self, connection: socket.socket) -> None:
        """A descriptor of our own: the number can not have passed to another connection."""
        watched = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._watched.append(watched)
            if self.passed:
                _shut(watched)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            for watched in self._watched:
                _shut(watched)


def addresses_of(host: str, port: int) -> list[str]:
    """A few at most. Raises OSError. The resolver has timeouts of its own (resolv.conf)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))[:ADDRESSES_MAX]


def connected(host: str, port: int, seconds: float, deadline: Deadline) -> socket.socket:
    """To the first address that answers. Raises OSError; begins no further try once time is up."""
    failed = OSError("no address")
    for address in addresses_of(host, port):
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failed = TimeoutError("too late") if deadline.passed else error
        if deadline.passed:
            break
    raise failed


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
