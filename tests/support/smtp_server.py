"""python -m tests.support.smtp_server MODE FOLDER: a real SMTP server in a process of its own.

Prints its port. Each mail that it takes is a file of FOLDER/mails: a line with the envelope, as
JSON, then the bytes. It ends when its standard input does, so nothing of it stays behind.

MODE: "plain", "starttls", "tls"; with "+auth" it asks for USER and PASSWORD; or "busy" (4xx),
"refusing" (5xx), "hanging" (says nothing), "dripping" (a greeting without end).
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

USER, PASSWORD = "backup", "hunter2-smtp"


@dataclass(frozen=True)
class Mail:
    sender: str
    to: list[str]
    tls: bool
    user: str
    message: EmailMessage


@dataclass(frozen=True)
class SmtpServer:
    port: int
    folder: Path

    @property
    def mails(self) -> list[Mail]:
        found = []
        for path in sorted((self.folder / "mails").iterdir()):
            head, _, content = path.read_bytes().partition(b"\n")
            message = message_from_bytes(content, policy=policy.default)
            found.append(Mail(**json.loads(head), message=message))  # type: ignore[arg-type]
        return found


@contextmanager
def smtp_server(mode: str, folder: Path, certificate: Path | None = None) -> Iterator[SmtpServer]:
    (folder / "mails").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.support.smtp_server", mode, str(folder)]
    process = subprocess.Popen(
        [*command, str(certificate or "")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield SmtpServer(int(process.stdout.readline()), folder)
    finally:
        process.kill()
        process.communicate()


class _Handler:
    def __init__(self, mode: str, folder: Path) -> None:
        self._mode = mode
        self._folder = folder
        self._count = 0

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        if self._mode == "refusing" or address.startswith("nobody@"):
            return f"550 5.1.1 no such user, {PASSWORD} was yours"
        if self._mode == "busy":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        head = {
            "sender": envelope.mail_from, "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or self._mode.startswith("tls"),
            "user": session.auth_data or "",
        }  # fmt: skip
        self._count += 1
        path = self._folder / "mails" / f"{self._count:04d}"
        partial = self._folder / "partial"
        partial.write_bytes(json.dumps(head).encode() + b"\n" + envelope.content)
        partial.rename(path)
        return "250 taken"


def _authenticator(server, session, envelope, mechanism, data):
    from aiosmtpd.smtp import AuthResult

    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False, auth_data=USER if right else None)


def _smtp(mode: str, handler: _Handler, context: ssl.SSLContext | None) -> Any:
    from aiosmtpd.smtp import SMTP  # takes a moment

    options: dict[str, Any] = {}
    if mode.startswith("starttls"):
        options |= {"tls_context": context, "require_starttls": True}
    if mode.endswith("+auth"):
        options |= {
            "authenticator": _authenticator, "auth_required": True,
            "auth_require_tls": mode.startswith("starttls"),
        }  # fmt: skip
    return SMTP(handler, hostname="mail.test", **options)


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"2")
        await asyncio.sleep(0.02)


async def _serve(mode: str, folder: Path, certificate: str) -> None:
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    odd = {"hanging": _hang, "dripping": _drip}
    if mode in odd:
        server = await asyncio.start_server(odd[mode], "127.0.0.1", 0)
    else:
        handler = _Handler(mode, folder)
        server = await asyncio.get_running_loop().create_server(
            lambda: _smtp(mode, handler, context), "127.0.0.1", 0,
            ssl=context if mode.startswith("tls") else None,
        )  # fmt: skip
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
