"""The raw client of the hot path: OP_MSG (MongoDB Wire Protocol, opcode 2013) over one socket.

A message is a header (int32 length, request id, the request it answers, opcode), uint32 flags,
a section kind byte and one BSON document. Replies are received straight into the one buffer
that the caller gets; commands leave in parts, as they lie in memory. No document is decoded
but small ones: `run` is for those.
"""

import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from mmsconsole.errors import (
    CommandFailed,
    MmsError,
    ReplyTooLarge,
    SourceUnreachable,
    UnreadableEntry,
)
from mmsconsole.mongod import scram, tls
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_errors import command_error
from mmsconsole.mongod.source_uri import APPLICATION, SourceUri
from mmsconsole.rawbson import (
    ARRAY,
    DOCUMENT,
    INT64,
    Buffer,
    Field,
    fields,
    find,
    int32_at,
    int64_at,
)

OP_MSG = 2013
MESSAGE_BYTES_MAX = 48_000_000
"""The server's limit for a message (maxMessageSizeBytes); nothing larger is believed."""
PARTS_MAX = 1024
"""The kernel's limit for one sendmsg (IOV_MAX)."""
CHECKSUM_PRESENT = 1
READ_ANYWHERE = {"$readPreference": {"mode": "secondaryPreferred"}}
"""A secondary answers only reads that say this."""

DECODING: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
"""Of what a server answers: it may quote dates that are beyond Python's."""
READING: CodecOptions[dict[str, Any]] = DECODING.with_options(
    unicode_decode_error_handler="replace"
)
"""Of what only people read: servers quote what clients sent, and cut texts between two bytes."""

_HEADER = struct.Struct("<iiiiIB")
_int32 = struct.Struct("<i")
_SMALLEST_DOCUMENT = 5
_CHECKSUM_BYTES = 4
_SKIPPED_AT_ONCE = 65_536


def message_header(body_bytes: int, request_id: int) -> bytes:
    """What goes before a body document of that length."""
    return _HEADER.pack(_HEADER.size + body_bytes, request_id, 0, OP_MSG, 0, 0)


class ReplyHeader(NamedTuple):
    body_bytes: int
    checksum_bytes: int
    answers: int
    """The id of the request that this reply is for."""


def read_header(header: Buffer, where: str) -> ReplyHeader:
    """Raises SourceUnreachable for what is not the head of one plain OP_MSG reply."""
    length, _, answers, opcode, flags, kind = _HEADER.unpack(header)
    checksum = _CHECKSUM_BYTES if flags & CHECKSUM_PRESENT else 0
    body = length - _HEADER.size - checksum
    if opcode != OP_MSG or flags & ~CHECKSUM_PRESENT or kind != 0:
        raise SourceUnreachable("does not speak the MongoDB protocol", where=where)
    if not _SMALLEST_DOCUMENT <= body <= MESSAGE_BYTES_MAX:
        raise SourceUnreachable(f"announced a reply of {length} bytes", where=where)
    return ReplyHeader(body, checksum, answers)


def with_array(command: Mapping[str, Any], name: bytes, array: Buffer) -> list[Buffer]:
    """The parts of `command` with one more field, a BSON array that is used as it lies there."""
    before = bson.encode(command)[4:-1] + b"\x04%b\x00" % name
    length = 4 + len(before) + len(array) + 1
    return [_int32.pack(length) + before, array, b"\x00"]


class CursorBatch(NamedTuple):
    """A reply's firstBatch or nextBatch: reply[start:end] is the BSON array."""

    cursor_id: int
    """0: the cursor has come to its end."""
    start: int
    end: int

    @property
    def empty(self) -> bool:
        return self.end - self.start == _SMALLEST_DOCUMENT


def cursor_batch(reply: bytes | bytearray) -> CursorBatch:
    """Where the batch lies in the reply to a find or getMore; its documents are not looked at.

    Raises SourceUnreachable if there is none.
    """
    cursor_id, batch = None, None
    with _unreadable(""):
        cursor = find(reply, b"cursor")
        for field in fields(reply, cursor.start) if cursor else ():
            if field.name == b"id" and field.kind == INT64:
                cursor_id = int64_at(reply, field.start)
            elif field.name in (b"firstBatch", b"nextBatch") and field.kind == ARRAY:
                batch = field
    if cursor_id is None or batch is None or batch.end - batch.start < _SMALLEST_DOCUMENT:
        raise SourceUnreachable("answered without a cursor")
    return CursorBatch(cursor_id, batch.start, batch.end)


