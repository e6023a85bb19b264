"""Members that answer in ways that no mongod should: what they may cost, and what is told."""

import socket
import threading
from contextlib import closing
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from mmsconsole.errors import ReplyTooLarge, SourceUnreachable
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.monitoring.member_poll import MemberPoll
from mmsconsole.monitoring.questions import ANSWER_BYTES_MAX
from mmsconsole.secret import Secret
from tests.monitoring.test_member_poll import answering, fake_server, member_poll, trickle
from tests.support.backups import wait_until

GREETING = {"ok": 1.0, "isWritablePrimary": True}
NEVER_WHOLE = (1_000_000).to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little")


def poll_of(port: int) -> MemberPoll:
    return member_poll(parse_uri(Secret(f"mongodb://127.0.0.1:{port}")), f"127.0.0.1:{port}")


def test_a_greeting_that_comes_byte_by_byte_can_be_broken_off() -> None:
    def greet(channel: Any) -> None:
        channel.sendall(NEVER_WHOLE + (2013).to_bytes(4, "little") + bytes(5))
        trickle(channel)

    raised: list[Exception] = []
    with fake_server(greet) as port:
        poll = poll_of(port)

        def ask() -> None:
            with pytest.raises(SourceUnreachable) as found:
                poll.poll()
            raised.append(found.value)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()

        def broken_off() -> list[Exception]:
            poll.abort()
            return raised

        assert wait_until(broken_off)


def test_a_huge_answer_is_not_read_into_memory_and_the_others_are() -> None:
    asked: list[str] = []

    def tell(command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        asked.append(name)
        if name == "replSetGetStatus":
            return {"ok": 1.0, "members": b"x" * ANSWER_BYTES_MAX}
        return {"ok": 1.0, "setName": "rs0", "pid": 7}

    with fake_server(answering(tell)) as port, closing(poll_of(port)) as poll:
        answers = poll.poll()
        poll.poll()
    assert not answers.set_status
    assert any("too large" in words for words in answers.missing)
    assert answers.server_status["pid"] == 7
    assert asked.count("replSetGetStatus") == 1  # it is not sent again and again for nothing


def test_a_huge_greeting_is_no_greeting() -> None:
    def tell(_: dict[str, Any]) -> dict[str, Any]:
        return {"ok": 1.0, "setName": b"x" * ANSWER_BYTES_MAX}

    with fake_server(answering(tell)) as port, pytest.raises(ReplyTooLarge):
        poll_of(port).poll()


def test_texts_that_are_cut_between_two_bytes_hurt_nothing() -> None:
    """What clients call themselves is not checked by a server, and what it cuts off is not text."""
    whole = bson.encode({"ok": 1.0, "version": "xy", "name": "\xe9"})
    cut = RawBSONDocument(whole.replace("\xe9".encode(), b"\xc3?"))

    def tell(command: dict[str, Any]) -> Any:
        return GREETING if "hello" in command else cut

    with fake_server(answering(tell)) as port, closing(poll_of(port)) as poll:
        assert poll.poll().server_status["version"] == "xy"


def test_what_was_top_is_not_kept_but_the_names_of_the_busiest() -> None:
    """A hundred thousand collections would take hundreds of megabytes for each member."""
    usage = {"time": 5, "count": 1}
    totals = {f"shop.c{number}": {"total": usage} for number in range(500)}

    def tell(_: dict[str, Any]) -> dict[str, Any]:
        return {"ok": 1.0, "totals": totals}

    with fake_server(answering(tell)) as port, closing(poll_of(port)) as poll:
        poll.poll()
        assert len(poll._known.busiest) <= 40


def ending_after(sent: bytes) -> Any:
    def talk(channel: Any) -> None:
        channel.recv(16)
        channel.sendall(sent)
        channel.close()

    return talk


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(NEVER_WHOLE[:9], id="cut in the header"),
        pytest.param(NEVER_WHOLE + (2013).to_bytes(4, "little") + bytes(99), id="cut in the body"),
        pytest.param(b"\xff" * 64, id="another protocol"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="HTTP"),
    ],
)
def test_a_connection_that_breaks_is_closed_however_often(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []
    connect = socket.create_connection

    def remembered(*asked: Any) -> socket.socket:
        opened.append(connect(*asked))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", remembered)
    with fake_server(ending_after(sent)) as port:
        poll = poll_of(port)
        for _ in range(20):
            with pytest.raises(SourceUnreachable):
                poll.poll()
    assert len(opened) == 20
    assert {each.fileno() for each in opened} == {-1}


def test_a_document_that_is_nested_without_end_is_an_error_of_its_sender() -> None:
    nested = b"\x05\x00\x00\x00\x00"
    for _ in range(5000):
        inner = b"\x03a\x00" + nested
        nested = (len(inner) + 5).to_bytes(4, "little") + inner + b"\x00"
    deep = RawBSONDocument(bson.encode({"ok": 1.0, "deep": RawBSONDocument(nested)}))

    def tell(command: dict[str, Any]) -> Any:
        return GREETING if "hello" in command else deep

    unreadable = pytest.raises(SourceUnreachable, match="unreadable")
    with fake_server(answering(tell)) as port, closing(poll_of(port)) as poll, unreadable:
        poll.poll()
