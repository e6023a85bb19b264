"""An HTTP receiver on loopback that answers as a test tells it to."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG, DRIP, HUGE, BREAK = b"hang", b"drip", b"huge", b"break"


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are given one after the other; the last one again and again."""

    port: int = 0
    scheme: str = "http"
    answers: list[bytes] = field(default_factory=lambda: [OK])
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def answer(self) -> bytes:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def nobody() -> Iterator[int]:
    """A port of 127.0.0.1 that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def status(code: int, **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {code} Said\r\n{lines}Content-Length: 0\r\n\r\n".encode()


@contextmanager
def receiver(*answers: bytes, certificate: Path | None = None) -> Iterator[Receiver]:
    made = Receiver(answers=list(answers) or [OK])

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.received.append(Received(self.command, self.path, dict(self.headers), body))
            _give(self.connection, made)
            self.close_connection = True

        do_GET = do_POST = _take  # noqa: N815

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
    made.port, made.scheme = server.server_port, "https" if certificate else "http"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        made.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _give(connection: socket.socket, made: Receiver) -> None:
    answer = made.answer()
    try:
        if answer == HANG:
            made.ended.wait()
        elif answer == DRIP:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not made.ended.wait(0.02):
                connection.sendall(b"x")
        elif answer == HUGE:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
            while not made.ended.is_set():
                connection.sendall(b"x" * 65536)
        elif answer != BREAK:
            connection.sendall(answer)
    except OSError:
        pass  # it has seen enough
