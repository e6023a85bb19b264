"""Policies are shown, tried out and changed, and nothing is deleted by surprise."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mmsconsole.errors import NotFound, Refused, UsageError
from mmsconsole.metadata.retaining import oplog_to_keep, retention_plan
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from mmsconsole.policy.policy import KEYS, SnapshotPolicy
from mmsconsole.secret import Secret
from tests.operations.records import NOW, URI, Daemon, FakeSources
from tests.operations.test_deployments import OTHER_SET

SHRINK = {"daily": 3, "base_days": 1}


def optime(moment: datetime, i: int = 1) -> Optime:
    return Optime(int(moment.timestamp()), i)


@pytest.fixture
def history(daemon: Daemon, synced: str) -> dict[str, str]:
    """Ten days with a snapshot at midnight, oplog of all that time: the ids by day of the month."""
    midnights = [datetime(2026, 2, day, tzinfo=NOW.tzinfo) for day in range(19, 29)]
    midnights += [datetime(2026, 3, 1, tzinfo=NOW.tzinfo)]
    taken = {
        f"{at:%d}": daemon.snapshot(synced, optime(at), created_at=at, due_at=at).id
        for at in midnights
    }
    ends = [at - timedelta(minutes=5) for at in midnights]
    daemon.chunks(synced, *(optime(at) for at in [*ends, NOW]))
    head = daemon.metadata.deployments.named(synced).head
    daemon.metadata.heads.set(head, optime=optime(NOW), replay_from=optime(NOW))
    return taken


def test_without_any_decision_the_settings_hold(operations: Operations, shop: str) -> None:
    for view in (operations.policy(), operations.policy(shop)):
        assert view.policy == view.inherited == SnapshotPolicy()
        assert view.decided_by == dict.fromkeys(KEYS, "settings")
    assert (operations.policy().deployment, operations.policy(shop).deployment) == ("", "shop")


def test_each_key_tells_who_has_decided_it(operations: Operations, shop: str) -> None:
    operations.set_policy(None, {"weekly": 8, "monthly": 1})
    view = operations.set_policy(shop, {"monthly": 2})
    assert (view.policy.weekly, view.policy.monthly, view.inherited.monthly) == (8, 2, 1)
    decided = [view.decided_by[key] for key in ("daily", "weekly", "monthly")]
    assert decided == ["settings", "group", "deployment"]
    assert (view.changed_by, operations.policy(shop)) == ("ada", view)
    assert operations.set_policy(shop, {"monthly": None}).policy.monthly == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"daily": 8}, "daily"),
        ({"dayly": 7}, "dayly"),
        ({"dayly": None}, "dayly"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"base_days": 30}, "shop, base_days"),
        ({"interval_minutes": 10**9}, "interval_minutes"),
        ({"weekly": "8"}, "weekly"),
    ],
)
def test_a_change_that_can_not_be_is_refused_and_nothing_changes(
    operations: Operations, shop: str, changes: dict[str, Any], where: str
) -> None:
    for ask in (operations.preview_policy, operations.set_policy):
        with pytest.raises(UsageError) as error:
            ask(shop, changes)
        assert error.value.where in (where, where.removeprefix("shop, "))
        assert error.value.hint
    assert operations.policy(shop).policy == SnapshotPolicy()


def test_a_change_of_the_group_that_one_of_its_deployments_can_not_bear_is_refused(
    operations: Operations, shop: str
) -> None:
    operations.set_policy(None, {"interval_minutes": 1440})
    operations.set_policy(shop, {"interval_minutes": 60})
    with pytest.raises(UsageError) as error:
        operations.set_policy(None, {"base_days": 30})
    assert error.value.where == "shop, base_days"
    operations.set_policy(shop, {"interval_minutes": None})
    assert operations.set_policy(None, {"base_days": 30}).policy.base_days == 30


def test_a_policy_of_a_deployment_that_is_not_there_is_not_found(operations: Operations) -> None:
    for ask in (operations.preview_policy, operations.set_policy):
        with pytest.raises(NotFound):
            ask("nosuch", {})
    with pytest.raises(NotFound):
        operations.policy("nosuch")


def test_a_preview_shows_what_goes_and_why_and_changes_nothing(
    operations: Operations, history: dict[str, str]
) -> None:
    preview = operations.preview_policy("shop", SHRINK)
    rows = {row.snapshot: row for row in preview.rows}
    assert len(rows) == len(history)
    gone = {row.snapshot for row in preview.gone}
    assert gone == {history[day] for day in ("24", "25", "26")}  # the 23rd is a Monday
    for day in ("24", "25", "26"):
        row = rows[history[day]]
        assert "the last was daily" in row.why
        assert not row.kept
        assert row.expires_before is not None
        assert row.expires_at is not None
        assert row.expires_at <= NOW < row.expires_before
    assert {"19", "23", "01"} <= {day for day, id_ in history.items() if rows[id_].kept}
    assert "last good" in rows[history["01"]].reasons
    assert preview.view.policy == SnapshotPolicy(daily=3, base_days=1)
    assert operations.policy("shop").policy == SnapshotPolicy()
    assert len(operations.snapshots("shop")) == len(history)


def test_a_preview_tells_what_was_stored_for_what_goes(
    operations: Operations, history: dict[str, str], synced: str
) -> None:
    preview = operations.preview_policy(synced, SHRINK)
    assert preview.gone_bytes == 100 * len(preview.gone) > 0
    assert {row.new_bytes for row in preview.rows} == {100}
    assert history


def test_a_preview_is_what_the_daemon_then_does(
    operations: Operations, daemon: Daemon, history: dict[str, str]
) -> None:
    shown = operations.preview_policy("shop", SHRINK | {"oplog_hours": 2})
    operations.set_policy("shop", SHRINK | {"oplog_hours": 2}, confirmed=True)
    deployment = daemon.metadata.deployments.named("shop")
    policy = daemon.metadata.policies.of(deployment, SnapshotPolicy())
    plan = retention_plan(daemon.metadata, deployment, policy, NOW)
    assert {fate.id for fate in plan.expired} == {
        row.snapshot for row in shown.rows if not row.kept
    }
    kept_from = oplog_to_keep(daemon.metadata, deployment, policy, NOW)
    assert [change.will_begin for change in shown.oplog] == [kept_from]


def test_what_would_delete_is_refused_until_it_is_confirmed(
    operations: Operations, history: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="this would delete 3 snapshots") as error:
        operations.set_policy("shop", SHRINK)
    assert "--dry-run" in error.value.hint
    assert operations.policy("shop").policy == SnapshotPolicy()
    with pytest.raises(Refused):
        operations.set_policy(None, SHRINK)  # it inherits that
    assert operations.set_policy("shop", SHRINK, confirmed=True).policy.daily == 3


def test_a_shorter_window_is_asked_about_too(
    operations: Operations, daemon: Daemon, history: dict[str, str]
) -> None:
    operations.set_policy("shop", {"oplog_hours": 96})
    (change,) = operations.preview_policy("shop", {"oplog_hours": 24}).cuts
    assert change.begins is not None
    assert change.will_begin is not None
    assert (change.begins.time.day, change.will_begin.time.day) == (25, 28)
    with pytest.raises(Refused, match="stored oplog of 1 deployment"):
        operations.set_policy("shop", {"oplog_hours": 24})
    assert operations.preview_policy("shop", {"oplog_hours": 120}).cuts == ()


def test_what_keeps_more_wants_no_confirmation(
    operations: Operations, history: dict[str, str]
) -> None:
    view = operations.set_policy("shop", {"daily": 360, "yearly": 5, "interval_minutes": 60})
    assert (view.policy.daily, view.policy.yearly) == (360, 5)


def test_what_has_expired_already_is_no_reason_to_ask(
    operations: Operations, history: dict[str, str]
) -> None:
    preview = operations.preview_policy("shop", {"yearly": 5})
    expired = {row.snapshot for row in preview.rows if not row.kept}
    assert expired == {history[day] for day in ("20", "21", "22")}
    assert not preview.deletes


def test_a_snapshot_that_is_being_deleted_is_in_no_preview(
    operations: Operations, daemon: Daemon, history: dict[str, str]
) -> None:
    daemon.metadata.snapshots.set(history["01"], state=SnapshotState.DELETING)
    rows = operations.preview_policy("shop", {}).rows
    assert history["01"] not in {row.snapshot for row in rows}
    assert [row.snapshot for row in rows if "last good" in row.reasons] == [history["28"]]


def test_a_change_of_the_group_shows_every_deployment(
    operations: Operations, history: dict[str, str], sources: FakeSources, daemon: Daemon
) -> None:
    sources.identity = OTHER_SET
    operations.add_deployment("store", Secret("mongodb://elsewhere"), snapshot_interval_minutes=0)
    daemon.snapshot("store", optime(NOW), created_at=NOW)
    preview = operations.preview_policy(None, SHRINK)
    assert {row.deployment for row in preview.rows} == {"shop", "store"}
    assert {change.deployment for change in preview.oplog} == {"shop", "store"}
    assert {row.deployment for row in preview.gone} == {"shop"}


def test_an_event_tells_who_changed_what_and_what_expires_by_it(
    operations: Operations, history: dict[str, str]
) -> None:
    operations.set_policy("shop", SHRINK, confirmed=True)
    operations.set_policy(None, {"weekly": 8})
    operations.set_policy("shop", {"daily": None})
    inherited, of_group, shrunk = operations.events(limit=3)
    assert {event.kind for event in (shrunk, of_group, inherited)} == {"policy changed"}
    assert {event.actor for event in (shrunk, of_group, inherited)} == {"ada"}
    assert (shrunk.deployment, of_group.deployment) == ("shop", "")
    assert "daily 7 -> 3, base_days 2 -> 1; 3 snapshots expire by it" in shrunk.text
    assert "weekly 4 -> 8" in of_group.text
    assert "daily 3 -> 7 (inherited again)" in inherited.text


def test_what_changes_nothing_leaves_no_event(operations: Operations, shop: str) -> None:
    operations.set_policy(shop, {"daily": 30})
    operations.set_policy(shop, {"daily": 30})
    operations.set_policy(shop, {"weekly": None})
    operations.set_policy(shop, {})
    assert len([event for event in operations.events() if event.kind == "policy changed"]) == 1


def test_the_next_snapshot_is_the_first_due_time_that_is_not_before_the_planned_one(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.chunks(synced, Optime(1, 1), optime(NOW))
    assert operations.policy(synced).next_at == NOW + timedelta(hours=6)
    planned = NOW + timedelta(hours=12)
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.deployments.set(deployment.id, planned_at=planned)
    assert operations.preview_policy(synced, {"interval_minutes": 60}).view.next_at == planned
    late = {"reference_hour": 1, "interval_minutes": 1440}
    assert operations.preview_policy(synced, late).view.next_at == planned + timedelta(hours=1)
    assert operations.preview_policy(synced, {"interval_minutes": 0}).view.next_at is None
    operations.stop_backup(synced)
    assert operations.policy(synced).next_at is None


def test_the_interval_may_be_chosen_with_the_deployment(
    operations: Operations, sources: FakeSources
) -> None:
    added = operations.add_deployment("shop", URI, snapshot_interval_minutes=5)
    assert added.snapshot_interval_minutes == 5
    assert operations.policy("shop").decided_by["interval_minutes"] == "deployment"
    edited = operations.edit_deployment("shop", snapshot_interval_minutes=60)
    assert (
        edited.snapshot_interval_minutes == operations.policy("shop").policy.interval_minutes == 60
    )
    operations.set_policy(None, {"base_days": 5})
    with pytest.raises(UsageError, match="interval_minutes can not be 7"):
        operations.edit_deployment("shop", new_name="other", snapshot_interval_minutes=7)
    assert operations.deployment("shop").snapshot_interval_minutes == 60
