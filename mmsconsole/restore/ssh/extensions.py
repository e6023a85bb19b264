"""What the library has no open door to: writes that do not wait for each answer, and OpenSSH's
own requests (its file PROTOCOL, section 4).

The library's way to write ahead (set_pipelined) forgets the answers that are still to come when
another request is made, and with them the word that a write has failed. So it is not used.
"""

from contextlib import suppress

import paramiko
from paramiko.message import Message
from paramiko.sftp import CMD_EXTENDED, CMD_EXTENDED_REPLY, CMD_STATUS, CMD_WRITE, int64

REQUEST_BYTES = 32_000
"""With its headers it fits a packet of the channel (32,768): a longer one would go as two."""
AHEAD = 128
"""Requests that wait for their answer at one time."""


class AheadWriter:
    """Writes one file, `AHEAD` requests at a time. Every answer is looked at."""

    def __init__(self, sftp: paramiko.SFTPClient, file: paramiko.SFTPFile, start: int) -> None:
        self._sftp = sftp
        self._handle = file.handle
        self._at = start
        self._waiting = 0

    def write(self, data: bytes) -> None:
        """Raises OSError, also for what was written before."""
        for begin in range(0, len(data), REQUEST_BYTES):
            while self._waiting >= AHEAD:
                self._take_answer()
            part = data[begin : begin + REQUEST_BYTES]
            self._sftp._async_request(  # type: ignore[attr-defined]
                self, CMD_WRITE, self._handle, int64(self._at), part
            )
            self._waiting += 1
            self._at += len(part)

    def sync(self) -> None:
        """All that was written is there, and durable if the server knows how. Raises OSError."""
        while self._waiting:
            self._take_answer()
        _answer(self._sftp, "fsync@openssh.com", self._handle)

    def _take_answer(self) -> None:
        self._sftp._read_response()  # type: ignore[attr-defined]  # calls _async_response

    def _async_response(self, kind: int, message: Message, _number: int) -> None:
        self._waiting -= 1
        if kind != CMD_STATUS:
            raise OSError("the server answered a write with something else")
        self._sftp._convert_status(message)  # type: ignore[attr-defined]


def free_bytes(sftp: paramiko.SFTPClient, folder: str) -> int | None:
    """For this user; None where the server does not tell."""
    message = _answer(sftp, "statvfs@openssh.com", folder)
    if message is None:
        return None
    _, fragment_bytes, _, _, available = (message.get_int64() for _ in range(5))
    return fragment_bytes * available


def _answer(sftp: paramiko.SFTPClient, name: str, argument: object) -> Message | None:
    """None where it answers with a status: done, or refused."""
    request = sftp._request  # type: ignore[attr-defined]
    with suppress(OSError):
        kind, message = request(CMD_EXTENDED, name, argument)
        if kind == CMD_EXTENDED_REPLY and isinstance(message, Message):
            return message
    return None
