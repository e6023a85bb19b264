"""A warning becomes an event once each time that its level changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.daemon.warnings import tell_all_warnings
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from tests.support.snapshots import deployment_record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Behind = Callable[..., list[Event]]


@pytest.fixture
def behind(resources: Resources) -> Behind:
    """Reports a tail that is behind by so many percent of the source's oplog; what is then told.

    The oplog of ten hours is longer than the settings want.
    """
    metadata = resources.metadata
    metadata.deployments.add(replace(deployment_record("d1"), backup=BackupState.STARTED))

    def report(percent: int, rounds: int = 1, **changes: object) -> list[Event]:
        before = {event.id for event in metadata.events.recent()}
        now = resources.clock.now()
        tail = Tail(
            "d1", "db1:27017", now, stored=Optime(100, 1), source=Optime(100 + 360 * percent, 1),
            oplog_window_seconds=36_000, oplog_full=True,
        )  # fmt: skip
        metadata.tails.report(replace(tail, **changes))  # type: ignore[arg-type]
        for _ in range(rounds):
            tell_all_warnings(resources)
        return [event for event in metadata.events.recent() if event.id not in before]

    return report


def test_each_level_is_told_once_and_its_end_too(behind: Behind) -> None:
    assert behind(1, rounds=3) == []
    (warning,) = behind(60, rounds=3)
    assert (warning.kind, warning.severity, warning.deployment) == (
        "oplog window warning", "warning", "d1",
    )  # fmt: skip
    assert "a resync is needed if it falls another 4 h behind" in warning.text
    assert behind(62) == []
    (critical,) = behind(80, rounds=3)
    assert (critical.kind, critical.severity) == ("oplog window critical", "error")
    assert behind(70) == []
    (well,) = behind(2, rounds=3)
    assert (well.kind, well.severity) == ("oplog window ok", "info")
    assert behind(2) == []


def test_a_source_that_is_away_is_told_after_a_minute_with_since_when(
    resources: Resources, behind: Behind
) -> None:
    down = {"member": "", "error": "no member answers"}
    assert behind(1, **down) == []
    later = resources.clock.now() - timedelta(minutes=2)
    metadata = resources.metadata
    metadata.tails.set("d1", since=later)
    (told,) = behind(1, rounds=3, **down)
    assert (told.kind, told.severity) == ("source critical", "error")
    assert f"since {later:%Y-%m-%d %H:%M:%S}Z: no member answers" in told.text
    (well,) = behind(1)
    assert well.kind == "source ok"


def test_what_was_told_is_not_told_again_by_the_next_engine(
    resources: Resources, behind: Behind
) -> None:
    assert len(behind(80)) == 1
    assert resources.metadata.deployments.get("d1").warned == {"oplog window": "critical"}


def test_a_backup_that_is_not_started_is_not_warned_of(
    resources: Resources, behind: Behind
) -> None:
    resources.metadata.deployments.set("d1", backup=BackupState.STOPPED)
    assert behind(99) == []
