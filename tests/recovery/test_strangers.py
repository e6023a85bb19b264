"""An engine that finds more in a store than it knows says what to do."""

import threading
from dataclasses import replace

import pytest

from mmsconsole.daemon.recovering import rebuild_store, tell_strangers
from mmsconsole.errors import Busy, NotFound, Refused, SettingsError
from mmsconsole.metadata.asking import ask_for_groom
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.recovery.strangers import strangers_in
from mmsconsole.task import Task
from tests.metadata.records import NOW
from tests.recovery.conftest import ENGINE, Stand
from tests.support.clock import ManualClock


@pytest.fixture
def operations(stand: Stand) -> Operations:
    resources = stand.resources
    stand.snapshot("s1", 12)
    stand.back_up()
    return Operations(stand.metadata, resources.settings, resources.clock, Actor("ann"))


def lose(stand: Stand) -> None:
    stand.lose_metadata()
    stand.metadata.engines.add(EngineRecord(ENGINE, "host", "/home", "1", NOW, NOW))


def test_people_learn_what_to_do(stand: Stand, operations: Operations) -> None:
    lose(stand)

    tell_strangers(stand.resources, ENGINE)
    tell_strangers(stand.resources, ENGINE)

    assert operations.engine().strangers == {"default": 1}
    (event,) = operations.events()
    assert "mmsconsole store rebuild default" in event.text


def test_after_the_rebuild_nobody_is_a_stranger(stand: Stand, operations: Operations) -> None:
    lose(stand)
    tell_strangers(stand.resources, ENGINE)
    asked = operations.rebuild_store()
    job = stand.metadata.jobs.set(asked.job.id, engine=ENGINE)

    result = rebuild_store(stand.resources, job, Task())
    stand.metadata.jobs.set(job.id, result=dict(result))

    assert operations.engine().strangers == {}
    view = operations.store_rebuild(job.id)
    assert (view.deployments, view.snapshots, view.packs) == (("shop-d1",), 1, 2)
    assert any(event.kind == "store rebuilt" for event in operations.events())


def test_what_is_known_or_was_removed_is_no_stranger(stand: Stand, operations: Operations) -> None:
    assert strangers_in(stand.storage, stand.metadata) == []
    stand.event("deployment removed", "ann")
    stand.metadata.deployments.remove("d1")

    assert strangers_in(stand.storage, stand.metadata) == []


def test_a_store_that_is_in_use_is_not_rebuilt(stand: Stand, operations: Operations) -> None:
    with pytest.raises(Refused, match="shop-d1"):
        operations.rebuild_store()


def test_one_rebuild_at_a_time(stand: Stand, operations: Operations) -> None:
    lose(stand)
    operations.rebuild_store()

    with pytest.raises(Busy):
        operations.rebuild_store()


def test_only_of_stores_that_there_are(stand: Stand, operations: Operations) -> None:
    with pytest.raises(SettingsError):
        operations.rebuild_store("nowhere")


def test_another_job_is_no_rebuild(stand: Stand, operations: Operations) -> None:
    job = stand.metadata.jobs.add(Job("j1", JobKind.GROOM, "", "groom", NOW))

    with pytest.raises(NotFound):
        operations.store_rebuild(job.id)


def test_a_rebuild_that_was_broken_off_leaves_strangers(
    stand: Stand, operations: Operations
) -> None:
    """What a groom would take for orphans in the meantime is what it has not come to."""
    stand.event("snapshot asked for", "ann")
    stand.metadata.deployments.remove("d1")

    assert strangers_in(stand.storage, stand.metadata) == ["d1"]


def test_a_rebuild_waits_for_a_groom_that_has_looked_before(stand: Stand) -> None:
    """It knows nothing of the snapshots that come back, and would take their blocks away."""
    stand.snapshot("s1", 10)
    stand.lose_metadata()
    jobs = stand.metadata.jobs
    groom = ask_for_groom(stand.metadata, "default", NOW, "ann")
    jobs.set(groom.id, state=JobState.LEASED)

    class Clock(ManualClock):
        def wait(self, event: threading.Event, seconds: float) -> bool:
            assert list(stand.metadata.snapshots.all()) == []
            jobs.set(groom.id, state=JobState.DONE)
            return event.is_set()

    resources = replace(stand.resources, clock=Clock())
    rebuild = Job("j", JobKind.STORE_REBUILD, "", "store rebuild:default", NOW, subject="default")
    rebuild_store(resources, rebuild, Task())

    assert jobs.get(groom.id).state is JobState.DONE
    assert [one.id for one in stand.metadata.snapshots.all()] == ["s1"]
