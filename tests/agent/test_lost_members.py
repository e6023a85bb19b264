"""Initial syncs from sets whose members go, lag or begin anew."""

from collections.abc import Iterator
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from mmsconsole.agent.documents import DocumentFetcher
from mmsconsole.agent.initial_sync import InitialSync, SyncOptions, SyncPlan
from mmsconsole.agent.scan import CollectionScan
from mmsconsole.agent.start_position import MemberOplog, choose_start
from mmsconsole.clock import SystemClock
from mmsconsole.errors import SourceUnreachable
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.task import Task
from tests.support.guarded import GuardedSet
from tests.support.patience import insert, patiently
from tests.support.uplink import RecordingUplink, decoded, documents_of

Client = MongoClient[dict[str, Any]]
OPTIONS = SyncOptions(slice_bytes=50_000, patience_seconds=180, lag_seconds=1)
pytestmark = pytest.mark.xdist_group("agent-tail")


@pytest.fixture
def three(guarded_three: GuardedSet) -> Iterator[GuardedSet]:
    """All members run before and after."""
    yield guarded_three
    guarded_three.replica_set.start()
    guarded_three.replica_set.wait_for_secondaries()


@pytest.fixture
def client(three: GuardedSet) -> Iterator[Client]:
    with three.replica_set.client() as client:
        _empty(client)
        yield client
        _empty(client)


def _empty(client: Client) -> None:
    patiently(lambda: client.drop_database("app"))


def fill(client: Client, count: int) -> None:
    things = client.app.get_collection("things", write_concern=WriteConcern(3))
    insert(things, [{"_id": n, "x": "y" * 200} for n in range(count)])


def named(plan: SyncPlan, ns: str) -> SyncCollection:
    return next(each for each in plan.collections if each.ns == ns)


