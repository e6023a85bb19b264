"""Monitoring through the door, on a real metadata database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.alerts.defaults import ensure_defaults
from mmsconsole.alerts.judging import judge
from mmsconsole.errors import NotFound, UsageError
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.members import HotCollection, MemberState, Operation, member_id
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.operations.alert_views import RuleWish
from mmsconsole.operations.operations import Operations
from mmsconsole.settings import Settings
from tests.operations.members import state
from tests.operations.records import SteppingClock
from tests.support.metadata import settings_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def deployment(metadata: Metadata, shop: str) -> Deployment:
    return metadata.deployments.named(shop)


@pytest.fixture
def seen(
    metadata: Metadata, deployment: Deployment, wall_clock: SteppingClock
) -> Callable[..., MemberState]:
    """Writes a member down as it was seen five seconds ago."""

    def write(number: int, role: str = "SECONDARY", **changes: object) -> MemberState:
        at = wall_clock.now() - timedelta(seconds=5)
        made = state(number, role, asked_at=at, seen_at=at, started_at=at - DAY)
        made = replace(
            made, id=member_id(deployment.id, made.host), deployment=deployment.id, **changes
        )  # type: ignore[arg-type]
        metadata.members.report([made])
        return made

    return write


Seen = Callable[..., MemberState]


def test_members_are_told_as_they_were_seen_and_the_primary_first(
    operations: Operations, seen: Seen
) -> None:
    seen(1)
    seen(2, "PRIMARY", values={"connections_current": 12.0})
    members = operations.members("shop")
    assert [(each.host, each.state, each.up) for each in members] == [
        ("db2:27017", "PRIMARY", True), ("db1:27017", "SECONDARY", True),
    ]  # fmt: skip
    assert members[0].values == {"connections_current": 12.0}
    assert (members[0].uptime_seconds, members[0].oplog_window_seconds) == (86_400.0, 100_000.0)
    assert operations.member("shop", "DB1") == members[1]
    with pytest.raises(NotFound):
        operations.member("shop", "db3")
    with pytest.raises(NotFound):
        operations.members("nosuch")


def test_a_member_that_nobody_asks_any_more_is_neither_up_nor_told_as_new(
    operations: Operations, seen: Seen, wall_clock: SteppingClock
) -> None:
    seen(1, "PRIMARY", values={"connections_current": 12.0})
    wall_clock.advance(20)
    assert operations.members("shop")[0].up
    assert len(operations.metrics_now("shop")) == 1
    wall_clock.advance(30)
    (member,) = operations.members("shop")
    assert (member.up, member.stale) == (False, True)
    assert operations.metrics_now("shop") == []
    health = operations.health("shop")
    assert [each.kind for each in health.warnings] == ["stale"]
    assert not health.well


def test_a_member_that_does_not_answer_is_asked_seldom_and_is_not_old_between_two_tries(
    operations: Operations, metadata: Metadata, seen: Seen, wall_clock: SteppingClock
) -> None:
    seen(1, "PRIMARY", error="Connection refused")
    wall_clock.advance(70)
    metadata.agents.report(Agent("embedded e1", "e1", wall_clock.now(), 1, 0.4))
    assert not operations.members("shop")[0].stale
    assert [each.kind for each in operations.health("shop").warnings] == ["unreachable"]
    wall_clock.advance(60)
    assert operations.members("shop")[0].stale


def test_health_puts_it_all_together(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    elected = wall_clock.now() - HOUR
    seen(1, "PRIMARY", elected_at=elected, term=4,
         values={"poll_ms": 3.5, "poll_cpu_ms": 1.5, "poll_server_ms": 0.5})  # fmt: skip
    seen(2, missing=("hostInfo: not allowed",))
    seen(3, sync_source="db2:27017", missing=("hostInfo: not allowed",))
    metadata.agents.report(Agent("embedded e1", "e1", wall_clock.now(), 3, 0.4))
    metadata.events.add(
        Event(new_id(), wall_clock.now() - 2 * HOUR, "new primary", "db2 is the new primary",
              deployment=deployment.id, details={"member": "db2:27017", "term": "3"})
    )  # fmt: skip
    health = operations.health("shop")
    assert health.well
    assert (health.kind, health.primary, health.warnings) == ("replica set", "db1:27017", ())
    assert [each.host for each in health.members] == ["db1:27017", "db2:27017", "db3:27017"]
    assert health.chain[0].followers[0].followers[0].host == "db3:27017"
    assert [(each.host, each.term) for each in health.elections] == [
        ("db1:27017", 4), ("db2:27017", 3),
    ]  # fmt: skip
    assert health.missing == ("hostInfo: not allowed (db2:27017, db3:27017)",)
    assert (health.costs[0].poll_ms, health.costs[1].poll_ms) == (3.5, None)
    assert [(each.id, each.up, each.members) for each in health.agents] == [
        ("embedded e1", True, 3)
    ]


def test_health_goes_by_the_deployment_s_own_rules_also_by_those_that_tell_nobody(
    operations: Operations, seen: Seen
) -> None:
    def told(**wish: object) -> list[str]:
        operations.set_alert_rule("replication lag", RuleWish(**wish), name="shop")  # type: ignore[arg-type]
        return [each.text for each in operations.health("shop").warnings]

    seen(1, "PRIMARY")
    seen(2, votes=0, lag_seconds=20.0)
    assert operations.health("shop").well
    assert told(threshold="15 s") == ["db2:27017 is 20 s behind (limit 15 s)"]
    assert told(enabled=False) == ["db2:27017 is 20 s behind (limit 15 s)"]
    assert told(threshold="30 s") == []


def test_health_is_not_well_while_an_alert_of_a_member_is_open(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    settings: Settings, wall_clock: SteppingClock,
) -> None:  # fmt: skip
    seen(1, "PRIMARY")
    seen(2, votes=0, lag_seconds=90.0)
    ensure_defaults(metadata, ["default"], wall_clock.now())
    operations.set_alert_rule("replication lag", RuleWish(for_="0 s"))
    judge(metadata, settings, "default", wall_clock.now(), 0.0)
    (alert,) = operations.alerts("shop")
    assert [each.text for each in operations.health("shop").warnings] == [alert.text]
    seen(2, votes=0, lag_seconds=0.0)
    (warning,) = operations.health("shop").warnings
    assert warning.text == "db2:27017 is 0 s behind: well again, but its alert is still open"


def test_a_primary_that_only_we_do_not_reach_is_the_primary(
    operations: Operations, metadata: Metadata, seen: Seen, wall_clock: SteppingClock
) -> None:
    metadata.agents.report(Agent("embedded e1", "e1", wall_clock.now(), 1, 0.4))
    seen(1, "PRIMARY", error="timed out")
    for number in (2, 3):
        seen(number, primary="db1:27017")
    health = operations.health("shop")
    assert (health.primary, [each.kind for each in health.warnings]) == (
        "db1:27017", ["unreachable"],
    )  # fmt: skip
    assert "but db2:27017 and db3:27017 see it as primary: timed out" in health.warnings[0].text


def test_why_there_is_nothing_to_see_is_told(
    operations: Operations, metadata: Metadata, settings: Settings, deployment: Deployment,
    wall_clock: SteppingClock, seen: Seen,
) -> None:  # fmt: skip
    health = operations.health("shop")
    assert health.empty == "the engine does not run, so nothing is asked: mmsconsole engine"
    assert not health.well
    metadata.deployments.set(deployment.id, monitored=False)
    assert operations.health("shop").empty.startswith("it is not monitored")
    assert operations.operations_now("shop").empty.startswith("it is not monitored")
    seen(1, "PRIMARY")
    assert operations.health("shop").empty.startswith("it is not monitored")
    metadata.deployments.set(deployment.id, monitored=True)
    assert operations.health("shop").empty == ""
    metadata.members.drop(deployment.id)
    off = settings_of(settings.home.config.parent, MMSCONSOLE_MONITORING_ENABLED="false")
    switched_off = Operations(
        metadata, off, wall_clock, operations._desk.actor, sources=operations._desk.sources
    )
    assert switched_off.health("shop").empty.startswith("monitoring is off in the settings")


def test_what_runs_is_told_of_all_members_the_longest_first(
    operations: Operations, seen: Seen
) -> None:
    def running(seconds: float) -> Operation:
        return Operation(f"{seconds}", "query", "a.b", seconds, "", "", "", False, "find b")

    seen(1, "PRIMARY", operations=(running(1.0), running(0.5)))
    hot = (HotCollection("a.c", 1.0, 2.0, 1.0, 1.0), HotCollection("a.b", 9.0, 0.0, 1.0, 1.0))
    seen(2, operations=(running(7.0),), hot=hot)
    top = operations.operations_now("shop")
    assert [(each.host, each.operation.seconds) for each in top.operations] == [
        ("db2:27017", 7.0), ("db1:27017", 1.0), ("db1:27017", 0.5),
    ]  # fmt: skip
    assert [each.collection.namespace for each in top.hot] == ["a.b", "a.c"]
    assert len(operations.operations_now("shop", "db1").operations) == 2


def test_members_on_one_machine_are_one_host_that_tells_what_is_of_the_machine(
    operations: Operations, seen: Seen
) -> None:
    values = {"host_cpu_percent": 12.0, "connections_current": 3.0}
    seen(1, "PRIMARY", values=values, host_info={"cores": "8"})
    seen(2, host="db1:27018", error="refused", seen_at=None)
    (host,) = operations.hosts("shop")
    assert (host.name, len(host.members)) == ("db1", 2)
    assert (host.values, host.info) == ({"host_cpu_percent": 12.0}, {"cores": "8"})


def put(
    metadata: Metadata, deployment: Deployment, grain: Grain, values: dict[str, list[float | None]],
    now: object, every: timedelta,
) -> None:  # fmt: skip
    """By subject, the last one just before now; None: no sample."""
    for subject, series in values.items():
        metadata.samples.put(grain, [
            Sample(deployment.id, subject, now - every * (len(series) - place), {  # type: ignore[operator]
                "connections_current": value, "connections_current__min": value - 1,
                "connections_current__max": value + 1, "db_objects": value,
                "collection_count": value,
            })
            for place, value in enumerate(series) if value is not None
        ])  # fmt: skip


def test_a_series_is_told_for_each_member_and_of_one_when_it_is_named(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    seen(1, "PRIMARY")
    seen(2)
    subjects = {
        "db1:27017": [1.0, 2.0, None, None, None, 6.0], "db2:27017": [5.0] * 6,
        "db1:27017/shop": [9.0],
    }  # fmt: skip
    put(metadata, deployment, Grain.FINE, subjects, wall_clock.now(), timedelta(seconds=10))
    found = operations.metric_series("shop", "connections_current", points=400)
    assert [(each.member, each.part, each.grain) for each in found] == [
        ("db1:27017", "", "10s"), ("db2:27017", "", "10s"),
    ]  # fmt: skip
    assert [point.value for point in found[0].points] == [1.0, 2.0, None, 6.0]
    assert found[0].last == 6.0
    (one,) = operations.metric_series("shop", "connections_current", member="db2")
    assert one.member == "db2:27017"
    assert one.unit == "count"


def test_a_week_is_read_from_minutes_with_the_lowest_and_the_highest(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    seen(1, "PRIMARY")
    now = wall_clock.now()
    put(metadata, deployment, Grain.MINUTE, {"db1:27017": [5.0] * 120}, now, MINUTE)
    (found,) = operations.metric_series(
        "shop", "connections_current", since=now - 7 * DAY, points=400
    )
    assert found.grain == "1m"
    assert {(each.value, each.low, each.high) for each in found.points} == {(5.0, 4.0, 6.0)}
    assert 5 <= len(found.points) <= 6


def test_what_is_not_rolled_up_yet_is_told_all_the_same(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    seen(1, "PRIMARY")
    now = wall_clock.now().replace(minute=30, second=0, microsecond=0)
    wall_clock.advance((now + HOUR - wall_clock.now()).total_seconds())
    now += HOUR
    whole = now.replace(minute=0)
    put(metadata, deployment, Grain.HOUR, {"db1:27017": [1.0, 2.0]}, whole, HOUR)
    put(
        metadata,
        deployment,
        Grain.MINUTE,
        {"db1:27017": [9.0] + [3.0] * 25},
        now - 5 * MINUTE,
        MINUTE,
    )
    put(metadata, deployment, Grain.FINE, {"db1:27017": [9.0] * 3 + [8.0] * 30}, now,
        timedelta(seconds=10))  # fmt: skip
    (found,) = operations.metric_series("shop", "connections_current", since=now - 7 * DAY)
    assert found.grain == "1h"
    assert [each.value for each in found.points][:2] == [1.0, 2.0]
    (_, _, newest) = found.points
    assert newest.at == whole
    assert newest.high == 8.0


def test_metrics_of_databases_have_a_series_for_each_of_them(
    operations: Operations, metadata: Metadata, seen: Seen, deployment: Deployment,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    seen(1, "PRIMARY")
    subjects: dict[str, list[float | None]] = {
        "db1:27017": [1.0], "db1:27017/shop": [7.0, 8.0], "db1:27017/logs": [3.0],
        "db1:27017/shop.orders": [2.0], "left:27017/shop": [1.0],
    }  # fmt: skip
    put(metadata, deployment, Grain.FINE, subjects, wall_clock.now(), 20 * MINUTE)
    found = operations.metric_series("shop", "db_objects")
    assert [(each.member, each.part) for each in found] == [
        ("db1:27017", "logs"), ("db1:27017", "shop"),
    ]  # fmt: skip
    assert [each.value for each in found[1].points] == [7.0, 8.0]


@pytest.mark.parametrize("metric", ["uptime", "db_objects"])
def test_times_at_the_end_of_the_calendar_are_times_without_samples(
    operations: Operations, seen: Seen, metric: str
) -> None:
    seen(1)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for since, until in ((first, None), (None, first), (first, last), (None, last)):
        for each in operations.metric_series("shop", metric, since=since, until=until):
            assert each.points == ()


def test_an_unknown_metric_is_refused_and_those_that_are_near_are_named(
    operations: Operations, seen: Seen
) -> None:
    seen(1, "PRIMARY")
    with pytest.raises(UsageError) as refused:
        operations.metric_series("shop", "conections_curent")
    assert "connections_current" in refused.value.hint
    with pytest.raises(UsageError):
        operations.metric_series("shop", "$where")


def test_the_catalogue_has_every_metric_once(operations: Operations) -> None:
    names = [each.name for each in operations.metrics()]
    assert len(set(names)) == len(names) > 30
