"""Repairs of stores: what they do with what checks found, and what people learn."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.repairing import StoreRepairs
from mmsconsole.errors import Cancelled, Refused
from mmsconsole.metadata.asking import ask_for_check, ask_for_groom, ask_for_repair
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import JobState
from mmsconsole.recovery.backing_up import back_up
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.chunk_again import chunk_again
from mmsconsole.task import Cancellation, Task
from tests.stores.oplog.test_cut_back import body
from tests.support.clock import ManualClock
from tests.support.damaged import flip, make_copy, put_head
from tests.support.faulty import FaultyStorage
from tests.support.history import History, blocks
from tests.support.metadata import settings_of
from tests.support.snapshots import block_packs

pytestmark = pytest.mark.usefixtures("small_packs")


@pytest.fixture
def storage(short_folder: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(short_folder / "storage"))


@pytest.fixture
def second(short_folder: Path) -> LocalStorage:
    return LocalStorage(short_folder / "offsite")


@pytest.fixture
def history(storage: FaultyStorage, metadata: Metadata, short_folder: Path) -> History:
    """Of the first snapshot's four blocks the second one, and the head, have two."""
    made = History(storage, metadata, short_folder)
    first = made.take("s1", {"a": blocks(0, 1, 2, 3)})
    made.take("s2", {"a": blocks(0, 11, 2, 13)}, first)
    put_head(metadata, made.id, "h1", short_folder / f"root-{made.id}-s2")
    return made


@pytest.fixture
def resources(
    history: History, second: LocalStorage, short_folder: Path, manual_clock: ManualClock
) -> Resources:
    stores = {"default": history.storage, "offsite": second}
    storages = Storages(list(stores), stores.__getitem__)
    settings = settings_of(short_folder / "home")
    return Resources(settings, history.metadata, storages, manual_clock, [])


def checked(resources: Resources, share: float = 1.0) -> StoreCheck:
    job = ask_for_check(resources.metadata, "default", share, resources.clock.now(), "ada")
    StoreChecks(resources).run(job, Task())
    resources.metadata.jobs.set(job.id, state=JobState.DONE)
    return resources.metadata.checks.get(job.subject)


def repaired(resources: Resources, task: Task | None = None) -> dict[str, object]:
    job = ask_for_repair(resources.metadata, "default", resources.clock.now(), "ada")
    done = StoreRepairs(resources).run(replace(job, engine="e1"), task or Task())
    resources.metadata.jobs.set(job.id, state=JobState.DONE, result=dict(done))
    return dict(done)


def first_pack(history: History) -> str:
    """The key of the one with the first snapshot's blocks."""
    blocks = block_packs(history.storage, history.metadata)
    (key,) = (pack.key for pack in blocks if pack.id in history.used("s1"))
    return key


def flip_block(history: History, number: int) -> str:
    key = first_pack(history)
    flip(history.storage, key, read_index(history.storage, key).places[number].offset + 9)
    return key


def doubts(resources: Resources) -> dict[str, bool]:
    return {one.id: bool(one.doubt) for one in resources.metadata.snapshots.all()}


@pytest.mark.parametrize(("number", "hurt"), [(0, ("s1", "s2")), (1, ("s1",))])
def test_a_check_names_exactly_the_snapshots_that_need_the_wrong_block(
    number: int, hurt: tuple[str, ...], resources: Resources, history: History
) -> None:
    key = flip_block(history, number)

    (finding,) = checked(resources).findings

    assert (finding.key, finding.snapshots) == (key, hurt)
    assert doubts(resources) == {"s1": "s1" in hurt, "s2": "s2" in hurt}


@pytest.mark.parametrize("at", [3, 25, -70, -30, -2])
def test_what_is_wrong_beside_the_blocks_of_a_pack_hurts_no_snapshot(
    at: int, resources: Resources, history: History
) -> None:
    key = first_pack(history)
    flip(history.storage, key, at)

    (finding,) = checked(resources).findings

    assert (finding.key, finding.snapshots) == (key, ())
    history.check()
    assert repaired(resources)["repaired"] == 1
    assert checked(resources).good


@pytest.mark.parametrize("at", [-70, -30])
def test_a_pack_without_an_index_has_its_blocks_told_by_manifests(
    at: int, resources: Resources, history: History
) -> None:
    key = flip_block(history, 1)
    flip(history.storage, key, at)

    (finding,) = checked(resources).findings

    assert finding.snapshots == ("s1",)


def test_what_a_check_found_is_repaired_and_the_snapshots_are_trusted_again(
    resources: Resources, history: History
) -> None:
    key = flip_block(history, 0)
    assert not checked(resources).good

    done = repaired(resources)

    assert (done["repaired"], done["left"], done["whole_again"]) == (1, 0, ["s1", "s2"])
    assert done["objects"] == [
        {"key": key, "source": "the head's files", "left": "", "snapshots": []}
    ]
    assert doubts(resources) == {"s1": False, "s2": False}
    (told,) = (e for e in resources.metadata.events.recent() if e.kind == "store repaired")
    assert told.text == (
        "objects repaired in the store default: 1; snapshots that are whole again: s1, s2"
    )
    assert checked(resources).good
    history.check()


