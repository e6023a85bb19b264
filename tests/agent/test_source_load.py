"""The load of a copy on its source: held in bounds, paused under pressure, never for ever."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.agent.collection_copy import CollectionCopy
from mmsconsole.agent.initial_sync import InitialSync, SyncOptions, SyncPlan
from mmsconsole.agent.pressure import PressureLimits, Sample
from mmsconsole.agent.progress import Progress
from mmsconsole.agent.pump import SlicePump
from mmsconsole.agent.reader import Origin
from mmsconsole.agent.source_load import LOOK_SECONDS, LoadLimits, MemberGauge, SourceLoad
from mmsconsole.agent.source_member import Patience, SourceMember
from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled, SourceUnreachable
from mmsconsole.metadata.deployments import ReadFrom
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.topology import PRIMARY, SECONDARY, Member, ReplicaSet
from mmsconsole.optime import Optime
from mmsconsole.rate import BURST_SECONDS
from mmsconsole.secret import Secret
from mmsconsole.task import Cancellation, Task
from tests.agent.test_initial_sync import fill, named
from tests.support.clock import ManualClock
from tests.support.guarded import GuardedSet
from tests.support.uplink import RecordingUplink, decoded, documents_of

pytestmark = pytest.mark.xdist_group("agent-tail")
DIRTY = Sample(cache_dirty_percent=22.0)
CLEAN = Sample(cache_dirty_percent=1.0)
CAREFUL = LoadLimits(pressure=PressureLimits())


class FakeGauge:
    """Says one sample after the other, the last one for ever; an error is raised."""

    def __init__(self, *samples: Sample | Exception) -> None:
        self._samples = list(samples)
        self.asked = 0
        self.before: Callable[[int], None] = lambda asked: None

    def sample(self, host: str) -> Sample:
        self.asked += 1
        self.before(self.asked)
        said = self._samples.pop(0) if len(self._samples) > 1 else self._samples[0]
        if isinstance(said, Exception):
            raise said
        return said


def load(gauge: FakeGauge, clock: ManualClock, limits: LoadLimits = CAREFUL) -> SourceLoad:
    made = SourceLoad(gauge, clock, lambda: limits)
    clock.advance(LOOK_SECONDS)
    return made


def test_it_holds_still_until_the_pressure_is_gone_and_says_why() -> None:
    clock, told = ManualClock(auto_advance=True), list[str]()
    gauge = FakeGauge(DIRTY, replace(DIRTY, cache_dirty_percent=18.0), CLEAN)
    load(gauge, clock).ease("h:1", 1000, told.append, Task())
    assert told == [
        "paused: the source's cache is 22 % dirty",
        "paused: the source's cache is 18 % dirty",
        "",
    ]
    assert clock.slept == [LOOK_SECONDS, LOOK_SECONDS]


def test_a_source_is_not_asked_at_every_slice() -> None:
    clock, gauge = ManualClock(), FakeGauge(CLEAN)
    eased = load(gauge, clock)
    for _ in range(100):
        eased.ease("h:1", 1000, lambda text: None, Task())
    assert gauge.asked == 1


def test_a_pause_can_be_cancelled() -> None:
    cancellation = Cancellation()
    gauge = FakeGauge(DIRTY)
    gauge.before = lambda asked: cancellation.cancel() if asked == 3 else None
    with pytest.raises(Cancelled):
        load(gauge, ManualClock(auto_advance=True)).ease(
            "h:1", 1, lambda text: None, Task(cancellation)
        )


def test_a_source_that_does_not_tell_its_load_is_not_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gauge = FakeGauge(DIRTY, SourceUnreachable("gone", where="h:1"))
    load(gauge, ManualClock(auto_advance=True)).ease("h:1", 1, lambda text: None, Task())
    assert "the load of h:1 is not known just now" in caplog.text


def test_without_limits_the_source_is_not_asked() -> None:
    gauge = FakeGauge(DIRTY)
    load(gauge, ManualClock(), LoadLimits()).ease("h:1", 1, lambda text: None, Task())
    assert gauge.asked == 0


def test_limits_that_change_hold_within_seconds() -> None:
    clock, limits = ManualClock(auto_advance=True), [LoadLimits(bytes_per_second=1.0)]
    eased = SourceLoad(FakeGauge(CLEAN), clock, lambda: limits[0])
    limits[0] = LoadLimits()
    eased.ease("h:1", 1_000_000, lambda text: None, Task())
    assert sum(clock.slept) <= LOOK_SECONDS + 1


# -- with a real source ---------------------------------------------------------------------------


@pytest.fixture
def db(root: MongoClient[dict[str, Any]]) -> Iterator[Any]:
    root.drop_database("eased")
    yield root["eased"]
    root.drop_database("eased")


def test_a_member_tells_how_it_is_with_the_roles_of_a_backup(guarded: GuardedSet) -> None:
    sample = MemberGauge(guarded.source).sample(guarded.hosts[0])
    assert sample.cache_dirty_percent is not None
    assert sample.cache_used_percent is not None
    assert sample.tickets_percent is not None
    assert sample.lag_seconds == 0
    assert 0 <= sample.cache_dirty_percent <= sample.cache_used_percent <= 100
    assert 0 <= sample.tickets_percent <= 100


def test_a_sync_reads_no_more_bytes_than_its_clock_allows(
    guarded: GuardedSet, db: Any, uplink: RecordingUplink
) -> None:
    """By the accounts of a clock that only the throttle moves; nothing is really waited for."""
    fill(db.things, 20_000)
    clock, rate, slice_bytes = ManualClock(auto_advance=True), 100_000, 50_000
    options = SyncOptions(slice_bytes, limits=lambda: LoadLimits(bytes_per_second=rate))
    plan = _planned(guarded, uplink)
    began, sizes = clock.monotonic(), list[int]()

    def count(phase: str, done: int, total: int | None) -> None:
        sizes.append(done)
        spent = clock.monotonic() - began
        # The first batch of a collection is of 1000 documents, whatever they weigh.
        assert done <= rate * (spent + BURST_SECONDS) + 5 * slice_bytes

    plan = replace(plan, collections=[named(plan, "eased.things")])
    sync = InitialSync(guarded.origin(), uplink, clock, options)
    sync.run(plan.start, plan.collections, Task(report=count))
    sync.close()
    assert sizes[-1] >= 20_000 * 200
    assert clock.monotonic() - began >= sizes[-1] / rate - BURST_SECONDS - 1
    found = decoded(uplink.documents(named(plan, "eased.things")))
    assert sorted(each["_id"] for each in found) == list(range(20_000))


def _planned(guarded: GuardedSet, uplink: RecordingUplink) -> SyncPlan:
    """By the real clock: here the source itself is waited for."""
    planning = InitialSync(guarded.origin(), uplink, SystemClock())
    plan = planning.begin("head", Task())
    planning.close()
    return plan


def _copy(guarded: GuardedSet, uplink: RecordingUplink, member: SourceMember, task: Task) -> None:
    """The collection eased.things, copied as an initial sync copies it."""
    plan = _planned(guarded, uplink)
    things: SyncCollection = named(plan, "eased.things")
    with SlicePump(uplink) as pump:
        progress = Progress([things], task)
        CollectionCopy(member, plan.start, things, pump, progress, 50_000).run(task)
        pump.done(things)
        pump.drain()
    member.close()


def test_a_cursor_that_the_source_ends_during_a_long_pause_costs_nothing_but_a_find(
    guarded: GuardedSet, root: MongoClient[dict[str, Any]], db: Any, uplink: RecordingUplink
) -> None:
    """An hour of pause by its own clock: longer than cursors, sessions and patience last."""
    fill(db.things, 20_000)
    clock, ended = ManualClock(auto_advance=True), list[int]()

    def end_cursors(asked: int) -> None:
        if asked == 2:
            clock.advance(3600)
            ended.extend(_end_cursors(root))

    gauge = FakeGauge(DIRTY, DIRTY, CLEAN)
    gauge.before = end_cursors
    remarks: list[str] = []
    task = Task(remark=lambda phase, text: remarks.append(text))
    member = SourceMember(guarded.origin(), Patience(clock, 600), load=load(gauge, clock))
    _copy(guarded, uplink, member, task)
    assert ended, "there was no cursor to end: the test tests nothing"
    assert remarks[0] == "paused: the source's cache is 22 % dirty"
    assert remarks[-1] == ""
    assert uplink.restarted == []
    found = [each["_id"] for raw in _slices(uplink) for each in decoded(raw)]
    assert found == list(range(20_000))


def test_a_connection_that_breaks_during_a_long_pause_is_made_anew(
    guarded: GuardedSet, db: Any, uplink: RecordingUplink
) -> None:
    """As a firewall does with one that nobody uses. The pause is not held against the source."""
    fill(db.things, 20_000)
    clock, broken = ManualClock(auto_advance=True), list[str]()
    gauge = FakeGauge(DIRTY, CLEAN)
    member = SourceMember(guarded.origin(), Patience(clock, 600), load=load(gauge, clock))

    def break_connection(asked: int) -> None:
        if asked == 2:
            clock.advance(3600)
            reader = member.reader(None, Task())
            broken.append(reader.host)
            reader.close()

    gauge.before = break_connection
    _copy(guarded, uplink, member, Task())
    assert broken
    assert uplink.restarted == []
    found = [each["_id"] for raw in _slices(uplink) for each in decoded(raw)]
    assert found == list(range(20_000))


def _slices(uplink: RecordingUplink) -> list[list[bytes]]:
    """Of the one collection that was copied."""
    (slices,) = uplink.slices.values()
    return [documents_of(array) for _, array in sorted(slices.items())]


def _end_cursors(root: MongoClient[dict[str, Any]]) -> list[int]:
    """As the source does with cursors that nobody asks for ten minutes.

    The scan's is idle as soon as the batch that it was asked for ahead has been read.
    """
    deadline = time.monotonic() + 60
    while not (ids := _idle_cursors(root)) and time.monotonic() < deadline:
        time.sleep(0.05)
    root.eased.command({"killCursors": "things", "cursors": ids})
    return ids


def _idle_cursors(root: MongoClient[dict[str, Any]]) -> list[int]:
    idle = root.admin.aggregate([
        {"$currentOp": {"allUsers": True, "idleCursors": True}},
        {"$match": {"type": "idleCursor", "ns": "eased.things"}},
    ])  # fmt: skip
    return [each["cursor"]["cursorId"] for each in idle]


@pytest.mark.parametrize(
    ("prefer", "states", "avoid", "chosen"),
    [
        (ReadFrom.PRIMARY, "PSS", "", "0"),
        (ReadFrom.SECONDARY, "PSS", "", "1"),
        (ReadFrom.SECONDARY, "PSS", "1", "2"),
        (ReadFrom.SECONDARY, "PSS", "12", "0"),  # better the primary than none
        (ReadFrom.SECONDARY, "P", "", "0"),
        (ReadFrom.PRIMARY, "SS", "", "0"),  # an election: it need not be waited for
        (ReadFrom.PRIMARY, "PS", "0", "1"),
        (ReadFrom.SECONDARY, "PS", "01", "1"),  # all have failed: the preferred one again
    ],
)
def test_the_member_is_of_the_kind_that_the_settings_name_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, prefer: ReadFrom, states: str, avoid: str, chosen: str
) -> None:
    kinds = {"P": PRIMARY, "S": SECONDARY}
    members = tuple(Member(str(n), kinds[each], Optime(9, 1)) for n, each in enumerate(states))
    found = ReplicaSet("rs0", "id", "6.0.5", "6.0", members, None)
    monkeypatch.setattr(Origin, "replica_set", lambda self: found)
    origin = Origin(parse_uri(Secret("mongodb://h:1")), prefer)
    assert origin.choose(frozenset(avoid)) == chosen


def test_where_there_is_no_secondary_the_primary_is_read(
    guarded: GuardedSet, uplink: RecordingUplink, clock: SystemClock, task: Task
) -> None:
    sync = InitialSync(guarded.origin("secondary"), uplink, clock)
    assert sync.begin("head", task).member == guarded.hosts[0]
    sync.close()
