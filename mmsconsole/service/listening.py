"""Connections of the front end: not too many, from nobody too many, none that only waits.

They are counted from the moment they are accepted, so that a TLS handshake which never goes on
is one too: file descriptors are shared with the backups.
"""

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

log = logging.getLogger(__name__)

NO_LOG = logging.getLogger("mmsconsole.service.access")
NO_LOG.disabled = True
"""Requests are not logged: their paths carry tokens."""

HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 5.0
KEPT_SECONDS = 120.0
"""aiohttp's own limit between two requests; ours is shorter, and holds for the first one too."""
ACCEPT_AGAIN_SECONDS = 0.5
BACKLOG = 128
LINE_BYTES_MAX = 4096
FIELD_BYTES_MAX = 4096
HEADERS_MAX = 50


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int = 200
    per_address: int = 32
    headers_seconds: float = 15.0
    """A connection on which no request is complete for so long is closed."""


class Conversation(web.RequestHandler):
    """One connection. Its requests say when they begin and end (see application.py)."""

    def __init__(
        self, server: web.Server, limits: Limits, ended: Callable[[], None],
        logger: logging.Logger,
    ) -> None:  # fmt: skip
        self._own_loop = asyncio.get_running_loop()
        super().__init__(
            server, loop=self._own_loop, logger=logger, access_log=NO_LOG,
            keepalive_timeout=KEPT_SECONDS, max_line_size=LINE_BYTES_MAX,
            max_field_size=FIELD_BYTES_MAX, max_headers=HEADERS_MAX,
            lingering_time=1.0, auto_decompress=False,
        )  # fmt: skip
        self._limits = limits
        self._ended = ended
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.finished()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.began()
        super().connection_lost(exc)
        self._ended()

    def began(self) -> None:
        """A request is complete, and its answer is made."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def finished(self) -> None:
        """The next one is waited for, not for long."""
        self.began()
        self._watch = self._own_loop.call_later(self._limits.headers_seconds, self._give_up)

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it may quote what was sent
    ) -> web.StreamResponse:  # fmt: skip
        """What can not be read, or went wrong here. Neither is told."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.logger.error("a request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("broken off")
        answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}\n")
        answer.headers["Server"] = "mmsconsole"
        answer.force_close()
        return answer


class Listening:
    """One listening socket. serve() until it is cancelled; close() then."""

    def __init__(
        self, at: socket.socket, context: ssl.SSLContext,
        converse: Callable[[Callable[[], None]], asyncio.Protocol], limits: Limits,
    ) -> None:  # fmt: skip
        """`converse` makes the protocol of one connection; it is given what to call at its end."""
        self._socket = at
        self._context = context
        self._converse = converse
        self._limits = limits
        self._from: Counter[str] = Counter()
        self._open = asyncio.Semaphore(limits.connections)
        self._beginning: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._open.acquire()
            try:
                connection, address = await loop.sock_accept(self._socket)
            except OSError as error:  # no descriptors are left, or the client has gone already
                self._open.release()
                log.warning("a connection could not be accepted: %s", error)
                await asyncio.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            except BaseException:
                self._open.release()
                raise
            self._take(connection, str(address[0]))

    def close(self) -> None:
        for task in self._beginning:
            task.cancel()
        self._socket.close()

    def _take(self, connection: socket.socket, address: str) -> None:
        if self._from[address] >= self._limits.per_address:
            connection.close()
            self._open.release()
            return
        self._from[address] += 1
        task = asyncio.get_running_loop().create_task(self._begin(connection, address))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket, address: str) -> None:
        begun = False
        ended = self._end_of(address)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._converse(ended), connection, ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS, ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )  # fmt: skip
            begun = True
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.debug("a connection from %s did not begin: %s", address, error)
        finally:
            if not begun:
                ended()

    def _end_of(self, address: str) -> Callable[[], None]:
        """What to call when a connection ends; a second time it does nothing."""
        counted = [address]

        def ended() -> None:
            if counted:
                self._from[counted.pop()] -= 1
                self._from += Counter()  # drops the zeros
                self._open.release()

        return ended


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.create_server((host, port), family=family, backlog=BACKLOG)
    made.setblocking(False)
    return made