def succeeded(reply: bytes | bytearray) -> bool:
    """Whether its `ok` is 1 (a server sends a double; any number is taken)."""
    field = find(reply, b"ok")
    return field is not None and _number(reply, field) == 1


def _document_at(data: bytes | bytearray, path: Sequence[bytes]) -> Field | None:
    field, start = None, 0
    for name in path:
        field = find(data, name, start)
        if field is None or field.kind != DOCUMENT:
            return None
        start = field.start
    return field


def _number(data: bytes | bytearray, field: Field) -> float | None:
    if field.kind == 0x01:
        return float(struct.unpack_from("<d", data, field.start)[0])
    if field.kind in (0x10, 0x12):
        return float(int.from_bytes(data[field.start : field.end], "little", signed=True))
    return float(data[field.start]) if field.kind == 0x08 else None


class WireConnection:
    """One connection to one server, for one thread. Several commands may be under way.

    A connection that has raised anything but CommandFailed or MissingPrivileges is closed: what
    would come next on it is unknown.
    """

    def __init__(self, channel: socket.socket, address: Address) -> None:
        self.address = address
        self.hello: dict[str, Any] = {}
        """The server's answer to the greeting."""
        self.reply_bytes_max = MESSAGE_BYTES_MAX
        """Of a larger reply nothing is kept: ReplyTooLarge."""
        self._socket = channel
        self._last_request = 0
        self._awaited: deque[int] = deque()

    @classmethod
    def connect(
        cls, address: Address, source: SourceUri | None, timeout_seconds: float = 30,
        opened: "Callable[[WireConnection], None]" = lambda _: None,
    ) -> "WireConnection":  # fmt: skip
        """Connect, TLS and authentication as `source` says; None: neither.

        `timeout_seconds` is how long any step, now and later, may stand still. `opened` is called
        before the server is greeted, so that somebody else can abort() that as well. Raises
        SourceUnreachable, AuthenticationFailed, MissingPrivileges, CommandFailed.
        """
        try:
            channel = _open(address, timeout_seconds)
            if source and source.tls:
                channel = tls.wrap(channel, source.tls, address)
        except (OSError, UnicodeError) as error:  # the latter for what can be no host name
            raise SourceUnreachable(_said(error), where=str(address)) from error
        connection = cls(channel, address)
        try:
            opened(connection)
            connection._greet(source)
        except BaseException:
            connection.close()
            raise
        return connection

    def _greet(self, source: SourceUri | None) -> None:
        command: dict[str, Any] = {"hello": 1, "client": APPLICATION}
        if source and source.user:
            command["saslSupportedMechs"] = f"{source.auth_source}.{source.user}"
        self.hello = self.run("admin", command)
        if source:
            offered = self.hello.get("saslSupportedMechs")
            scram.authenticate(self.run, source, offered if isinstance(offered, list) else [])

    @property
    def timeout_seconds(self) -> float | None:
        return self._socket.gettimeout()

    @timeout_seconds.setter
    def timeout_seconds(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send(self, command: Sequence[Buffer]) -> None:
        """Send one command: the parts of its one BSON document, without joining them."""
        self._last_request = (self._last_request + 1) & 0x7FFFFFFF
        header = message_header(sum(map(len, command)), self._last_request)
        try:
            self._send_parts([header, *command])
        except OSError as error:
            raise self._broken(error) from error
        self._awaited.append(self._last_request)

    def _send_parts(self, parts: list[Buffer]) -> None:
        if isinstance(self._socket, tls.TlsSocket):
            for part in parts:
                self._socket.sendall(part)
            return
        while parts:
            sent = self._socket.sendmsg(parts[:PARTS_MAX])
            whole = 0
            while whole < len(parts) and sent >= len(parts[whole]):
                sent -= len(parts[whole])
                whole += 1
            parts = parts[whole:]
            if sent:
                parts[0] = memoryview(parts[0])[sent:]

    def receive(self) -> bytearray:
        """The body document of the reply to the oldest command under way, checked for its frame.

        Raises SourceUnreachable when the connection ends, stands still for too long, or brings
        something that is not that reply, and ReplyTooLarge.
        """
        try:
            header = read_header(self._read(_HEADER.size), str(self.address))
            if header.answers != self._awaited.popleft():
                raise SourceUnreachable("answered another request", where=str(self.address))
            if header.body_bytes > self.reply_bytes_max:
                self._skip(header.body_bytes + header.checksum_bytes)
                what = f"an answer of {header.body_bytes} bytes is too large to be read"
                raise ReplyTooLarge(what, where=str(self.address))
            body = self._read(header.body_bytes)
            if header.checksum_bytes:
                self._read(header.checksum_bytes)
            if int32_at(body, 0) != header.body_bytes or body[-1] != 0:
                what = "sent a reply whose length is not the announced one"
                raise SourceUnreachable(what, where=str(self.address))
        except OSError as error:
            raise self._broken(error) from error
        except CommandFailed:
            raise
        except MmsError:
            self.close()
            raise
        return body

    def _skip(self, count: int) -> None:
        while count:
            count -= len(self._read(min(count, _SKIPPED_AT_ONCE)))

    def _read(self, count: int) -> bytearray:
        buffer = bytearray(count)
        view = memoryview(buffer)
        while view:
            received = self._socket.recv_into(view)
            if not received:
                raise ConnectionResetError("the connection was closed")
            view = view[received:]
        return buffer

    def call(self, command: Sequence[Buffer]) -> bytearray:
        """Send and receive. Raises CommandFailed (MissingPrivileges) if `ok` is not 1."""
        self.send(command)
        return self.checked(self.receive())

    def checked(self, reply: bytearray) -> bytearray:
        """The reply itself, or the error that it tells of."""
        with self._readable():
            if succeeded(reply):
                return reply
            refused = bson.decode(reply, READING)
        raise command_error(refused, str(self.address))

    def run(self, db: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """A small command, encoded and decoded. Raises as `call`."""
        return self.decoded(self.call([bson.encode({**command, "$db": db})]))

    def decoded(
        self, reply: bytearray, path: Sequence[bytes] = (),
        options: CodecOptions[dict[str, Any]] = DECODING,
    ) -> dict[str, Any]:  # fmt: skip
        """`path`: only the document that lies there; {} where there is none."""
        with self._readable():
            if not path:
                return bson.decode(reply, options)
            field = _document_at(reply, path)
            return bson.decode(reply[field.start : field.end], options) if field else {}

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            with _unreadable(str(self.address)):
                yield
        except SourceUnreachable:
            self.close()
            raise

    def _broken(self, error: OSError) -> SourceUnreachable:
        self.close()
        return SourceUnreachable(_said(error), where=str(self.address))

    @property
    def certificate(self) -> bytes | None:
        """The server's, in DER; None without TLS."""
        if not isinstance(self._socket, tls.TlsSocket):
            return None
        return self._socket.getpeercert(binary_form=True)

    def abort(self) -> None:
        """From another thread: whoever waits here for an answer gets SourceUnreachable."""
        with suppress(OSError):  # it is closed already
            # Not the TLS socket's own: that takes away what the other thread is reading with.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "WireConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _unreadable(where: str) -> Iterator[None]:
    """Whatever is wrong inside a reply is the server's fault, and says so."""
    try:
        yield
    except (BSONError, UnreadableEntry, struct.error, IndexError, ValueError) as error:
        raise SourceUnreachable("sent an unreadable reply", where=where) from error


def _open(address: Address, timeout_seconds: float) -> socket.socket:
    if not address.is_unix:
        channel = socket.create_connection((address.host, address.port), timeout_seconds)
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return channel
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        channel.settimeout(timeout_seconds)
        channel.connect(address.host)
    except BaseException:
        channel.close()
        raise
    return channel


def _said(error: OSError | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return "did not answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
