"""What looks wrong for a moment, or from afar, and is not: by records and default rules."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.alerts.judging import forget, judge
from mmsconsole.metadata.alerts import Alert
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import SPACE_STORE, Space
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.optime import Optime
from mmsconsole.settings import Settings
from tests.alerts.causes import HOSTS, JUST_NOW, OPLOG, Product, T, host, snapshot
from tests.alerts.world import NOW, ago, deployment
from tests.support.metadata import settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


@pytest.fixture
def product(metadata: Metadata) -> Product:
    """With one deployment that is well."""
    product = Product(metadata)
    product.well("d1")
    return product


class Looking:
    """Looks at the group every ten seconds."""

    def __init__(self, metadata: Metadata, settings: Settings) -> None:
        self._metadata, self._settings = metadata, settings
        self._seconds = 0.0

    def look(self, seconds: float = 10, now: datetime = NOW) -> None:
        """`seconds`: since the look before, as the server counts them."""
        self._seconds += seconds
        judge(self._metadata, self._settings, "default", now, self._seconds)

    def look_for(self, seconds: int, step: int = 10) -> None:
        for _ in range(0, seconds, step):
            self.look(step)

    @property
    def alerts(self) -> list[Alert]:
        return list(self._metadata.alerts.listed(every=True))

    @property
    def opened(self) -> list[str]:
        return sorted(one.condition for one in self.alerts)

    @property
    def standing(self) -> list[str]:
        return sorted(one.condition for one in self.alerts if one.standing)


@pytest.fixture
def looking(metadata: Metadata, settings: Settings) -> Looking:
    return Looking(metadata, settings)


WIDE = {"oplog_window_seconds": 1_000_000}


def hours_off(product: Product, hours: float) -> None:
    """Everything as it was when the engine ended; the engine itself has just begun."""
    then, t = ago(hours=hours), T - int(hours * 3600)
    members = [host("d1", each, asked_at=then, seen_at=then) for each in HOSTS]
    product.metadata.members.report(members)
    product.tail("d1", seen_at=then, stored=Optime(t, 1), source=Optime(t, 1), **WIDE)
    product.head("d1", optime=Optime(t - 5, 1))
    product.copy("d1", oplog_end=Optime(t - 60, 1))
    product.job("d1", minutes=60 * hours)
    product.metadata.snapshots.collection.delete_many({})
    product.metadata.snapshots.add(snapshot("d1", hours + 1))
    product.engine("e1", agent_at=then, spaces_at=None, spaces=(), started_at=JUST_NOW)


def test_an_engine_that_was_off_for_hours_raises_nothing_when_it_begins_again(
    product: Product, looking: Looking
) -> None:
    hours_off(product, 10)
    looking.look_for(60)
    product.well("d1")
    product.engine("e1")
    product.tail("d1", stored=Optime(T - 9 * 3600, 1), **WIDE)  # it is read again, and catches up
    product.head("d1", optime=Optime(T - 10 * 3600, 1))
    product.metadata.snapshots.collection.delete_many({})
    product.metadata.snapshots.add(snapshot("d1", 11))
    looking.look_for(200)
    product.well("d1")
    looking.look_for(100)
    assert looking.opened == []


def test_a_backup_that_was_stopped_on_purpose_raises_nothing_then_nor_when_it_is_started_again(
    product: Product, looking: Looking
) -> None:
    hours_off(product, 7 * 24)
    product.hosts("d1")
    product.metadata.deployments.set("d1", backup="stopped")
    looking.look_for(60)
    product.metadata.deployments.set("d1", backup="started")
    looking.look_for(120)
    product.well("d1")
    looking.look_for(20)
    assert looking.opened == []


@pytest.mark.parametrize("hours", [3, -3, 240, -240])
def test_a_clock_that_jumps_raises_nothing(
    product: Product, looking: Looking, hours: float
) -> None:
    looking.look_for(20)
    jumped = NOW + timedelta(hours=hours)
    looking.look(now=jumped)
    looking.look(now=jumped)
    looking.look()
    assert looking.opened == []


def test_a_deployment_that_was_just_added_or_started_raises_nothing(
    metadata: Metadata, product: Product, looking: Looking
) -> None:
    metadata.deployments.add(deployment("d2", backup="inactive", head=""))
    metadata.deployments.add(deployment("d3", head=""))
    looking.look_for(100)
    product.metadata.members.report([host("d2", HOSTS[0], asked_at=None, state="")])
    looking.look_for(100)
    assert looking.opened == []


def test_a_primary_that_only_we_can_not_reach_leaves_no_set_without_one(
    product: Product, looking: Looking
) -> None:
    """The others still follow it."""
    lost = host("d1", HOSTS[0], error="refused", since=ago(minutes=1))
    product.metadata.members.report([
        lost, *(host("d1", each, primary=HOSTS[0]) for each in HOSTS[1:])
    ])  # fmt: skip
    looking.look_for(100)
    assert looking.opened == ["host down"]


@pytest.mark.parametrize("state", ["RECOVERING", "ROLLBACK"])
def test_a_member_too_stale_to_follow_is_behind_whatever_it_calls_itself(
    product: Product, looking: Looking, state: str
) -> None:
    product.hosts("d1", lag_seconds=4000.0)
    looking.look_for(140)
    product.hosts("d1", lag_seconds=4000.0, state=state)
    looking.look_for(140)
    assert looking.standing == ["replication lag"]


def test_when_monitoring_is_switched_off_what_it_had_found_is_closed(
    metadata: Metadata, product: Product, looking: Looking
) -> None:
    product.hosts("d1", error="refused", since=ago(minutes=1))
    looking.look_for(60)
    assert looking.standing == ["host down"]
    product.engine("e1", monitors=False)
    product.hosts("d1", error="refused", asked_at=ago(hours=1))
    looking.look_for(60)
    assert looking.standing == []


def test_a_host_that_is_asked_less_often_since_it_is_down_stays_known_to_be_down(
    product: Product, looking: Looking
) -> None:
    product.hosts("d1", error="refused", since=ago(minutes=9))
    looking.look_for(60)
    product.hosts("d1", error="refused", since=ago(minutes=9), asked_at=ago(seconds=75))
    looking.look()
    (alert,) = looking.alerts
    assert not alert.no_data
    product.hosts("d1", error="refused", since=ago(minutes=9), asked_at=ago(minutes=6))
    looking.look()
    (alert,) = looking.alerts
    assert alert.no_data


def test_an_election_of_long_ago_is_not_told_again_when_its_alert_is_forgotten(
    metadata: Metadata, product: Product, looking: Looking
) -> None:
    product.metadata.members.report([host("d1", HOSTS[0], elected_at=ago(minutes=5))])
    looking.look()
    looking.look(seconds=700)
    assert looking.opened == ["new primary"]
    later = NOW + timedelta(days=91)
    forget(metadata, later, timedelta(days=90))
    assert looking.opened == []
    fresh = later - timedelta(seconds=5)
    elected = {"elected_at": ago(minutes=5), "asked_at": fresh, "seen_at": fresh}
    product.metadata.members.report([host("d1", HOSTS[0], **elected)])
    looking.look(now=later)
    assert "new primary" not in looking.opened


def test_a_snapshot_is_not_late_before_it_is_due_by_a_new_policy(
    metadata: Metadata, product: Product, looking: Looking
) -> None:
    """Nothing is taken for a time before the one that was planned."""
    metadata.deployments.set("d1", planned_at=ago(hours=-4))
    metadata.snapshots.collection.delete_many({})
    metadata.snapshots.add(snapshot("d1", 20))
    looking.look_for(3000, step=300)
    assert looking.opened == []
    metadata.deployments.set("d1", planned_at=ago(minutes=1))
    looking.look_for(3000, step=300)
    assert looking.standing == ["snapshot late"]


def test_a_backup_in_sync_that_never_gets_its_first_snapshot_is_late(
    metadata: Metadata, product: Product, looking: Looking
) -> None:
    metadata.snapshots.collection.delete_many({})
    product.head("d1", sync_end=Optime(T - 3600, 1))
    looking.look_for(3000, step=300)
    assert looking.opened == []
    product.head("d1", sync_end=Optime(T - 10 * 3600, 1))
    looking.look_for(3000, step=300)
    assert looking.standing == ["snapshot late"]


def test_a_job_of_a_store_can_be_stuck_too(product: Product, looking: Looking) -> None:
    product.job("d1", minutes=200, deployment="", kind=JobKind.CHECK)
    looking.look_for(600, step=60)
    (alert,) = looking.alerts
    assert (alert.condition, alert.deployment, alert.subject) == ("job stuck", "", "jd1")


def test_a_disk_that_is_seen_by_several_engines_is_one_alert(
    product: Product, looking: Looking
) -> None:
    full = (Space(SPACE_STORE, "st", 1, 100),)
    for engine in ("e1", "e2"):
        product.engine(engine, spaces=full)
    looking.look_for(60)
    assert looking.opened in (["store space"], ["store space", "store space"])


def test_an_oplog_that_is_written_more_slowly_than_it_is_wide_is_no_alarm(
    product: Product, looking: Looking
) -> None:
    """A set that is idle: an entry every ten seconds, and an oplog that is not full."""
    quiet = OPLOG | {"oplog_window": 900.0, "oplog_bytes": 10.0}
    product.all_hosts("d1", lag_seconds=10.0, values=quiet, state="SECONDARY")
    product.metadata.members.report([host("d1", HOSTS[0], values=quiet)])
    product.tail("d1", source=Optime(T - 11, 1), stored=Optime(T - 11, 1), oplog_full=False)
    looking.look_for(600, step=60)
    assert looking.opened == []