def test_only_those_that_go_on_being_hurt_stay_in_doubt(
    resources: Resources, history: History, storage: FaultyStorage
) -> None:
    key = first_pack(history)
    storage.delete(key)
    assert not checked(resources, 0.0).good

    done = repaired(resources)

    assert (done["repaired"], done["left"], done["whole_again"]) == (0, 1, ["s2"])
    assert doubts(resources) == {"s1": True, "s2": False}
    (told,) = (e for e in resources.metadata.events.recent() if e.kind == "store not repaired")
    assert told.severity is Severity.ERROR
    assert "2 of 4 blocks that snapshots need are nowhere any more" in told.text
    (finding,) = checked(resources).findings
    assert (finding.key, finding.snapshots) == (key, ("s1",))


def test_what_an_earlier_check_found_in_another_share_is_repaired_too(
    resources: Resources, history: History, storage: FaultyStorage, second: LocalStorage
) -> None:
    make_copy(history, second)
    key = flip_block(history, 1)
    checked(resources)
    assert checked(resources, 0.0).good, "it looks at no bytes"

    assert repaired(resources)["repaired"] == 1
    assert storage.get(key) == second.get(key)


def test_a_damaged_catalogue_is_made_anew_and_nothing_is_left(
    resources: Resources, history: History, storage: FaultyStorage
) -> None:
    """It goes for good: that it is not there, and that old checks name it, is no fault."""
    back_up(resources, "default", "e1", Task())
    (stored,) = storage.list("catalogue")
    flip(storage, stored.key, stored.bytes // 2)
    assert not checked(resources).good

    done = repaired(resources)
    again = repaired(resources)

    assert (done["repaired"], done["left"]) == (1, 0)
    assert (again["repaired"], again["left"]) == (0, 0)
    (made,) = storage.list("catalogue")
    assert made.key != stored.key


def test_without_a_check_everything_is_looked_at(resources: Resources, history: History) -> None:
    flip_block(history, 0)

    assert repaired(resources)["repaired"] == 1

    assert checked(resources).good


def test_a_pack_that_lies_elsewhere_now_is_gone_after_the_repair(
    resources: Resources, history: History, metadata: Metadata
) -> None:
    """Its dead blocks are nowhere: it can not be made the same again."""
    history.forget("s1")
    history.storage.delete(key := first_pack_of(history, "s2"))
    checked(resources)

    assert repaired(resources)["left"] == 0

    assert metadata.packs.one({"key": key, "dropped": True}) is not None
    assert checked(resources).good
    history.check()


def first_pack_of(history: History, snapshot: str) -> str:
    """The one of which only a part is needed."""
    (id_,) = (id_ for id_, used in history.used(snapshot).items() if used == 0b0101)
    return history.metadata.packs.get(id_).key


def test_while_a_cut_runs_that_may_have_seen_it_a_damaged_pack_stays_and_its_blocks_are_safe(
    resources: Resources, history: History, storage: FaultyStorage
) -> None:
    history.forget("s1")
    key = first_pack_of(history, "s2")
    cut = history.begin("s3", {"a": blocks(0)})
    job = ask_for_groom(history.metadata, "j", resources.clock.now(), "ada")
    history.metadata.jobs.set(job.id, kind="snapshot", subject=cut.id)
    storage.delete(key)
    checked(resources)

    done = repaired(resources)

    assert done["left"] == 1
    assert "its blocks are safe" in str(done["objects"])
    assert doubts(resources)["s2"] is False
    history.check()
    history.metadata.jobs.set(job.id, state=JobState.DONE)
    history.groom()
    assert checked(resources).good


def test_a_repair_never_runs_beside_a_groom_of_the_pool(
    resources: Resources, history: History
) -> None:
    now = resources.clock.now()

    groom = ask_for_groom(history.metadata, history.pool.id, now, "ada")
    repair = ask_for_repair(history.metadata, "default", now, "ada")

    assert groom.resource == repair.resource
    assert ask_for_repair(history.metadata, "offsite", now, "ada").resource == "repair:offsite"


def test_a_repair_can_be_cancelled_and_asked_for_again(
    resources: Resources, history: History
) -> None:
    flip_block(history, 0)
    checked(resources)
    cancelled = Cancellation()

    def report(phase: str, _: int, __: int | None) -> None:
        if phase.startswith("repairing"):
            cancelled.cancel()

    with pytest.raises(Cancelled):
        repaired(resources, Task(cancelled, report))
    assert doubts(resources) == {"s1": True, "s2": True}

    assert repaired(resources)["repaired"] == 1


def test_oplog_is_not_asked_for_where_the_backup_does_not_run(
    resources: Resources, history: History, metadata: Metadata
) -> None:
    chunk = resources.oplog_store.put(history.id, body(10, 20))
    metadata.deployments.set(history.id, backup=BackupState.STOPPED)
    with pytest.raises(Refused, match="does not run"):
        chunk_again(metadata, chunk, Task())
    history.storage.delete(chunk.key)
    checked(resources)

    done = repaired(resources)

    assert done["left"] == 1
    assert "its backup does not run" in str(done["objects"])
