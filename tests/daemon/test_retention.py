"""What the policy keeps no longer is deleted: exactly that, whoever comes in between."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mmsconsole.alerts.conditions import CONDITIONS
from mmsconsole.alerts.defaults import default_rule
from mmsconsole.daemon import retention
from mmsconsole.daemon.removing import remove_deployment
from mmsconsole.daemon.retention import EXPIRED_MAX, PLAN_SECONDS
from mmsconsole.errors import MetadataError, NotFound, OutsideWindow, StorageError
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.in_use import (
    check_replayable,
    check_stays,
    mark_for_deletion,
    put_back,
)
from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.keeping import Days, optime, time


@pytest.fixture
def days(resources: Resources) -> Days:
    """Snapshots every twelve hours of five days, and all of the oplog. Two days are kept, and
    the oplog of one.
    """
    made = Days(resources)
    made.passes(120)
    for hour in range(12, 121, 12):
        made.snapshot(hour)
    return made


KEPT = [84, 96, 108, 120]
"""What is younger than two days (and the oplog window stands on 96)."""


def storage_of(days: Days) -> FaultyStorage:
    storage = days.resources.storage
    assert isinstance(storage, FaultyStorage)
    return storage


# -- snapshots


def test_what_has_expired_goes_record_and_manifests(days: Days) -> None:
    days.tick()
    assert days.hours() == KEPT
    assert days.manifests() == KEPT


def test_the_run_does_what_the_plan_says(days: Days) -> None:
    days.metadata.snapshots.set(days.name(24), hold="audit")
    planned = days.plan()
    before = {fate.id for fate in planned.fates}

    days.tick()

    left = {one.id for one in days.metadata.snapshots.of(days.id)}
    assert left == {fate.id for fate in planned.kept}
    assert before - left == {fate.id for fate in planned.expired}


def test_each_expired_snapshot_is_told_of_once_with_its_reason(days: Days) -> None:
    whys = [fate.why for fate in days.plan().expired]
    days.tick()
    days.tick()
    events = list(days.metadata.events.recent(days.id))
    assert sorted(event.text.partition("has expired: ")[2] for event in events) == sorted(whys)
    assert {event.kind for event in events} == {"snapshot expired"}
    (first,) = [event for event in events if event.details["snapshot"] == days.name(12)]
    assert (first.details["before"], first.details["after"]) == ("complete", "deleted")


def test_what_failed_or_was_rolled_back_goes_too(days: Days) -> None:
    days.metadata.snapshots.set(days.name(24), state=SnapshotState.FAILED, optime=None)
    days.metadata.snapshots.set(days.name(36), state=SnapshotState.INVALID)
    days.metadata.snapshots.set(days.name(108), state=SnapshotState.FAILED, optime=None)
    days.tick()
    assert days.hours() == KEPT
    before = {event.details["before"] for event in days.metadata.events.recent(days.id)}
    assert before == {"complete", "failed", "invalid"}


def test_a_source_that_is_away_deletes_nothing(days: Days) -> None:
    days.tick()
    days.clock.set(time(1000))
    days.tick()
    assert days.hours() == KEPT
    assert days.oplog_begins() == 96


def test_a_wall_clock_that_runs_backwards_deletes_nothing(days: Days) -> None:
    days.clock.set(time(20))
    days.tick()
    assert days.hours() == list(range(12, 121, 12))
    assert days.oplog_begins() == 12, "what lies before the first snapshot is of no use"


def test_the_last_good_one_stays_for_ever(days: Days) -> None:
    days.passes(600, step=480)
    days.tick()
    assert days.hours() == [120]


def test_one_tick_takes_a_bounded_number_and_later_ones_the_rest(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "EXPIRED_MAX", 2)
    assert EXPIRED_MAX > 2
    days.tick()
    assert days.hours() == list(range(36, 121, 12))
    days.tick()
    assert days.hours() == list(range(60, 121, 12))


def test_nothing_is_planned_anew_at_every_tick(days: Days) -> None:
    retention = days.retention()
    retention.tick()
    days.passes(132)
    retention.tick()
    assert days.hours() == KEPT
    days.clock.advance(PLAN_SECONDS)
    retention.tick()
    assert days.hours() == KEPT[1:]


def test_what_a_person_deleted_goes_at_the_next_tick(days: Days) -> None:
    retention = days.retention()
    retention.tick()
    mark_for_deletion(days.metadata, days.name(84), "ada asked for it", "ada")
    told = days.told()
    retention.tick()
    assert days.hours() == KEPT[1:] == days.manifests()
    assert days.told() == told, "who asked for it has left an event"


def test_a_deployment_that_is_removed_is_left_to_its_job(days: Days) -> None:
    days.metadata.deployments.set(days.id, removed=True)
    days.tick()
    assert len(days.hours()) == 10


def test_a_fault_at_one_deployment_does_not_keep_the_others(
    days: Days, resources: Resources
) -> None:
    other = Days(resources, "d0")
    other.passes(60)
    for hour in (1, 20, 55):
        other.snapshot(hour)
    storage_of(days).fail("list", 1)  # d0 comes first
    days.tick()
    assert days.hours() == KEPT
    assert other.manifests() == [1, 20, 55]
    storage_of(days).heal()
    days.tick()
    assert other.hours() == [20, 55] == other.manifests()


# -- somebody comes in between


def between(
    monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, other: Callable[[], None]
) -> None:
    """`other` runs once, right behind the first call of that name."""
    real, waiting = getattr(holder, name), [other]

    def call(*arguments: Any, **named: Any) -> Any:
        answer = real(*arguments, **named)
        while waiting:
            waiting.pop()()
        return answer

    monkeypatch.setattr(holder, name, call)


def test_a_restore_that_begins_behind_the_plan_keeps_its_snapshot(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> None:
        days.restore(12)
        check_stays(days.metadata, days.name(12))

    between(monkeypatch, retention, "retention_plan", begin)
    days.tick()
    assert days.hours() == [12, *KEPT]
    days.metadata.restores.set("r-d1", state=RestoreState.DONE)
    days.tick()
    assert days.hours() == KEPT


def test_a_restore_that_begins_behind_the_mark_is_refused_or_the_snapshot_stays(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has written itself down, and then sees the mark. The mark's writer sees it as well."""

    def begin() -> None:
        days.restore(12)
        with pytest.raises(NotFound):
            check_stays(days.metadata, days.name(12))

    between(monkeypatch, retention, "mark_for_deletion", begin)
    days.tick()
    assert days.hours() == [12, *KEPT]
    assert days.metadata.snapshots.get(days.name(12)).state is SnapshotState.COMPLETE
    days.metadata.restores.remove("r-d1")
    days.tick()
    assert days.hours() == KEPT
    assert len(days.told()) == 6


