"""What stores hold, and grooms that people ask for."""

import shutil
from pathlib import Path

import pytest

from mmsconsole.daemon.grooming import Grooms
from mmsconsole.errors import NotFound, ObjectMissing, SettingsError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.operations.operations import Operations
from mmsconsole.settings import Settings
from mmsconsole.storage.open import open_storage
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.operations.records import SteppingClock
from tests.support.history import History
from tests.support.snapshots import half_random


@pytest.fixture
def history(settings: Settings, metadata: Metadata, tmp_path: Path) -> History:
    """Of two snapshots one was deleted."""
    made = History(open_storage(settings), metadata, tmp_path)
    first = made.take("s1", {"a": half_random(1, 60_000), "b": half_random(2, 60_000)})
    made.take("s2", {"a": half_random(1, 60_000)}, first)
    made.forget("s1")
    return made


def test_a_dry_run_says_what_the_groom_then_does(
    operations: Operations, history: History, metadata: Metadata, settings: Settings,
    wall_clock: SteppingClock,
) -> None:  # fmt: skip
    planned = operations.plan_groom()
    assert history.packs_bytes() == planned.stored_bytes, "nothing is done"
    assert (planned.dead_packs, planned.rewritten_packs) == (1, 1), "a page; blocks"

    asked = operations.start_groom()
    assert operations.start_groom().id == asked.id, "once is enough"
    assert (asked.kind, asked.deployment, asked.state) == ("groom", "", "queued")
    job = metadata.jobs.get(asked.id)
    resources = Resources(settings, metadata, open_storages(settings), wall_clock, [])
    Grooms(resources).run(job, Task())

    (space,) = operations.store_stats().pools
    assert space.stored_bytes_before == planned.stored_bytes
    assert space.dead_bytes_before == planned.dead_bytes
    freed = planned.stored_bytes - space.stored_bytes
    assert freed == pytest.approx(planned.freed_bytes, abs=300)
    (share,) = space.deployments
    assert (share.deployment, share.snapshots) == (history.id, 1)
    assert share.raw_bytes == share.stored_bytes + share.saved_bytes == 60_000
    assert share.ratio == space.ratio == round(60_000 / space.living_bytes, 2)


def test_a_dry_run_names_the_manifest_that_can_not_be_read(
    operations: Operations, history: History, metadata: Metadata
) -> None:
    key = metadata.snapshots.get("s2").manifest_key
    history.storage.delete(key)

    with pytest.raises(ObjectMissing) as caught:
        operations.plan_groom()
    assert caught.value.where == key


def test_stores_are_listed_with_what_they_hold(operations: Operations, history: History) -> None:
    (store,) = operations.stores()

    assert (store.name, store.deployments, store.copies) == ("default", (history.id,), ())
    assert store.free_bytes
    assert store.error == ""


def test_places_are_asked_only_where_that_is_wanted(
    operations: Operations, settings: Settings
) -> None:
    folder = settings.store_folders["default"]
    (store,) = operations.stores(ask=False)
    assert (store.free_bytes, store.error) == (None, "")
    assert operations.store("default").free_bytes

    shutil.rmtree(folder)
    folder.write_bytes(b"no folder")
    away = operations.store("default")
    assert away.free_bytes is None
    assert away.error
    with pytest.raises(SettingsError):
        operations.store("offsite")


def test_a_store_that_holds_nothing_is_not_groomed(
    operations: Operations, metadata: Metadata
) -> None:
    with pytest.raises(NotFound):
        operations.start_groom()
    with pytest.raises(SettingsError):
        operations.start_groom("elsewhere")
    with pytest.raises(SettingsError):
        operations.store_stats("elsewhere")
    assert operations.store_stats().pools == ()
    assert list(metadata.jobs.open(kind=JobKind.GROOM)) == []


def test_a_groom_is_cancelled_like_any_job(operations: Operations, history: History) -> None:
    asked = operations.start_groom()

    assert operations.cancel_job(asked.id).state == "cancelled"
    assert [job.deployment for job in operations.jobs()] == [""]
