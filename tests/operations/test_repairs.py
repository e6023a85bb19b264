"""Repairs that people ask for, and what they would do."""

from pathlib import Path

import pytest

from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.repairing import StoreRepairs
from mmsconsole.errors import NotFound, SettingsError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.operations.operations import Operations
from mmsconsole.settings import Settings
from mmsconsole.storage.open import open_storage
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.operations.records import SteppingClock
from tests.support.damaged import flip, put_head
from tests.support.history import History
from tests.support.snapshots import half_random, pack_keys


@pytest.fixture
def history(settings: Settings, metadata: Metadata, tmp_path: Path) -> History:
    made = History(open_storage(settings), metadata, tmp_path)
    made.take("s1", {"a": half_random(1, 60_000)})
    put_head(metadata, made.id, "h1", tmp_path / f"root-{made.id}-s1")
    return made


@pytest.fixture
def resources(settings: Settings, metadata: Metadata, wall_clock: SteppingClock) -> Resources:
    return Resources(settings, metadata, open_storages(settings), wall_clock, [])


def checked(operations: Operations, resources: Resources) -> None:
    asked = operations.start_check("default", share=1.0)
    job = resources.metadata.jobs.get(asked.job)
    StoreChecks(resources).run(job, Task())
    resources.metadata.jobs.set(job.id, state=JobState.DONE)


def test_a_dry_run_says_what_the_repair_then_does(
    operations: Operations, history: History, resources: Resources, metadata: Metadata
) -> None:
    with pytest.raises(NotFound, match="no check"):
        operations.plan_repair()
    (key,) = pack_keys(history.storage)
    whole = history.storage.get(key)
    flip(history.storage, key, 5000)
    checked(operations, resources)

    planned = operations.plan_repair()

    assert (planned.state, planned.repaired, planned.left) == ("planned", 1, 0)
    assert [(one.key, one.source) for one in planned.objects] == [(key, "the head's files")]
    assert history.storage.get(key) != whole

    asked = operations.start_repair()
    assert operations.start_repair().id == asked.id, "once is enough"
    assert (asked.kind, asked.state, asked.subject) == ("repair", "queued", "default")
    assert operations.repair(asked.id).state == "queued"
    done = StoreRepairs(resources).run(metadata.jobs.get(asked.id), Task())
    metadata.jobs.set(asked.id, state=JobState.DONE, result=dict(done))

    view = operations.repair(asked.id)
    assert (view.state, view.repaired, view.left, view.whole_again) == ("done", 1, 0, ("s1",))
    assert view.objects == planned.objects
    assert history.storage.get(key) == whole
    assert operations.plan_repair().objects == ()


def test_only_what_is_a_store_or_a_repair_is_one(
    operations: Operations, history: History, metadata: Metadata
) -> None:
    for ask in (operations.start_repair, operations.plan_repair):
        with pytest.raises(SettingsError):
            ask("nowhere")
    groom = operations.start_groom()
    with pytest.raises(NotFound):
        operations.repair(groom.id)
    assert not list(metadata.jobs.open(kind=JobKind.REPAIR))