def test_a_member_killed_during_the_scan_is_replaced_by_another(
    three: GuardedSet, client: Client, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    fill(client, 5000)
    sync = InitialSync(three.origin("secondary"), uplink, clock, OPTIONS)
    plan = sync.begin("head", task)
    read = three.hosts.index(plan.member)
    assert read in three.replica_set.secondaries()

    def kill(collection: SyncCollection, number: int) -> None:
        if collection.ns == "app.things" and number == 3 and not uplink.restarted:
            three.replica_set.kill_member(read)
            uplink.before_slice = lambda collection, number: None

    uplink.before_slice = kill
    sync.run(plan.start, plan.collections, task)
    sync.close()
    assert "app.things" in uplink.restarted
    found = decoded(uplink.documents(named(plan, "app.things")))
    assert sorted(each["_id"] for each in found) == list(range(5000))


def test_a_member_that_begins_anew_during_the_scan_is_not_resumed(
    three: GuardedSet, client: Client, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    """Its records may have other ids now: a resume token of the old process says nothing."""
    fill(client, 5000)
    primary = three.replica_set.primary()
    with_one = [index for index in range(3) if index != primary]
    sync = InitialSync(three.origin("secondary"), uplink, clock, OPTIONS)
    plan = sync.begin("head", task)
    read = three.hosts.index(plan.member)
    other = next(index for index in with_one if index != read)

    def restart(collection: SyncCollection, number: int) -> None:
        if collection.ns == "app.things" and number == 3:
            uplink.before_slice = lambda collection, number: None
            three.replica_set.restart_member(read)
            three.replica_set.kill_member(other)

    uplink.before_slice = restart
    sync.run(plan.start, plan.collections, task)
    sync.close()
    assert "app.things" in uplink.restarted
    found = decoded(uplink.documents(named(plan, "app.things")))
    assert sorted(each["_id"] for each in found) == list(range(5000))


def test_what_a_lagging_member_does_not_show_lies_behind_its_start(
    three: GuardedSet, client: Client, uplink: RecordingUplink, task: Task
) -> None:
    fill(client, 100)
    late = three.replica_set.secondaries()[0]
    reader = three.reader(late)
    with three.held_back([late]):
        majority = client.app.get_collection("things", write_concern=WriteConcern("majority"))
        insert(majority, [{"_id": n} for n in range(100, 200)])
        start = choose_start(MemberOplog(reader), reader.host, task)
        seen = set(_scanned(three, client, late))
    reader.close()
    missed = [n for n in range(200) if n not in seen]
    behind = {"op": "i", "ns": "app.things", "ts": {"$gt": start.timestamp}}
    replayed = {entry["o"]["_id"] for entry in client.local["oplog.rs"].find(behind)}
    assert missed
    assert set(missed) <= replayed


def _scanned(three: GuardedSet, client: Client, member: int) -> list[Any]:
    info = next(iter(client.app.list_collections(filter={"name": "things"})))["info"]
    collection = SyncCollection(
        id="c", head="h", ns="app.things", uuid=bytes(info["uuid"]), kind="collection",
        options=b"", id_index=b"", indexes=(),
    )  # fmt: skip
    reader = three.reader(member)
    arrays = [bytes(each) for each in CollectionScan(reader, collection, 50_000).batches()]
    reader.close()
    return [each["_id"] for array in arrays for each in decoded(documents_of(array))]


def test_documents_that_no_majority_has_are_not_copied(three: GuardedSet, client: Client) -> None:
    fill(client, 10)
    primary = three.replica_set.primary()
    with three.held_back(three.replica_set.secondaries()):
        one = client.app.get_collection("things", write_concern=WriteConcern(1))
        insert(one, [{"_id": "uncommitted"}])
        assert _scanned(three, client, primary) == list(range(10))


def test_a_member_behind_the_start_is_passed_over(
    three: GuardedSet, client: Client, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    fill(client, 100)
    late, other = three.replica_set.secondaries()
    with three.held_back([late]):
        majority = client.app.get_collection("things", write_concern=WriteConcern("majority"))
        insert(majority, [{"_id": "newest"}])
        first = InitialSync(three.origin("primary"), uplink, clock, OPTIONS)
        plan = first.begin("head", task)
        first.close()
        three.replica_set.kill_member(other)
        second = InitialSync(three.origin("secondary"), uplink, clock, OPTIONS)
        second.run(plan.start, plan.collections, task)
        second.close()
    found = decoded(uplink.documents(named(plan, "app.things")))
    assert "newest" in [each["_id"] for each in found]


def test_a_listing_counts_only_once_it_is_majority_committed(
    three: GuardedSet, client: Client, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    """What it shows might else be rolled back, and the head keep it."""
    hasty = InitialSync(three.origin(), uplink, clock, SyncOptions(patience_seconds=1))
    sync = InitialSync(three.origin(), uplink, clock, OPTIONS)
    with three.held_back(three.replica_set.secondaries()):
        client.app.command("create", "uncommitted", writeConcern={"w": 1})
        with pytest.raises(SourceUnreachable, match="did not come within 1 s"):
            hasty.begin("head", task)
    plan = sync.begin("head", task)
    hasty.close()
    sync.close()
    assert named(plan, "app.uncommitted")


def test_a_start_that_no_member_reaches_is_said_after_a_while(
    three: GuardedSet, client: Client, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    fill(client, 1)
    sync = InitialSync(three.origin(), uplink, clock, OPTIONS)
    plan = sync.begin("head", task)
    sync.close()
    later = type(plan.start)(plan.start.t + 1_000_000, 1, plan.start.term)
    options = SyncOptions(patience_seconds=1, lag_seconds=1)
    hasty = InitialSync(three.origin(), uplink, clock, options)
    with pytest.raises(SourceUnreachable, match="did not come within 1 s"):
        hasty.run(later, plan.collections, task)
    hasty.close()


def test_missing_documents_are_fetched_from_the_members_that_are_left(
    three: GuardedSet, client: Client, clock: SystemClock, task: Task
) -> None:
    fill(client, 10)
    uuid = bytes(next(iter(client.app.list_collections(filter={"name": "things"})))["info"]["uuid"])
    reader = three.reader(three.replica_set.primary())
    after = reader.optimes().applied
    reader.close()
    origin = three.origin("secondary")
    freshest = three.hosts.index(origin.choose())
    fetcher = DocumentFetcher(origin, clock)
    for number in range(2):
        found = fetcher.fetch("app", uuid, bson.encode({"_id": number}), after, task)
        assert found.raw is not None
        assert bson.decode(found.raw)["_id"] == number
        if number == 0:
            three.replica_set.kill_member(freshest)
    fetcher.close()
