"""One restore to a place that needs staging: every phase, every crash, every end.

The snapshots are of plain files: nothing here starts a mongod.
"""

import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mmsconsole.daemon.housekeeping import tidy
from mmsconsole.errors import AlreadyExists, Cancelled, NoRoom, ObjectMissing, StorageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.restore import reserving, restoring
from mmsconsole.restore.delivery.base import PHASE, Delivered, Delivery, Made
from mmsconsole.restore.delivery.one_file import OneFile
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.room import Disk
from mmsconsole.restore.staging import staging_of
from mmsconsole.restore.target import data_of, is_whole
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.snapshots import contents, deployment_record, half_random, taken, write_files

FILES = {
    "WiredTiger.wt": half_random(1, 600_000),
    "collection-7.wt": half_random(2, 300_000),
    "sub/index-9.wt": half_random(3, 5_000),
    "empty.wt": b"",
}


@pytest.fixture
def snapshot(resources: Resources, tmp_path: Path) -> Snapshot:
    resources.metadata.deployments.add(deployment_record())
    return taken(resources, write_files(tmp_path / "head", FILES))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def asked(
    resources: Resources, snapshot: Snapshot, path: Path, compression: str = "", **more: Any
) -> Restore:
    where = Target(TargetKind.TAR, path=str(path), compression=compression)
    now = resources.clock.now()
    fields: dict[str, Any] = {"where": where, "needed_bytes": snapshot.bytes, **more}
    record = Restore(new_id(), "d1", snapshot.id, str(path), now, **fields)
    return resources.metadata.restores.add(record)


def run(resources: Resources, restore: Restore, task: Task | None = None) -> Restore:
    return Restoring(resources, resources.metadata.restores.get(restore.id)).run(task or Task())


def go(resources: Resources, restore: Restore, task: Task | None = None) -> Restore:
    """As the daemon does it."""
    return Restoring(resources, resources.metadata.restores.get(restore.id)).go(task or Task())


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
        return {one.name: tar.extractfile(one).read() for one in members}  # type: ignore[union-attr]


def assert_nothing_left(resources: Resources, out: Path) -> None:
    assert list(out.iterdir()) == []
    root = resources.settings.restores_folder
    assert not root.exists() or list(root.iterdir()) == []


# -- done


def test_a_snapshot_becomes_one_tar_file_and_nothing_of_ours_stays(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    restore = run(resources, asked(resources, snapshot, out / "r.tar"))

    assert unpacked((out / "r.tar").read_bytes()) == FILES
    assert sorted(path.name for path in out.iterdir()) == ["r.tar", "r.tar.sha256"]
    assert list(resources.settings.restores_folder.iterdir()) == []
    assert (restore.state, restore.optime) == (RestoreState.DONE, snapshot.optime)
    assert restore.delivered_bytes == (out / "r.tar").stat().st_size
    assert restore.verified.startswith("sha256 ")
    assert (restore.staging, restore.touched, restore.reason) == ("", False, "")


def test_phases_are_told_with_their_bytes(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    told: dict[str, tuple[int, int | None]] = {}

    def report(phase: str, done: int, total: int | None) -> None:
        told[phase] = (done, total)

    run(resources, asked(resources, snapshot, out / "r.tar"), Task(report=report))
    size = sum(len(data) for data in FILES.values())
    assert told == {"materialising": (size, size), PHASE: (size, size)}


def test_staging_is_for_its_owner_alone(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    restore = asked(resources, snapshot, out / "r.tar")
    seen = []

    def report(phase: str, done: int, total: int | None) -> None:
        folder = staging_of(resources.settings, restore)
        seen.append((folder.stat().st_mode & 0o777, folder.name))

    run(resources, restore, Task(report=report))
    assert set(seen) == {(0o700, restore.id)}


# -- crashes: every boundary, before and after


def crash(*_: Any, **__: Any) -> Any:
    raise SystemExit


BOUNDARIES = [
    (restoring, "check_restore_room"),
    (restoring, "claim"),
    (restoring, "seal"),
    (Restoring, "_deliver"),
    (OneFile, "_write_part"),
    (OneFile, "_place"),
    (OneFile, "write"),
    (OneFile, "release"),
    (restoring, "remove_staging"),
    (Restoring, "_forget"),
]


def crashing(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, before: bool) -> None:
    whole = getattr(owner, name)

    def run_then_crash(*args: Any, **named: Any) -> Any:
        whole(*args, **named)
        raise SystemExit

    monkeypatch.setattr(owner, name, crash if before else run_then_crash)


def killed(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch,
    boundary: tuple[Any, str], *, before: bool,
) -> Restore:  # fmt: skip
    """A restore into a tar file whose engine died there."""
    restore = asked(resources, snapshot, out / "r.tar")
    crashing(monkeypatch, *boundary, before=before)
    with pytest.raises(SystemExit):
        go(resources, restore)
    monkeypatch.undo()
    return restore


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), BOUNDARIES, ids=[name for _, name in BOUNDARIES])
def test_a_restore_that_was_killed_anywhere_is_made_whole_by_the_next_engine(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch,
    owner: Any, name: str, before: bool,
) -> None:  # fmt: skip
    restore = killed(resources, snapshot, out, monkeypatch, (owner, name), before=before)

    done = go(resources, restore)

    assert done.state is RestoreState.DONE
    assert unpacked((out / "r.tar").read_bytes()) == FILES
    assert sorted(path.name for path in out.iterdir()) == ["r.tar", "r.tar.sha256"]
    assert list(resources.settings.restores_folder.iterdir()) == []


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), BOUNDARIES[:-3], ids=[n for _, n in BOUNDARIES[:-3]])
def test_a_restore_that_was_killed_anywhere_and_cancelled_then_leaves_nothing(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch,
    owner: Any, name: str, before: bool,
) -> None:  # fmt: skip
    restore = killed(resources, snapshot, out, monkeypatch, (owner, name), before=before)

    assert Restoring(resources, resources.metadata.restores.get(restore.id)).abandon() == ""

    assert_nothing_left(resources, out)


