"""A restore whose engine died, or that can not be written down, is made whole by the next."""

from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    MetadataError,
    TargetNotEmpty,
)
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.restore import restoring
from mmsconsole.restore import target as target_folder
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.target import WORK
from tests.restore.restoring.world import Cancelling, World, assert_holds, run, stored
from tests.support.backups import Bench
from tests.support.processes import mongods_below
from tests.support.snapshots import write_files

pytestmark = pytest.mark.xdist_group("restores")


STEPS = {
    "claim": restoring, "replay": restoring, "seal": restoring, "deliver": target_folder,
    "release": target_folder,
}  # fmt: skip


def crashing(monkeypatch: pytest.MonkeyPatch, step: str, *, before: bool) -> None:
    """The engine dies before or after a step: nothing is tidied up."""
    whole = getattr(STEPS[step], step)

    def crash(*args: Any) -> Any:
        if not before:
            whole(*args)
        raise SystemExit

    monkeypatch.setattr(STEPS[step], step, crash)
    monkeypatch.setattr(Restoring, "abandon", lambda restoring: "")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_restore_whose_engine_died_is_made_whole_by_the_next(
    world: World, bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    replays = step == "replay"
    point = stored(bench, bench.write()) if replays else None
    record = bench.restore_record(world.snapshot, point)
    crashing(monkeypatch, step, before=before)
    with pytest.raises(SystemExit):
        run(bench, record)
    monkeypatch.undo()

    again = run(bench, bench.metadata.restores.get(record.id))

    assert (again.state, again.optime) == (RestoreState.DONE, point or world.snapshot.optime)
    assert_holds(bench, again, bench.state() if replays else world.state)
    assert not (Path(record.target) / WORK).exists()


def test_a_mongod_that_a_killed_engine_left_on_the_folder_is_ended_first(
    world: World, bench: Bench
) -> None:
    record = bench.restore_record(world.snapshot)
    left = write_files(Path(record.target) / WORK / "data", {})
    with bench.mongod_on(left):
        running = set(mongods_below(left))
        assert running
        with pytest.raises(TargetNotEmpty):  # for this folder has no claim
            run(bench, record)
        assert not running & set(mongods_below(bench.folder))


def test_what_is_in_its_place_stays_when_that_can_not_be_written_down(
    world: World, bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record may say "done" although the answer was lost: the files must be there then."""
    record = bench.restore_record(snapshot)
    set_ = bench.metadata.restores.set

    def lost(id_: str, **changes: Any) -> Restore:
        changed = set_(id_, **changes)
        if changes.get("state") is RestoreState.DONE:
            raise MetadataError("the answer was lost")
        return changed

    monkeypatch.setattr(bench.metadata.restores, "set", lost)
    with pytest.raises(MetadataError):
        run(bench, record)
    monkeypatch.undo()

    again = run(bench, bench.metadata.restores.get(record.id))
    assert again.state is RestoreState.DONE
    assert_holds(bench, again, world.state)


def test_a_restore_that_is_done_is_not_made_again(bench: Bench, snapshot: Snapshot) -> None:
    restore = bench.restore(snapshot)
    (Path(restore.target) / "mine").write_text("mine")

    assert run(bench, restore) == restore

    assert (Path(restore.target) / "mine").exists()


def test_what_cannot_be_removed_does_not_hide_what_happened(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = bench.restore_record(snapshot)

    def unable(target: Path, restore_id: str) -> None:
        raise DiskFull("not even that")

    monkeypatch.setattr(target_folder, "abandon", unable)
    with pytest.raises(Cancelled):
        run(bench, record, Cancelling("materialising").task)
