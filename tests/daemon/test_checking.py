"""Checks of stores come in time, and people learn what they found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.daemon.checking import StoreChecks, is_due, queue_due_checks
from mmsconsole.metadata.asking import ask_for_check
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.snapshots import DOUBT_OF_CHECK, Snapshot
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.metadata import settings_of
from tests.support.snapshots import (
    block_packs,
    deployment_record,
    half_random,
    taken,
    write_files,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval_hours", "hours_ago", "due"),
    [(24, None, True), (24, 23.9, False), (24, 24, True), (24, -5, False), (0, None, False),
     (0, 999, False)],
)  # fmt: skip
def test_a_check_is_due_once_in_an_interval(
    interval_hours: float, hours_ago: float | None, due: bool
) -> None:
    last = None
    if hours_ago is not None:
        last = StoreCheck("c", "default", NOON - timedelta(hours=hours_ago), 0.1)

    assert is_due(interval_hours, last, NOON) is due


@pytest.fixture
def storage(short_folder: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(short_folder / "storage"))


@pytest.fixture
def resources(
    metadata: Metadata, storage: FaultyStorage, short_folder: Path, manual_clock: ManualClock
) -> Resources:
    metadata.deployments.add(deployment_record())
    settings = settings_of(short_folder / "home")
    return Resources(settings, metadata, Storages.one(storage), manual_clock, [])


@pytest.fixture
def snapshot(resources: Resources, short_folder: Path) -> Snapshot:
    root = write_files(short_folder / "head", {"a": half_random(1, 9000)})
    return taken(resources, root)


def checked(resources: Resources, share: float) -> StoreCheck:
    job = ask_for_check(resources.metadata, "default", share, resources.clock.now(), "ada")
    StoreChecks(resources).run(job, Task())
    resources.metadata.jobs.set(job.id, state=JobState.DONE)
    return resources.metadata.checks.get(job.subject)


def flipped(storage: FaultyStorage, key: str) -> None:
    data = bytearray(storage.get(key))
    data[len(data) // 2] ^= 1
    storage.put(key, [data])


def test_a_store_that_is_well_is_said_to_be(resources: Resources, snapshot: Snapshot) -> None:
    check = checked(resources, 1.0)

    assert check.good
    assert (check.objects, check.found) == (3, 0), "two packs, a manifest"
    (event,) = resources.metadata.events.recent()
    assert event.text == "the store default is well: 3 objects are there, 100% of them read whole"


def test_snapshots_that_damage_hurts_are_in_doubt_until_all_is_read_and_well(
    resources: Resources, snapshot: Snapshot, storage: FaultyStorage
) -> None:
    (pack,) = block_packs(resources.storage, resources.metadata)
    whole = storage.get(pack.key)
    flipped(storage, pack.key)

    check = checked(resources, 1.0)

    assert not check.good
    assert [(one.key, one.snapshots) for one in check.findings] == [(pack.key, ("s1",))]
    assert resources.metadata.snapshots.get("s1").doubt == f"{DOUBT_OF_CHECK}{pack.key} is damaged"
    event = next(resources.metadata.events.recent())
    assert (event.kind, event.severity) == ("store damaged", Severity.ERROR)

    storage.put(pack.key, [whole])
    assert checked(resources, 0.5).good
    assert resources.metadata.snapshots.get("s1").doubt != ""
    assert checked(resources, 1.0).good
    assert resources.metadata.snapshots.get("s1").doubt == ""


def test_another_doubt_is_neither_overwritten_nor_taken_away(
    resources: Resources, snapshot: Snapshot, storage: FaultyStorage
) -> None:
    resources.metadata.snapshots.set("s1", doubt="its head was damaged")
    whole = storage.get(snapshot.manifest_key)
    storage.delete(snapshot.manifest_key)

    assert checked(resources, 0.0).findings[0].snapshots == ("s1",)
    storage.put(snapshot.manifest_key, [whole])
    checked(resources, 1.0)

    assert resources.metadata.snapshots.get("s1").doubt == "its head was damaged"


def test_a_check_goes_on_where_the_last_one_ended(
    resources: Resources, snapshot: Snapshot, manual_clock: ManualClock
) -> None:
    begins = []
    for _ in range(4):
        manual_clock.advance(1)
        begins.append(checked(resources, 0.4).begins_at)

    assert begins == pytest.approx([0.0, 0.4, 0.8, 0.2])


def test_due_checks_are_asked_for_once(
    resources: Resources, snapshot: Snapshot, manual_clock: ManualClock
) -> None:
    def waiting() -> list[Job]:
        return list(resources.metadata.jobs.open(kind=JobKind.CHECK))

    queue_due_checks(resources)
    queue_due_checks(resources)
    (job,) = waiting()
    StoreChecks(resources).run(job, Task())
    resources.metadata.jobs.set(job.id, state=JobState.DONE)
    queue_due_checks(resources)
    assert waiting() == []

    manual_clock.advance(24 * 3600)
    queue_due_checks(resources)

    assert len(waiting()) == 1