def test_a_hold_that_comes_behind_the_plan_counts(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold() -> None:
        days.metadata.snapshots.set(days.name(12), hold="audit")

    between(monkeypatch, retention, "retention_plan", hold)
    days.tick()
    assert days.hours() == [12, *KEPT]


def test_who_puts_it_back_behind_the_look_wins(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who delete: the one has seen a user that went again, the other has not."""
    marked = mark_for_deletion(days.metadata, days.name(12), "ada asked for it", "ada")

    def put_back() -> None:
        assert marked.leaving is not None
        days.metadata.snapshots.set(
            marked.id, state=SnapshotState.COMPLETE, leaving=None, hold="audit"
        )

    between(monkeypatch, retention, "check_unused", put_back)
    days.tick()
    assert days.hours() == [12, *KEPT]
    assert days.manifests() == [12, *KEPT]
    assert list(days.metadata.deletions.all()) == []


# -- broken off


def broken(*_: object, **__: object) -> None:
    raise MetadataError("does not answer")


@pytest.mark.parametrize("step", ["add", "remove_leaving"])
def test_a_snapshot_that_is_marked_is_removed_by_the_next_engine(days: Days, step: str) -> None:
    records = days.metadata.events if step == "add" else days.metadata.snapshots
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(records, step, broken)
        with pytest.raises(MetadataError):
            days.tick()
    assert days.metadata.snapshots.get(days.name(12)).state is SnapshotState.DELETING
    days.passes(121)

    days.tick()

    assert days.hours() == KEPT == days.manifests()
    assert len(days.told()) == 6, "each once"


def test_manifests_whose_record_is_gone_are_deleted_by_the_next_engine(days: Days) -> None:
    storage_of(days).fail("delete", 1)
    days.tick()
    assert (days.hours()[0], days.manifests()[0]) == (24, 12)
    storage_of(days).heal()

    days.tick()

    assert days.hours() == KEPT == days.manifests()
    assert list(days.metadata.deletions.all()) == []


def test_what_a_store_has_locked_is_deleted_when_it_may_be(days: Days) -> None:
    locked = [one.key for one in days.resources.storage.list("manifests") if "-12." in one.key]
    storage_of(days).locked = set(locked)
    days.tick()
    assert days.hours() == KEPT
    assert days.manifests() == [12, *KEPT]

    storage_of(days).locked = set()
    days.tick()
    days.clock.advance(timedelta(days=2).total_seconds())
    days.tick()
    assert days.manifests() == days.hours()


# -- stored oplog


def test_the_window_moves_as_far_as_its_snapshot(days: Days) -> None:
    days.tick()
    assert days.oplog_begins() == 96
    assert days.deployment.oplog_from == optime(96)
    assert len(days.chunk_keys()) == 2

    days.passes(131)
    days.tick()
    assert days.oplog_begins() == 96, "no snapshot is 24 hours old and newer"
    days.passes(132)
    days.tick()
    assert days.oplog_begins() == 108


def test_a_replay_begins_before_its_snapshot_where_transactions_were_open(
    days: Days,
) -> None:
    days.metadata.snapshots.set(days.name(96), replay_from=optime(84))
    days.tick()
    assert days.oplog_begins() == 84


def test_a_chunk_that_is_needed_in_part_stays_whole(days: Days) -> None:
    between_two = Optime(optime(84).t + 60, 1, 1)
    days.metadata.snapshots.set(days.name(96), replay_from=between_two)
    days.tick()
    assert days.oplog_begins() == 84


def test_nothing_is_given_up_without_a_snapshot(resources: Resources) -> None:
    days = Days(resources)
    days.passes(100)
    days.tick()
    assert days.oplog_begins() == -12
    assert days.deployment.oplog_from is None


def test_a_head_that_is_far_behind_keeps_what_it_needs(days: Days) -> None:
    head = Head(
        "h1", days.id, "/h", "6.0.5", "6.0", time(0), SyncPhase.IN_SYNC, optime=optime(50),
        replay_from=optime(48),
    )  # fmt: skip
    days.metadata.heads.add(head)
    days.metadata.deployments.set(days.id, head="h1")
    days.tick()
    assert days.oplog_begins() == 48

    days.metadata.heads.set("h1", phase=SyncPhase.REBUILDING)
    days.passes(140)
    days.snapshot(139)
    days.tick()
    assert days.oplog_begins() == 48, "a rebuild begins from whichever snapshot it can"


def test_a_restore_to_a_point_keeps_what_it_replays(days: Days) -> None:
    days.restore(36, point=optime(40))
    days.tick()
    assert days.oplog_begins() == 36
    assert 36 in days.hours()


def test_who_begins_to_replay_before_it_is_given_up_is_waited_for(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the first look, and before the position is raised."""

    def begin() -> None:
        restore = days.restore(84, point=optime(90))
        check_replayable(days.metadata, days.metadata.snapshots.get(restore.snapshot))

    between(monkeypatch, retention, "oplog_to_keep", begin)
    days.tick()
    assert days.oplog_begins() <= 84
    assert days.deployment.oplog_from == optime(84)
    days.metadata.restores.set("r-d1", state=RestoreState.DONE)
    days.tick()
    assert days.oplog_begins() == 96


def test_who_begins_behind_that_is_refused(days: Days) -> None:
    days.tick()
    snapshot = days.metadata.snapshots.get(days.name(84))
    days.restore(84, point=optime(90))
    with pytest.raises(OutsideWindow, match="not kept any more"):
        check_replayable(days.metadata, snapshot)


def test_who_begins_right_behind_the_raise_may_be_refused_but_loses_nothing(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> None:
        days.restore(84, point=optime(90))

    between(monkeypatch, days.metadata.deployments, "set_where", begin)
    days.tick()
    assert days.oplog_begins() <= 84
    check_replayable(days.metadata, days.metadata.snapshots.get(days.name(84)))


def test_an_oplog_that_was_given_up_and_not_cut_is_cut_by_the_next_engine(
    days: Days,
) -> None:
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(days.resources.oplog_store, "cut_front", broken)
        with pytest.raises(MetadataError):
            days.tick()
    assert (days.deployment.oplog_from, days.oplog_begins()) == (optime(96), -12)
    days.tick()
    assert days.oplog_begins() == 96


def test_when_its_snapshot_is_lost_before_the_cut_the_window_stays(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback takes the newer ones back between raise and cut."""

    def lose() -> None:
        for hour in (96, 108, 120):
            days.metadata.snapshots.set(days.name(hour), state=SnapshotState.INVALID)

    between(monkeypatch, days.metadata.deployments, "set_where", lose)
    days.tick()
    assert days.deployment.oplog_from == optime(84)
    assert days.oplog_begins() == 84


def test_what_somebody_else_has_raised_meanwhile_is_left_alone(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raised() -> None:
        days.metadata.deployments.set(days.id, oplog_from=optime(3))

    between(monkeypatch, retention, "oplog_to_keep", raised)
    days.tick()
    assert days.deployment.oplog_from == optime(3)
    days.tick()
    assert days.oplog_begins() == 96


def test_it_ends_soon_when_the_engine_does(days: Days) -> None:
    running = days.retention()
    running.cancel()
    with pytest.raises(retention.Cancelled):
        running.tick()
    assert len(days.hours()) == 10


def test_a_store_that_is_away_is_tried_again(days: Days) -> None:
    storage_of(days).fail("list", 1, StorageError("away"))
    days.tick()
    storage_of(days).heal()
    assert days.manifests() == list(range(12, 121, 12))
    days.tick()
    assert days.manifests() == KEPT == days.hours()


def test_of_two_in_one_second_the_newer_one_is_the_last_good_one(days: Days) -> None:
    newer = days.metadata.snapshots.set(
        days.name(12), optime=Optime(optime(120).t, 2, 1), created_at=time(120)
    )
    days.passes(600, step=480)
    days.tick()
    assert [one.id for one in days.metadata.snapshots.of(days.id)] == [newer.id]


def test_a_deployment_goes_with_what_was_marked_of_it(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with what is put back just then: nobody asks any more."""
    marked = mark_for_deletion(days.metadata, days.name(12), "ada asked for it", "ada")
    between(monkeypatch, days.metadata.deletions, "note", lambda: put_back(days.metadata, marked))
    days.metadata.deployments.set(days.id, removed=True)
    host = MemberState(member_id(days.id, "a:1"), days.id, "a:1")
    days.metadata.members.report([host])
    sample = Sample(days.id, host.host, datetime.now(UTC), {"replication_lag": 1.0})
    days.metadata.samples.put(Grain.FINE, [sample])
    rule = default_rule("default", CONDITIONS[0], datetime.now(UTC), deployment=days.id)
    days.metadata.alert_rules.put(rule)
    remove_deployment(days.resources, days.id, Task())
    assert days.hours() == [] == days.manifests()
    assert list(days.metadata.members.of(days.id)) == []
    assert days.metadata.samples.latest(Grain.FINE, days.id, host.host) is None
    assert list(days.metadata.alert_rules.of("default", days.id)) == []
