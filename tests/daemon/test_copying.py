"""The second copies are kept level with their first stores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.daemon.copying import EXTRA_SECONDS, LEVEL_HOURS, CopyKeeper, is_level
from mmsconsole.errors import StorageError
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.stores.oplog.test_cut_back import at, body
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.metadata import settings_of
from tests.support.snapshots import (
    deployment_record,
    half_random,
    snapshot_record,
    taken,
    write_files,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def complete(finished_at: datetime) -> Snapshot:
    return replace(snapshot_record("s"), state=SnapshotState.COMPLETE, finished_at=finished_at)


@pytest.mark.parametrize(
    ("level_at", "finished_at", "groomed_at", "level"),
    [
        (None, None, None, False),
        (NOON, None, None, True),
        (NOON, NOON - HOUR, NOON - HOUR, True),
        (NOON, NOON + HOUR, None, False),
        (NOON, NOON, None, False),
        (NOON, None, NOON + HOUR, False),
        (NOON - LEVEL_HOURS * HOUR, None, None, False),
    ],
)
def test_blocks_are_looked_at_when_something_came_or_a_while_has_passed(
    level_at: datetime | None,
    finished_at: datetime | None,
    groomed_at: datetime | None,
    level: bool,
) -> None:
    found = [complete(finished_at)] if finished_at else []

    assert is_level(CopyState("d", "b", level_at=level_at), found, groomed_at, NOON) is level


@pytest.fixture
def stores(short_folder: Path) -> dict[str, FaultyStorage]:
    return {
        name: FaultyStorage(LocalStorage(short_folder / name)) for name in ("default", "offsite")
    }


@pytest.fixture
def resources(
    metadata: Metadata, stores: dict[str, FaultyStorage], short_folder: Path,
    manual_clock: ManualClock,
) -> Resources:  # fmt: skip
    metadata.deployments.add(replace(deployment_record(), copy_to="offsite"))
    settings = settings_of(short_folder / "home")
    return Resources(
        settings, metadata, Storages(list(stores), stores.__getitem__), manual_clock, []
    )


def keys(storage: FaultyStorage) -> list[str]:
    return [stored.key for stored in storage.list("")]


def test_a_round_copies_oplog_and_snapshots(
    resources: Resources, stores: dict[str, FaultyStorage], short_folder: Path
) -> None:
    resources.oplog_store.put("d1", body(10, 20))
    taken(resources, write_files(short_folder / "head", {"a": half_random(1, 9000)}))

    CopyKeeper(resources).round(Task())

    assert keys(stores["offsite"]) == keys(stores["default"])
    state = resources.metadata.copies.get("d1")
    assert (state.store, state.oplog_end, state.error) == ("offsite", at(20), "")
    kinds = [event.kind for event in resources.metadata.events.recent("d1")]
    assert kinds == ["snapshots copied"]


def test_a_store_that_is_away_is_told_of_once_and_the_copy_goes_on_when_it_is_back(
    resources: Resources, stores: dict[str, FaultyStorage]
) -> None:
    keeper = CopyKeeper(resources)
    resources.oplog_store.put("d1", body(10, 20))
    for _ in range(2):
        stores["offsite"].heal()
        stores["offsite"].fail("put", error=StorageError("the store is away"))
        keeper.round(Task())
    told = [event.text for event in resources.metadata.events.recent("d1")]
    assert told == ["the copy in offsite waits: the store is away"]
    assert resources.metadata.copies.get("d1").error == "the store is away"

    stores["offsite"].heal()
    keeper.round(Task())

    assert resources.metadata.copies.get("d1").error == ""
    assert keys(stores["offsite"]) == keys(stores["default"])


def test_the_progress_of_a_round_that_failed_is_kept(
    resources: Resources, stores: dict[str, FaultyStorage]
) -> None:
    keeper = CopyKeeper(resources)
    resources.oplog_store.put("d1", body(10, 20))
    stores["offsite"].fail("list", error=StorageError("no list today"))

    keeper.round(Task())

    state = resources.metadata.copies.get("d1")
    assert (state.oplog_end, state.error) == (at(20), "no list today")


def test_what_was_deleted_goes_from_the_copy_a_day_later(
    resources: Resources, stores: dict[str, FaultyStorage], manual_clock: ManualClock,
    short_folder: Path,
) -> None:  # fmt: skip
    keeper = CopyKeeper(resources)
    snapshot = taken(resources, write_files(short_folder / "head", {"a": half_random(1, 9000)}))
    keeper.round(Task())
    stores["default"].delete(snapshot.manifest_key)
    resources.metadata.snapshots.remove(snapshot.id)
    manual_clock.advance(LEVEL_HOURS * 3600)
    keeper.round(Task())
    assert snapshot.manifest_key in keys(stores["offsite"])

    manual_clock.advance(EXTRA_SECONDS)
    keeper.round(Task())

    assert keys(stores["offsite"]) == keys(stores["default"])


def test_what_the_first_store_has_lost_stays_in_the_copy(
    resources: Resources, stores: dict[str, FaultyStorage], manual_clock: ManualClock,
    short_folder: Path,
) -> None:  # fmt: skip
    """However long ago: that is what the copy is for."""
    keeper = CopyKeeper(resources)
    resources.oplog_store.put("d1", body(10, 20))
    taken(resources, write_files(short_folder / "head", {"a": half_random(1, 9000)}))
    keeper.round(Task())
    copied = keys(stores["offsite"])
    for key in keys(stores["default"]):
        stores["default"].delete(key)

    for _ in range(10):
        manual_clock.advance(EXTRA_SECONDS)
        keeper.round(Task())

    assert keys(stores["offsite"]) == copied


def test_oplog_that_is_damaged_in_the_first_store_is_read_from_the_copy(
    resources: Resources, stores: dict[str, FaultyStorage]
) -> None:
    chunk = resources.oplog_store.put("d1", body(10, 20))
    whole = resources.oplog_store.read(chunk)
    CopyKeeper(resources).round(Task())

    stores["default"].flip("get", byte=-1)
    assert resources.oplog_store.read(chunk) == whole

    stores["default"].delete(chunk.key)
    assert resources.oplog_store.read(chunk) == whole
