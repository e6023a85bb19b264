"""What a peer may send that is no reply of a mongod."""

import socket
import struct
import threading

import bson
import pytest

from mmsconsole.errors import CommandFailed, MmsError, SourceUnreachable
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.wire import (
    MESSAGE_BYTES_MAX,
    WireConnection,
    cursor_batch,
    message_header,
    succeeded,
    with_array,
)

OK = bson.encode({"ok": 1.0})
PING = [bson.encode({"ping": 1, "$db": "admin"})]


@pytest.fixture
def pair():
    """(our connection with one request under way, the peer's socket)."""
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    connection = WireConnection(ours, Address("peer", 1))
    connection.send(PING)
    theirs.recv(1 << 16)
    with connection, theirs:
        yield connection, theirs


def frame(body: bytes, *, length=None, answers=1, opcode=2013, flags=0, kind=0) -> bytes:
    length = len(body) + 21 if length is None else length
    return struct.pack("<iiiiIB", length, 99, answers, opcode, flags, kind) + body


@pytest.mark.parametrize(
    "sent",
    [
        frame(OK, length=0),
        frame(OK, length=-1),
        frame(OK, length=25),
        frame(OK, length=MESSAGE_BYTES_MAX + 22),
        frame(OK, length=0x7FFFFFFF),
        frame(OK, opcode=1),
        frame(OK, flags=2),
        frame(OK, flags=1, length=21),
        frame(OK, kind=1),
        frame(OK, answers=2),
        frame(OK, answers=0),
        frame(OK + b"\x00"),
        frame(struct.pack("<i", 1000) + OK[4:]),
        frame(struct.pack("<i", -5) + OK[4:]),
        frame(OK[:-1] + b"\x01"),
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_frame_that_lies_is_refused_and_the_connection_closed(pair, sent):
    connection, peer = pair
    peer.sendall(sent)

    with pytest.raises(SourceUnreachable):
        connection.receive()
    with pytest.raises(SourceUnreachable):
        connection.send(PING)


@pytest.mark.parametrize("kept", [0, 1, 20, 21, 30])
def test_a_reply_that_breaks_off_is_noticed(pair, kept):
    connection, peer = pair
    peer.sendall(frame(OK)[:kept])
    peer.close()

    with pytest.raises(SourceUnreachable, match="closed"):
        connection.receive()


@pytest.mark.parametrize("kept", [0, 20, 30])
def test_a_reply_that_stands_still_is_given_up(pair, kept):
    connection, peer = pair
    connection.timeout_seconds = 0.05
    peer.sendall(frame(OK)[:kept])

    with pytest.raises(SourceUnreachable, match="in time"):
        connection.receive()


def test_a_reply_in_single_bytes_is_put_together(pair):
    connection, peer = pair

    def dribble():
        for byte in frame(OK):
            peer.sendall(bytes([byte]))

    sender = threading.Thread(target=dribble)
    sender.start()

    assert connection.receive() == OK
    sender.join()


def test_a_checksum_is_stepped_over(pair):
    connection, peer = pair
    peer.sendall(frame(OK + b"crc!", flags=1))
    connection.send(PING)
    peer.sendall(frame(OK, answers=2))

    assert connection.receive() == OK
    assert connection.receive() == OK


def test_a_peer_that_does_not_read_is_given_up(pair):
    connection, _ = pair
    connection.timeout_seconds = 0.05

    with pytest.raises(SourceUnreachable, match="in time"):
        connection.send([bytes(32 << 20)])


def test_a_slow_reader_gets_every_byte_once(pair):
    connection, peer = pair
    parts = [bytes([number % 251]) * (number * 37 % 4001) for number in range(3000)]
    whole = b"".join(parts)
    received = bytearray()

    def read():
        while len(received) < len(whole) + 21:
            received.extend(peer.recv(1000))

    reader = threading.Thread(target=read)
    reader.start()
    connection.send(parts)
    reader.join()

    assert received[21:] == whole
    assert received[:21] == message_header(len(whole), 2)


INSIDE = {
    "type that does not exist": b"\x99a\x00\x00",
    "string longer than the reply": b"\x02a\x00\xff\xff\xff\x7fx\x00",
    "string of negative length": b"\x02a\x00\xf0\xff\xff\xffx\x00",
    "document of negative length": b"\x03a\x00\xf9\xff\xff\xff",
    "name without an end": b"\x01aaaaaaaaaaaa",
    "number without a value": b"\x01ok\x00",
}


@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE)
def test_a_body_that_is_no_document_is_the_servers_fault(pair, inside):
    connection, _ = pair
    body = struct.pack("<i", len(inside) + 5) + inside + b"\x00"

    with pytest.raises(SourceUnreachable, match="unreadable"):
        connection.checked(bytearray(body))
    with pytest.raises(MmsError):
        cursor_batch(body)


@pytest.mark.parametrize(
    "reply", [{}, {"ok": 0}, {"ok": "1"}, {"ok": None}, {"ok": float("nan")}, {"ok": 2}]
)
def test_what_does_not_say_ok_has_failed(pair, reply):
    connection, _ = pair

    with pytest.raises(CommandFailed):
        connection.checked(bytearray(bson.encode(reply)))


@pytest.mark.parametrize("ok", [1, 1.0, True, bson.Int64(1)])
def test_ok_may_be_any_number(ok):
    assert succeeded(bson.encode({"n": 1, "ok": ok}))


@pytest.mark.parametrize(
    "reply",
    [
        {"ok": 1},
        {"cursor": 1, "ok": 1},
        {"cursor": {}, "ok": 1},
        {"cursor": {"id": bson.Int64(1)}, "ok": 1},
        {"cursor": {"id": 1, "firstBatch": []}, "ok": 1},
        {"cursor": {"id": bson.Int64(1), "firstBatch": {}}, "ok": 1},
        {"cursor": "\x10\x00\x00\x00", "ok": 1},
    ],
)
def test_a_reply_without_a_cursor_is_refused(reply):
    with pytest.raises(SourceUnreachable):
        cursor_batch(bson.encode(reply))


@pytest.mark.parametrize("name", ["firstBatch", "nextBatch"])
def test_a_batch_is_found_wherever_it_stands(name):
    documents = [{"a": 1}, {"b": "cursor"}]
    cursor = {"ns": "a.b", name: documents, "id": bson.Int64(7)}
    reply = bson.encode({"x": {"cursor": 1}, "cursor": cursor, "ok": 1})

    batch = cursor_batch(reply)

    assert batch.cursor_id == 7
    assert not batch.empty
    assert reply[batch.start : batch.end] == bson.encode({"0": {"a": 1}, "1": {"b": "cursor"}})


def test_an_array_is_added_behind_a_commands_fields():
    array = bson.encode({"0": {"a": 1}})

    parts = with_array({"insert": "c", "ordered": True, "$db": "d"}, b"documents", array)

    assert array in parts
    assert bson.decode(b"".join(parts)) == {
        "insert": "c", "ordered": True, "$db": "d", "documents": [{"a": 1}]
    }  # fmt: skip
