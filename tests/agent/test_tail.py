"""The tail hands over every majority-committed entry once, or says why it can not."""

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from mmsconsole.agent.reader import Origin
from mmsconsole.agent.tail import ANSWER_SECONDS
from mmsconsole.errors import Cancelled, ResyncRequired, StorageError
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from tests.support.guarded import GuardedSet
from tests.support.patience import insert
from tests.support.tailing import assert_continuous, forget, newest, start, tailing, write
from tests.support.uplink import RecordingUplink

Client = MongoClient[dict[str, Any]]
pytestmark = pytest.mark.xdist_group("agent-tail")


# -- one member


def test_entries_come_without_gap_or_overlap(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    with tailing(guarded, uplink, anchor):
        for first in range(0, 300, 100):
            write(root, list(range(first, first + 100)))
            uplink.wait(lambda first=first: first + 99 in uplink.inserted("tailed.things"))
    assert uplink.inserted("tailed.things") == list(range(300))
    assert len(uplink.chunks) >= 3
    assert_continuous(uplink, anchor)
    root.drop_database("tailed")


def test_what_was_written_before_the_tail_began_is_caught_up(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    root["tailed"].many.insert_many([{"_id": n, "x": "y" * 1000} for n in range(20_000)])
    write(root, ["last"], "many")
    with tailing(guarded, uplink, anchor):
        uplink.wait(lambda: "last" in uplink.inserted("tailed.many"))
    assert uplink.inserted("tailed.many") == [*range(20_000), "last"]
    assert_continuous(uplink, anchor)
    assert all(sum(map(len, chunk.arrays)) < 32 << 20 for chunk in uplink.chunks)
    root.drop_database("tailed")


def test_an_entry_of_more_than_sixteen_megabytes_passes(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    large = {"_id": "large", "x": "y" * (16 * 1024 * 1024 - 64)}
    root["tailed"].large.insert_one(large)
    with tailing(guarded, uplink, anchor):
        uplink.wait(lambda: "large" in uplink.inserted("tailed.large"))
    assert_continuous(uplink, anchor)
    root.drop_database("tailed")


def test_a_chunk_ends_at_its_last_entry_and_carries_its_wall_clock(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    with tailing(guarded, uplink, anchor):
        write(root, ["a"])
        uplink.wait(lambda: "a" in uplink.inserted("tailed.things"))
    last, chunk = uplink.entries()[-1], uplink.chunks[-1]
    assert chunk.end.same_entry(Optime.of(last["ts"], last["t"]))
    assert chunk.wall == root.local["oplog.rs"].find_one({"ts": last["ts"]})["wall"]
    root.drop_database("tailed")


def test_the_tail_tells_where_it_is(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    anchor = newest(guarded)
    with tailing(guarded, uplink, anchor):
        write(root, ["a"])
        uplink.wait(lambda: bool(uplink.chunks) and uplink.tails[-1].stored == uplink.end)
    tail = uplink.tails[-1]
    assert (tail.id, tail.member, tail.error) == ("deployment", guarded.hosts[0], "")
    assert tail.source is not None
    assert tail.source >= anchor
    assert tail.oplog_window_seconds is not None


def test_a_tail_is_cancelled_while_nothing_happens(
    guarded: GuardedSet, uplink: RecordingUplink
) -> None:
    """Within AWAIT_SECONDS on a quick machine; on any, sooner than a member is given up."""
    with tailing(guarded, uplink, newest(guarded)) as running:
        uplink.wait(lambda: bool(uplink.tails))
        running.cancellation.cancel()
        began = time.monotonic()
        running.wait()
        assert time.monotonic() - began < ANSWER_SECONDS


def test_an_anchor_older_than_the_oplog_requires_a_resync(
    guarded: GuardedSet, uplink: RecordingUplink
) -> None:
    error = start(guarded.origin(), uplink, Optime(1000, 1, 1)).wait()
    assert isinstance(error, ResyncRequired)
    assert "ends at 1000:1" in str(error)
    assert not uplink.chunks


def test_an_anchor_of_another_term_requires_a_resync(
    guarded: GuardedSet, uplink: RecordingUplink
) -> None:
    there = newest(guarded)
    error = start(guarded.origin(), uplink, Optime(there.t, there.i, there.term + 1)).wait()
    assert isinstance(error, ResyncRequired)
    assert "rolled back" in str(error)


def test_an_anchor_that_is_no_entry_requires_a_resync(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    there = newest(guarded)
    while newest(guarded).t == there.t:
        write(root, [None], "holes")
        root["tailed"].holes.delete_one({"_id": None})
    error = start(guarded.origin(), uplink, Optime(there.t, there.i + 100_000, there.term)).wait()
    assert isinstance(error, ResyncRequired)
    root.drop_database("tailed")


def test_an_anchor_that_the_member_has_not_reached_is_waited_for(
    guarded: GuardedSet, uplink: RecordingUplink
) -> None:
    there = newest(guarded)
    with tailing(guarded, uplink, Optime(there.t + 1_000_000, 1, there.term)):
        uplink.wait(lambda: bool(uplink.tails) and "not come as far" in uplink.tails[-1].error)
    assert not uplink.chunks


def test_a_chunk_that_can_not_be_stored_ends_the_tail(
    guarded: GuardedSet, root: Client, uplink: RecordingUplink
) -> None:
    def full(body: ChunkBody) -> None:
        raise StorageError("no")

    uplink.before_chunk = full
    running = start(guarded.origin(), uplink, newest(guarded))
    write(root, [1])
    assert isinstance(running.wait(), StorageError)
    root.drop_database("tailed")


def test_a_user_whose_password_is_wrong_is_reported_and_tried_again(
    guarded: GuardedSet, uplink: RecordingUplink
) -> None:
    running = start(Origin(guarded.as_user("nobody"), "primary"), uplink, newest(guarded))
    uplink.wait(lambda: bool(uplink.tails))
    running.cancellation.cancel()
    assert isinstance(running.wait(), Cancelled)
    assert "uthentication" in uplink.tails[0].error
    assert "nobody-may-see-this" not in uplink.tails[0].error


def test_an_oplog_that_overruns_the_tail_requires_a_resync(
    start_mongod: Callable[..., MongodProcess], uplink: RecordingUplink
) -> None:
    """The tail stands while the source writes more than its oplog holds."""
    # An oplog is not cut off behind its last checkpoint, so that must come soon.
    process = start_mongod(repl_set="small", oplog_mb=2, extra=("--syncdelay", "1"))
    with process.client() as client:
        host = str(process.options.listen)
        config = {"_id": "small", "members": [{"_id": 0, "host": host}]}
        client.admin.command({"replSetInitiate": config})
        while not client.admin.command("hello")["isWritablePrimary"]:
            time.sleep(0.02)
        origin = Origin(parse_uri(Secret(process.options.listen.uri)), "primary")
        anchor = client.local["oplog.rs"].find_one(sort=[("$natural", -1)])
        assert anchor is not None
        position = Optime.of(anchor["ts"], anchor["t"])

        def overrun(body: ChunkBody) -> None:
            if not any(b"first" in bytes(array) for array in body.arrays):
                return  # entries of the set's own, from just after its election
            for _ in range(10):
                client.tailed.things.insert_one({"x": "y" * 1_000_000})
            while client.local["oplog.rs"].find_one()["ts"] <= body.end.timestamp:
                client.tailed.things.insert_one({"x": "y" * 1000})
                time.sleep(0.02)

        uplink.before_chunk = overrun
        running = start(origin, uplink, position)
        client.tailed.things.insert_one({"_id": "first"})
        error = running.wait()
    assert isinstance(error, ResyncRequired)
    assert "what lay between is lost" in str(error)
    assert uplink.inserted("tailed.things") == ["first"]


# -- three members


@pytest.fixture
def three(guarded_three: GuardedSet) -> Iterator[GuardedSet]:
    """All members run before and after."""
    yield guarded_three
    guarded_three.replica_set.start()
    guarded_three.replica_set.wait_for_secondaries()


def test_a_tail_survives_a_stepped_down_primary(three: GuardedSet, uplink: RecordingUplink) -> None:
    with three.replica_set.client() as client:
        write(client, ["before"], "steps")
        anchor = newest(three, three.replica_set.primary())
        with tailing(three, uplink, anchor):
            write(client, list(range(50)), "steps")
            uplink.wait(lambda: 49 in uplink.inserted("tailed.steps"))
            three.replica_set.step_down()
            write(client, list(range(50, 100)), "steps")
            uplink.wait(lambda: 99 in uplink.inserted("tailed.steps"))
            uplink.wait(lambda: uplink.tails[-1].member == three.hosts[three.replica_set.primary()])
        assert uplink.inserted("tailed.steps") == list(range(100))
        assert_continuous(uplink, anchor)
        forget(client)


def test_a_tail_survives_a_killed_primary(three: GuardedSet, uplink: RecordingUplink) -> None:
    with three.replica_set.client() as client:
        write(client, ["before"], "kills")
        primary = three.replica_set.primary()
        anchor = newest(three, primary)
        with tailing(three, uplink, anchor):
            write(client, list(range(50)), "kills")
            uplink.wait(lambda: 49 in uplink.inserted("tailed.kills"))
            three.replica_set.kill_member(primary)
            three.replica_set.wait_for_primary()
            write(client, list(range(50, 100)), "kills")
            uplink.wait(lambda: 99 in uplink.inserted("tailed.kills"))
        assert uplink.inserted("tailed.kills") == list(range(100))
        assert_continuous(uplink, anchor)
        assert any(tail.error for tail in uplink.tails)
        three.replica_set.start_member(primary)
        forget(client)


def test_a_tail_may_read_a_secondary(three: GuardedSet, uplink: RecordingUplink) -> None:
    with three.replica_set.client() as client:
        write(client, ["before"], "second")
        anchor = newest(three, three.replica_set.primary())
        secondaries = three.replica_set.secondaries()
        with three.kept_secondary(secondaries), tailing(three, uplink, anchor, "secondary"):
            write(client, list(range(50)), "second")
            uplink.wait(lambda: 49 in uplink.inserted("tailed.second"))
        hosts = {three.hosts[index] for index in secondaries}
        assert {tail.member for tail in uplink.tails if not tail.error} <= hosts
        assert_continuous(uplink, anchor)
        forget(client)


def test_entries_that_no_majority_has_are_not_handed_over(
    three: GuardedSet, uplink: RecordingUplink
) -> None:
    replica_set = three.replica_set
    with replica_set.client() as client:
        write(client, ["before"], "minority")
        anchor = newest(three, replica_set.primary())
        with tailing(three, uplink, anchor):
            write(client, ["committed"], "minority")
            uplink.wait(lambda: "committed" in uplink.inserted("tailed.minority"))
            with three.held_back(replica_set.secondaries()):
                one = WriteConcern(1)
                minority = client["tailed"].get_collection("minority", write_concern=one)
                insert(minority, [{"_id": "uncommitted"}])
                seen = len(uplink.tails)
                uplink.wait(lambda: len(uplink.tails) > seen + 1)
                assert "uncommitted" not in uplink.inserted("tailed.minority")
            uplink.wait(lambda: "uncommitted" in uplink.inserted("tailed.minority"))
        assert_continuous(uplink, anchor)
        forget(client)


def test_a_member_whose_oplog_begins_too_late_is_passed_over(
    three: GuardedSet, uplink: RecordingUplink
) -> None:
    """A secondary that was filled anew has none of the older entries; the primary has."""
    replica_set = three.replica_set
    with replica_set.client() as client:
        write(client, ["before"], "anew")
        anchor = newest(three, replica_set.primary())
        write(client, list(range(20)), "anew")
        renewed, other = replica_set.secondaries()
        replica_set.kill_member(renewed)
        shutil.rmtree(replica_set.folder / f"member{renewed}")
        replica_set.start_member(renewed)
        replica_set.wait_for_secondaries()
        with three.kept_secondary([renewed]):
            replica_set.kill_member(other)
            with tailing(three, uplink, anchor, "secondary"):
                uplink.wait(lambda: 19 in uplink.inserted("tailed.anew"))
        assert_continuous(uplink, anchor)
        assert any("begins behind" in tail.error for tail in uplink.tails)
        replica_set.start_member(other)
        forget(client)