def test_sealed_files_are_delivered_again_and_not_made_again(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = asked(resources, snapshot, out / "r.tar")
    crashing(monkeypatch, Restoring, "_deliver", before=True)
    with pytest.raises(SystemExit):
        go(resources, restore)
    monkeypatch.undo()
    folder = staging_of(resources.settings, restore)
    assert is_whole(folder, restore.id)
    inode = (data_of(folder) / "WiredTiger.wt").stat().st_ino

    def report(phase: str, done: int, total: int | None) -> None:
        assert phase == PHASE
        assert (data_of(folder) / "WiredTiger.wt").stat().st_ino == inode

    assert go(resources, restore, Task(report=report)).state is RestoreState.DONE


# -- cancelled and failed


@pytest.mark.parametrize("phase", ["materialising", PHASE])
@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_cancelled_restore_leaves_nothing(
    resources: Resources, snapshot: Snapshot, out: Path, phase: str, compression: str
) -> None:
    def report(at: str, done: int, total: int | None) -> None:
        if at == phase:
            task.cancellation.cancel()

    task = Task(report=report)
    with pytest.raises(Cancelled):
        run(resources, asked(resources, snapshot, out / "r.tar", compression), task)
    assert_nothing_left(resources, out)


def test_what_failed_is_tried_again_with_what_is_sealed(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon tries again by go(), and abandons only what has ended."""
    restore = asked(resources, snapshot, out / "r.tar")

    def broken(*_: Any) -> Any:
        raise StorageError("the network")

    monkeypatch.setattr(OneFile, "write", broken)
    with pytest.raises(StorageError):
        go(resources, restore)
    monkeypatch.undo()
    assert is_whole(staging_of(resources.settings, restore), restore.id)
    assert go(resources, restore).state is RestoreState.DONE


def test_a_file_that_came_to_be_there_meanwhile_is_left_alone(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    def report(phase: str, done: int, total: int | None) -> None:
        if phase == PHASE:
            (out / "r.tar").write_text("mine")

    with pytest.raises(AlreadyExists):
        run(resources, asked(resources, snapshot, out / "r.tar"), Task(report=report))
    assert contents(out) == {"r.tar": b"mine"}
    assert list(resources.settings.restores_folder.iterdir()) == []


def test_a_vanished_target_is_told_of(resources: Resources, snapshot: Snapshot, out: Path) -> None:
    def report(phase: str, done: int, total: int | None) -> None:
        if phase == "materialising" and out.exists():
            out.rmdir()

    with pytest.raises(StorageError, match="No such file"):
        run(resources, asked(resources, snapshot, out / "r.tar"), Task(report=report))
    assert list(resources.settings.restores_folder.iterdir()) == []


def test_without_room_nothing_is_written(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The staging folder and the tar file lie on one disk: both count."""
    disk = Disk(1, out, 2 * snapshot.bytes - 1)
    monkeypatch.setattr(restoring, "disk_of", lambda folder: disk)
    with pytest.raises(NoRoom, match=r"the restore needs .* and the tar file needs"):
        run(resources, asked(resources, snapshot, out / "r.tar"))
    assert_nothing_left(resources, out)


def test_a_secret_goes_with_the_end_of_its_restore(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    secrets = resources.metadata.restore_secrets
    kept = secrets.add(RestoreSecret(new_id(), Secret("hunter2"), resources.clock.now()))
    where = Target(TargetKind.TAR, path=str(out / "r.tar"), credential=kept.id)
    restore = asked(resources, snapshot, out / "r.tar", where=where)
    assert "hunter2" not in repr(kept) + repr(restore)
    run(resources, restore)
    assert secrets.find(kept.id) is None


# -- what may be wrong with the delivery itself


class Lost(Delivery):
    """Delivers, and can not take it away again."""

    def check(self) -> None:
        """All is well."""

    def deliver(self, made: Made, task: Task) -> Delivered:
        raise StorageError("gone")

    def abandon(self) -> None:
        raise StorageError("the host does not answer")


def test_what_stays_behind_is_said(resources: Resources, snapshot: Snapshot, out: Path) -> None:
    restore = asked(resources, snapshot, out / "r.tar")
    failing = Restoring(resources, restore, Lost(resources, restore))
    with pytest.raises(StorageError, match="gone"):
        failing.go(Task())
    assert failing.abandon() == "the host does not answer"
    assert list(resources.settings.restores_folder.iterdir()) == []


class Streamed(Lost):
    """Reads the snapshot itself."""

    @property
    def needs_files(self) -> bool:
        return False

    def deliver(self, made: Made, task: Task) -> Delivered:
        assert not made.files.exists()
        return Delivered(7, "there")


def test_a_delivery_that_needs_no_files_gets_none(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    restore = asked(resources, snapshot, out / "r.tar")
    done = Restoring(resources, restore, Streamed(resources, restore)).run(Task())
    assert (done.delivered_bytes, done.optime) == (7, snapshot.optime)
    assert not resources.settings.restores_folder.exists()


class Keeping(Streamed):
    keeps_staging = True

    @property
    def needs_files(self) -> bool:
        return True

    def deliver(self, made: Made, task: Task) -> Delivered:
        return Delivered(1, "a link")


def test_a_delivery_may_keep_the_files_until_its_own_end(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    restore = asked(resources, snapshot, out / "r.tar")
    done = Restoring(resources, restore, Keeping(resources, restore)).run(Task())
    folder = staging_of(resources.settings, done)
    assert done.staging == str(folder)
    assert contents(data_of(folder)) == FILES


def test_a_secret_that_is_gone_is_told_of(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    where = Target(TargetKind.TAR, path=str(out / "r.tar"), credential="gone")
    restore = replace(asked(resources, snapshot, out / "r.tar"), where=where)
    with pytest.raises(ObjectMissing, match="secret"):
        Lost(resources, restore).secret()
    assert Lost(resources, restore, Secret("given")).secret() == Secret("given")


# -- the start of an engine


def job_of(resources: Resources, restore: Restore) -> None:
    now = resources.clock.now()
    job = Job(new_id(), JobKind.RESTORE, "d1", restore.id, now, subject=restore.id)
    resources.metadata.jobs.add(job)


def test_staging_that_nobody_goes_on_with_is_swept_at_the_start(
    resources: Resources, snapshot: Snapshot, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {}
    for name in ("waiting", "ended", "forgotten"):
        left[name] = asked(resources, snapshot, out / f"{name}.tar")
        crashing(monkeypatch, OneFile, "_write_part", before=False)
        with pytest.raises(SystemExit):
            go(resources, left[name])
        monkeypatch.undo()
    job_of(resources, left["waiting"])
    resources.metadata.restores.remove(left["forgotten"].id)
    root = resources.settings.restores_folder
    for people in ("mine", "0123456789ab"):
        write_files(root / people, {"data": b"precious"})

    tidy(resources)

    kept = {left["waiting"].id, "mine", "0123456789ab"}
    assert {folder.name for folder in root.iterdir()} == kept
    ended = resources.metadata.restores.get(left["ended"].id)
    assert (ended.state, ended.touched, ended.staging) == (RestoreState.FAILED, False, "")
    assert not any(path.name.startswith(f".tmp-{ended.id}") for path in out.iterdir())
    assert go(resources, left["waiting"]).state is RestoreState.DONE


# -- room beside others


def test_what_others_will_still_write_is_not_free(
    resources: Resources, snapshot: Snapshot, out: Path
) -> None:
    other = asked(resources, snapshot, out / "other.tar", needed_bytes=1_000)
    job_of(resources, other)
    mine = asked(resources, snapshot, out / "r.tar", needed_bytes=100)
    delivery = Restoring(resources, mine)._delivery

    def check(free: int) -> None:
        disk = Disk(1, out, free)
        reserving.check_restore_room(resources, delivery, lambda _: disk, spare_bytes=0)

    check(2_200)  # files and tar file of both
    with pytest.raises(NoRoom, match=f"restore {other.id} needs"):
        check(2_199)


def test_another_disk_is_no_matter(resources: Resources, snapshot: Snapshot, out: Path) -> None:
    other = asked(resources, snapshot, out / "other.tar", needed_bytes=10**9)
    job_of(resources, other)
    mine = asked(resources, snapshot, out / "r.tar", needed_bytes=100)
    delivery = Restoring(resources, mine)._delivery

    def disk(folder: Path) -> Disk:
        return Disk(1 if mine.id in str(folder) else 2, folder, 10**10)

    reserving.check_restore_room(resources, delivery, disk, spare_bytes=0)


# -- compressed


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compressed_tar_holds_the_same(
    resources: Resources, snapshot: Snapshot, out: Path, compression: str
) -> None:
    run(resources, asked(resources, snapshot, out / "r", compression))
    data = (out / "r").read_bytes()
    assert len(data) < sum(len(each) for each in FILES.values())
    if compression == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
            data = reader.read()
    assert unpacked(data) == FILES
