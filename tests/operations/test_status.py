"""What is told of the engine, of the lag, and of what happened."""

from datetime import timedelta

from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.tails import LagSample, Tail
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import NOW, SYNCED, Daemon
from tests.support.clock import ManualClock


def test_an_engine_that_was_seen_lately_runs(
    operations: Operations, daemon: Daemon, shop: str, wall_clock: ManualClock
) -> None:
    assert not operations.engine().running
    daemon.metadata.engines.announce(EngineRecord("e", "host", "/home", "0.1.0", NOW, NOW))
    operations.start_backup(shop)
    engine = operations.engine()
    assert (engine.running, engine.deployments, engine.jobs_open) == (True, 1, 1)
    assert engine.storage_bytes_free
    wall_clock.advance(120)
    assert not operations.engine().running


def test_the_lag_is_known_only_while_the_source_is_read(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    def lag(source: Optime, error: str = "") -> int | None:
        deployment = daemon.metadata.deployments.named(synced).id
        daemon.metadata.tails.report(
            Tail(deployment, "h:1", NOW, stored=SYNCED, source=source, error=error)
        )
        head = operations.backup_status(synced).head
        assert head is not None
        return head.lag_seconds

    ahead = Optime(SYNCED.t + 7, 1)
    assert lag(ahead) == 7
    assert lag(ahead, "h:1: Connection refused") is None
    operations.stop_backup(synced)
    assert lag(ahead) is None


def test_lag_is_told_oldest_first_since_a_time(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    deployment = daemon.metadata.deployments.named(shop).id
    for minutes, lag in ((0, 9), (2, 2), (1, 5)):
        at = NOW + timedelta(minutes=minutes)
        daemon.metadata.lag_samples.add(LagSample(f"{deployment}{minutes}", deployment, at, lag))
    since = NOW + timedelta(seconds=30)
    assert [point.lag_seconds for point in operations.lag_history(shop, since)] == [5, 2]


def test_events_are_told_newest_first_and_not_more_than_asked(
    operations: Operations, shop: str, wall_clock: ManualClock
) -> None:
    for interval in (1, 2, 3):
        wall_clock.advance(1)
        operations.edit_deployment(shop, snapshot_interval_minutes=interval)
    events = operations.events(shop, limit=2)
    assert len(events) == 2
    assert events[0].at > events[1].at
    assert events[0].deployment == shop
