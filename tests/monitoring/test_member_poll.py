"""One real member is asked, and tells what it may."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from pymongo import MongoClient, WriteConcern

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import AuthenticationFailed, SourceUnreachable, WrongReplicaSet
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.monitoring import member_poll as member_poll_module
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.asking import SLOW
from mmsconsole.monitoring.member_poll import ARBITER, MemberPoll, check_greeting
from mmsconsole.monitoring.readings import read_answers
from mmsconsole.secret import Secret
from tests.monitoring.conftest import Alone
from tests.support.backups import wait_until
from tests.support.clock import ManualClock


def member_poll(source: SourceUri, host: str, timeout: float = 30.0) -> MemberPoll:
    clock = SystemClock()
    return MemberPoll(source, host, clock, timeout_seconds=timeout, database_seconds=1200)


def poll_once(source: SourceUri, host: str, *, arbiter: bool = False) -> Answers:
    with closing(member_poll(source, host)) as poll:
        return poll.poll(arbiter=arbiter)


@pytest.fixture
def told(alone: Alone) -> Answers:
    return poll_once(alone.source("monitor"), str(alone.address))


def test_the_role_cluster_monitor_is_enough_for_everything(told: Answers) -> None:
    assert told.missing == ()
    assert told.server_status["process"] == "mongod"
    assert told.options["security"]["authorization"] == "enabled"
    assert told.host_info["system"]["numCores"] > 0
    assert told.fcv == "6.0"


def test_the_hosts_hardware_is_told_without_any_software_on_it(alone: Alone) -> None:
    """A second or so after its start, when the server has looked for the first time."""
    with closing(member_poll(alone.source("monitor"), str(alone.address))) as poll:
        found = wait_until(lambda: poll.poll().system_metrics)
    assert {"cpu", "memory", "disks", "netstat"} <= found.keys()


def test_sizes_of_databases_and_collections_are_told(told: Answers) -> None:
    assert told.databases["shop"]["objects"] == 10
    assert told.collections["shop.orders"]["count"] == 10
    assert "local" not in told.databases


def test_a_process_can_be_told_from_the_next_one(told: Answers) -> None:
    """Also of a standalone; uptime and pid alone may deceive."""
    assert bson.ObjectId.is_valid(read_answers(told).identity)


def test_the_certificate_of_its_port_is_told(told: Answers) -> None:
    assert told.certificate is not None
    left = told.certificate.ends - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(days=1)
    assert told.certificate.names == ("localhost", "127.0.0.1")


@pytest.mark.parametrize("told_at_most", [50, 0])
def test_a_locked_server_is_polled_and_told_as_locked(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, told_at_most: int
) -> None:
    """Also where more operations run than are told: the lock may be among the others."""
    monkeypatch.setattr(member_poll_module, "OPERATIONS_MAX", told_at_most)
    with closing(member_poll(alone.source("monitor"), str(alone.address))) as poll:
        assert poll.poll().locked is False
        with alone.root() as client:
            client.admin.command("fsync", lock=True)
            try:
                answers = poll.poll()
            finally:
                client.admin.command("fsyncUnlock")
        assert answers.locked
        assert answers.missing == ()
        assert answers.server_status
        assert poll.poll().locked is False


def test_polls_add_no_sorts_and_one_assert_each_to_what_a_member_counts(
    replica_set: LocalReplicaSet,
) -> None:
    """The assert is of the server itself, in each $currentOp. 20 polls; others may add a few."""
    host = str(replica_set.addresses[0])

    def counted() -> tuple[int, int]:
        status = client.admin.command("serverStatus")
        return status["metrics"]["operation"]["scanAndOrder"], status["asserts"]["user"]

    source = parse_uri(Secret(replica_set.uri))
    with (
        MongoClient[Any](host, directConnection=True) as client,
        closing(member_poll(source, host)) as poll,
    ):
        for _ in range(20):
            poll.poll()  # the sizes of what others have left here, views among it
        sorts, asserts = counted()
        for _ in range(20):
            poll.poll()
        now_sorts, now_asserts = counted()
    assert now_sorts == sorts
    assert now_asserts - asserts < 35


def test_a_view_and_a_dropped_collection_have_no_size_and_are_not_asked_again(
    alone: Alone,
) -> None:
    def failed() -> int:
        commands = client.admin.command("serverStatus")["metrics"]["commands"]
        return int(commands["aggregate"]["failed"])

    with (
        alone.root() as client,
        closing(member_poll(alone.source("monitor"), str(alone.address))) as poll,
    ):
        client.sights.drop_collection("view")
        client.sights.real.insert_one({})
        client.sights.gone.insert_one({})
        client.sights.create_collection("view", viewOn="real", pipeline=[])
        assert client.sights.view.count_documents({}) == 1
        client.sights.gone.drop()
        poll._known.busiest = ("sights.view", "sights.gone", "sights.real")
        poll._sizes.fill([], poll._known.busiest)
        before = failed()
        answers = poll.poll()
        assert answers.collections["sights.real"]["count"] == 1
        assert not [why for why in answers.missing if "sights" in why]
        assert failed() == before + 2
        assert poll._known.gone == {"sights.view", "sights.gone"}
        for _ in range(3):
            poll.poll()
        assert failed() == before + 2


def test_what_a_user_may_not_ask_is_missing_and_no_more(alone: Alone) -> None:
    with closing(member_poll(alone.source("nobody"), str(alone.address))) as poll:
        answers = poll.poll()
        assert answers.hello["isWritablePrimary"]
        assert not answers.server_status
        assert any("serverStatus" in words for words in answers.missing)
        with alone.root() as client:
            before = client.admin.command("serverStatus")["metrics"]["commands"]["top"]["failed"]
            again = poll.poll()
            after = client.admin.command("serverStatus")["metrics"]["commands"]["top"]["failed"]
        assert set(again.missing) == set(answers.missing)
        assert after == before  # each refusal is a line in the server's log


def test_who_is_not_let_in_hears_why(alone: Alone) -> None:
    wrong = parse_uri(Secret(alone.source("nobody").uri.reveal().replace(":nobody@", ":wrong@")))
    with pytest.raises(AuthenticationFailed):
        poll_once(wrong, str(alone.address))


def test_an_arbiter_is_asked_for_its_role_without_a_login(alone: Alone) -> None:
    answers = poll_once(alone.source("nobody"), str(alone.address), arbiter=True)
    assert answers.hello["isWritablePrimary"]
    assert answers.missing == (ARBITER,)


def test_a_member_of_a_set_tells_of_its_set_and_its_oplog(replica_set: LocalReplicaSet) -> None:
    source = parse_uri(Secret(replica_set.uri))
    answers = poll_once(source, str(replica_set.addresses[0]))
    assert answers.missing == ()
    assert answers.config["members"][0]["host"] == str(replica_set.addresses[0])
    assert answers.set_status["members"][0]["stateStr"] == "PRIMARY"
    assert answers.oplog_first is not None
    assert answers.oplog_last is not None
    assert answers.oplog_first <= answers.oplog_last
    assert answers.oplog_stats["maxSize"] > 0
    assert answers.certificate is None


def test_a_secondary_tells_the_sizes_of_its_databases_as_well(
    three_members: LocalReplicaSet,
) -> None:
    three_members.wait_for_secondaries()
    with three_members.client() as client:
        client.get_database("sizes", write_concern=WriteConcern(w=3)).orders.insert_one({})
    address = three_members.addresses[three_members.secondaries()[0]]
    answers = poll_once(parse_uri(Secret(three_members.uri)), str(address))
    assert answers.missing == ()
    assert answers.databases["sizes"]["objects"] == 1


def test_a_poll_tells_its_own_cost(replica_set: LocalReplicaSet) -> None:
    with closing(
        member_poll(parse_uri(Secret(replica_set.uri)), str(replica_set.addresses[0]))
    ) as poll:
        answers = [poll.poll() for _ in range(3)]
    for each in answers:
        assert each.cpu_ms > 0
        assert 0 < each.server_ms <= each.ms


def test_a_poll_holds_one_connection(replica_set: LocalReplicaSet) -> None:
    host = str(replica_set.addresses[0])
    with replica_set.client() as client:
        client.admin.command("ping")
        with closing(member_poll(parse_uri(Secret(replica_set.uri)), host)) as poll:
            poll.poll()
            made = [client.admin.command("serverStatus")["connections"]["totalCreated"]]
            for _ in range(5):
                poll.poll()
            made.append(client.admin.command("serverStatus")["connections"]["totalCreated"])
    assert made[1] - made[0] <= 2  # the other client's own, if any


def test_another_sets_name_is_refused() -> None:
    with pytest.raises(WrongReplicaSet, match="rs1"):
        check_greeting({"setName": "rs1"}, "a:1", "rs0")
    with pytest.raises(WrongReplicaSet, match="mongos"):
        check_greeting({"msg": "isdbgrid"}, "a:1", "rs0")
    check_greeting({"setName": "rs0"}, "a:1", "rs0")


def test_a_server_that_never_answers_is_given_up_after_the_timeout() -> None:
    with fake_server(lambda _: None) as port:
        poll = member_poll(
            parse_uri(Secret(f"mongodb://127.0.0.1:{port}")), f"127.0.0.1:{port}", 0.3
        )
        with pytest.raises(SourceUnreachable):
            poll.poll()


def test_a_server_that_answers_byte_by_byte_can_be_broken_off() -> None:
    with fake_server(trickle) as port:
        poll = member_poll(parse_uri(Secret(f"mongodb://127.0.0.1:{port}")), f"127.0.0.1:{port}")
        raised: list[Exception] = []

        def ask() -> None:
            try:
                poll.poll()
            except SourceUnreachable as error:
                raised.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        while thread.is_alive():
            poll.abort()
            thread.join(0.05)
        assert raised


def test_a_slow_server_is_not_asked_for_everything(manual_clock: ManualClock) -> None:
    """Each answer comes in time, all of them together would not."""
    asked: list[dict[str, Any]] = []

    def slowly(command: dict[str, Any]) -> dict[str, Any]:
        asked.append(command)
        manual_clock.advance(20)
        return {"ok": 1.0}

    with fake_server(answering(slowly)) as port:
        host = f"127.0.0.1:{port}"
        source = parse_uri(Secret(f"mongodb://{host}"))
        poll = MemberPoll(source, host, manual_clock, timeout_seconds=30, database_seconds=1200)
        answers = poll.poll()
    assert answers.missing == (SLOW,)
    assert len(asked) <= 4
    assert (answers.ms, answers.server_ms) == (len(asked) * 20_000, (len(asked) - 1) * 20_000)


def test_time_that_was_lost_before_the_counters_were_read_falsifies_no_rate(
    manual_clock: ManualClock,
) -> None:
    """A login, or a slow answer: a rate over ten seconds would be wrong by as much."""

    def tell(command: dict[str, Any]) -> dict[str, Any]:
        manual_clock.advance(4 if "top" in command else 0)
        return {"ok": 1.0}

    with fake_server(answering(tell)) as port:
        host = f"127.0.0.1:{port}"
        source = parse_uri(Secret(f"mongodb://{host}"))
        poll = MemberPoll(source, host, manual_clock, timeout_seconds=30, database_seconds=1200)
        began = manual_clock.monotonic()
        assert poll.poll().monotonic == began + 4


@pytest.mark.parametrize(
    "nonsense",
    [
        {"ok": 1.0, "cursor": 7, "totals": [1], "config": "x", "data": 5, "databases": {"a": 1}},
        {"ok": 1.0, "cursor": {"firstBatch": [1, None]}, "totals": {"a.b": 3}, "members": "?"},
        {"ok": 0.0, "code": 59, "errmsg": "no such command\x1b[31m"},
        {"ok": 0.0, "code": "x", "errmsg": 5},
    ],
)
def test_nonsense_from_a_server_is_no_answer_and_no_fault(nonsense: dict[str, Any]) -> None:
    def tell(document: dict[str, Any]) -> dict[str, Any]:
        return {"ok": 1.0, "setName": "rs0"} if "hello" in document else nonsense

    with fake_server(answering(tell)) as port:
        source = parse_uri(Secret(f"mongodb://127.0.0.1:{port}"))
        with closing(member_poll(source, f"127.0.0.1:{port}")) as poll:
            answers = [poll.poll(), poll.poll()]
    assert answers[1].hello == {"ok": 1.0, "setName": "rs0"}
    assert "\x1b" not in "".join(answers[1].missing)


@contextmanager
def fake_server(talk: Any) -> Iterator[int]:
    """A port of 127.0.0.1 that speaks as `talk` does; each connection in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    channel, _ = listening.accept()
                except OSError:
                    return
                kept.append(channel)
                threading.Thread(target=talk, args=(channel,), daemon=True).start()

        kept: list[socket.socket] = []
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for channel in kept:
            channel.close()


def trickle(channel: socket.socket) -> None:
    try:
        while True:
            channel.sendall(b"\x64")
            time.sleep(0.05)
    except OSError:
        return


def answering(reply: Any) -> Any:
    """OP_MSG, as far as one document each way needs it."""

    def talk(channel: socket.socket) -> None:
        try:
            while head := channel.recv(16, socket.MSG_WAITALL):
                length, request = (
                    int.from_bytes(head[:4], "little"), int.from_bytes(head[4:8], "little")
                )  # fmt: skip
                body = channel.recv(length - 16, socket.MSG_WAITALL)
                answer = bson.encode(reply(bson.decode(body[5:])))
                numbers = (21 + len(answer), 1, request, 2013, 0)
                header = b"".join(number.to_bytes(4, "little") for number in numbers)
                channel.sendall(header + b"\x00" + answer)
        except OSError:
            return

    return talk
