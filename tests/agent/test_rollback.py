"""A source that loses a majority loses entries that were stored: the tail goes back and on."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from mmsconsole.clock import SystemClock
from mmsconsole.errors import SourceError
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import OnePlace
from tests.agent.conftest import guarded_set
from tests.support.guarded import GuardedSet
from tests.support.patience import insert
from tests.support.tailing import (
    assert_continuous,
    assert_equals_source,
    forget,
    newest,
    tailing,
    write,
)
from tests.support.uplink import RecordingUplink, StoringUplink

Client = MongoClient[dict[str, Any]]
pytestmark = pytest.mark.xdist_group("agent-tail")
SURVIVOR = 2


@pytest.fixture
def doomed(
    short_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[GuardedSet]:
    """Three members, of which the test may lose any."""
    survivor = {SURVIVOR: {"priority": 0}}  # whatever happens, it is no primary before it is alone
    yield from guarded_set(short_folder / "doomed", mongod_binary, clock, 3, survivor)


@pytest.fixture
def storing(tmp_path: Path, metadata: Metadata, clock: SystemClock) -> StoringUplink:
    return StoringUplink(
        OplogStore(OnePlace(LocalStorage(tmp_path)), metadata, clock), "deployment"
    )


def test_entries_that_the_source_lost_with_its_majority_are_forgotten(
    doomed: GuardedSet, storing: StoringUplink
) -> None:
    """The last member left becomes a set of its own by force, and has not everything."""
    replica_set = doomed.replica_set
    anchor = newest(doomed, replica_set.primary())
    with replica_set.client() as client:
        common = client["tailed"].get_collection("common", write_concern=WriteConcern(3))
        insert(common, [{"_id": n} for n in range(30)])
        with tailing(doomed, storing, anchor):
            storing.wait(lambda: 29 in storing.inserted("tailed.common"))
            with doomed.held_back([SURVIVOR]):
                write(client, list(range(20)), "lost")
                storing.wait(lambda: 19 in storing.inserted("tailed.lost"))
                _kill_others(doomed, SURVIVOR)
            _rule_alone(doomed, SURVIVOR)
            with replica_set.member_client(SURVIVOR) as direct:
                write(direct, list(range(20)), "new")
                storing.wait(lambda: 19 in storing.inserted("tailed.new"))
                assert_equals_source(storing, anchor, direct)
    assert storing.inserted("tailed.common") == list(range(30))
    assert storing.inserted("tailed.lost") == []
    assert_continuous(storing, anchor)
    ((point, reason),) = storing.rollbacks
    assert "rolled back or replaced" in reason
    assert str(point) in reason


def _kill_others(guarded: GuardedSet, survivor: int) -> None:
    for index in range(len(guarded.hosts)):
        if index != survivor:
            guarded.replica_set.kill_member(index)


def _rule_alone(guarded: GuardedSet, survivor: int) -> None:
    """Make it a set of one, as people do who have lost the others."""
    with guarded.replica_set.member_client(survivor) as direct:
        config = direct.admin.command("replSetGetConfig")["config"]
        config["version"] += 1
        (alone,) = [each for each in config["members"] if each["_id"] == survivor]
        config["members"] = [alone | {"priority": 1}]
        direct.admin.command("replSetReconfig", config, force=True)
    guarded.replica_set.wait_for_primary()


def test_entries_that_a_lost_primary_rolls_back_were_never_stored(
    guarded_three: GuardedSet, uplink: RecordingUplink
) -> None:
    replica_set = guarded_three.replica_set
    replica_set.start()
    replica_set.wait_for_secondaries()
    with replica_set.client() as client:
        write(client, ["before"], "rolled")
        anchor = newest(guarded_three, replica_set.primary())
        with tailing(guarded_three, uplink, anchor):
            write(client, ["committed"], "rolled")
            uplink.wait(lambda: "committed" in uplink.inserted("tailed.rolled"))
            with guarded_three.held_back(replica_set.secondaries()):
                primary = replica_set.primary()
                _write_alone(guarded_three, primary, "doomed")
                replica_set.kill_member(primary)
            replica_set.wait_for_primary()
            write(client, ["elsewhere"], "rolled")
            replica_set.start_member(primary)
            replica_set.wait_for_secondaries()
            left = ["before", "committed", "elsewhere"]
            _wait_until(lambda: _rolled_ids(guarded_three, primary) == left)
            write(client, ["after"], "rolled")
            uplink.wait(lambda: "after" in uplink.inserted("tailed.rolled"))
        assert uplink.inserted("tailed.rolled") == ["committed", "elsewhere", "after"]
        assert_continuous(uplink, anchor)
        assert not uplink.rollbacks
        forget(client)


def _write_alone(guarded: GuardedSet, primary: int, name: str) -> None:
    """Into the primary's journal, and nowhere else."""
    with guarded.replica_set.member_client(primary) as direct:
        alone = direct["tailed"].get_collection("rolled", write_concern=WriteConcern(1, j=True))
        insert(alone, [{"_id": name}])


def _rolled_ids(guarded: GuardedSet, member: int) -> list[str]:
    """As that member has them, sorted; none while it can not be read."""
    try:
        # A member that has rolled back forgets who was logged in: each time another connection.
        with closing(guarded.reader(member)) as reader:
            found = reader.decoded("tailed", {"find": "rolled"}, "rolled")
            return sorted(each["_id"] for each in found)
    except SourceError:
        return []


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not reached():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
