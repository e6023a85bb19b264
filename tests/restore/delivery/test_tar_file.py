"""A tar file of restored files: what its members tell, and where it may lie."""

import errno
import hashlib
import os
import shutil
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from mmsconsole.errors import AlreadyExists, Refused, StorageError
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.optime import Optime
from mmsconsole.restore.delivery.base import Made
from mmsconsole.restore.delivery.tar_file import TarDelivery
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.snapshots import contents, snapshot_record, write_files

FILES = {"a.wt": b"a" * 100_000, "sub/b.wt": b"b", "empty.wt": b""}
AT = Optime(1_700_000_123, 4)


def delivery(resources: Resources, path: Path, compression: str = "") -> TarDelivery:
    where = Target(TargetKind.TAR, path=str(path), compression=compression)
    now = resources.clock.now()
    restore = Restore("0123456789ab", "d1", "s1", str(path), now, where=where, needed_bytes=7)
    return TarDelivery(resources, restore)


def made(given: TarDelivery, folder: Path) -> Made:
    return Made(given.restore, snapshot_record("s1"), AT, write_files(folder, FILES), None)


@pytest.fixture
def written(resources: Resources, tmp_path: Path) -> Path:
    given = delivery(resources, tmp_path / "r.tar")
    given.deliver(made(given, tmp_path / "files"), Task())
    return tmp_path / "r.tar"


def test_members_tell_nothing_of_this_machine(written: Path) -> None:
    with tarfile.open(written) as tar:
        members = tar.getmembers()
    assert sorted(one.name for one in members) == sorted(FILES)
    told = {(one.uid, one.gid, one.mode, one.mtime, one.type) for one in members}
    assert told == {(0, 0, 0o600, AT.t, tarfile.REGTYPE)}
    assert not any(Path(one.name).is_absolute() for one in members)


def test_the_file_is_its_owners_alone_and_its_digest_lies_beside_it(written: Path) -> None:
    digest = hashlib.sha256(written.read_bytes()).hexdigest()
    assert written.with_name("r.tar.sha256").read_text() == f"{digest}  r.tar\n"
    assert written.stat().st_mode & 0o777 == 0o600
    checked = subprocess.run(["sha256sum", "-c", "r.tar.sha256"], cwd=written.parent)
    assert checked.returncode == 0


def test_the_tar_program_unpacks_it(written: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "xf", str(written)], cwd=tmp_path / "out", check=True)
    assert contents(tmp_path / "out") == FILES


@pytest.mark.parametrize("taken", ["r.tar", "r.tar.sha256"])
def test_a_file_that_is_there_is_refused(resources: Resources, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(AlreadyExists):
        delivery(resources, tmp_path / "r.tar").check()
    assert contents(tmp_path) == {taken: b"mine"}


def test_a_dangling_link_is_there_too(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "r.tar").symlink_to(tmp_path / "nowhere")
    with pytest.raises(AlreadyExists):
        delivery(resources, tmp_path / "r.tar").check()


def test_it_is_made_where_links_can_not_be(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems know no hard links."""

    def none(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    given = delivery(resources, tmp_path / "r.tar")
    given.deliver(made(given, tmp_path / "files"), Task())
    given.release()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "r.tar", "r.tar.sha256",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [("x" * 250, "the name of a file"), ("no/such/folder.tar", "there is no folder")],
)
def test_a_place_that_can_not_be_is_refused(
    resources: Resources, tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        delivery(resources, tmp_path / name).check()


def test_a_folder_of_the_engine_is_refused(resources: Resources) -> None:
    folder = resources.settings.home.data
    folder.mkdir(parents=True)
    with pytest.raises(Refused, match="the engine's"):
        delivery(resources, folder / "r.tar").check()


def test_it_needs_room_as_if_nothing_could_be_compressed(
    resources: Resources, tmp_path: Path
) -> None:
    (need,) = delivery(resources, tmp_path / "r.tar", "zstd").needs()
    assert (need.folder, need.bytes) == (tmp_path, 7)


def test_what_was_never_written_is_abandoned_without_a_word(
    resources: Resources, tmp_path: Path
) -> None:
    given = delivery(resources, tmp_path / "r.tar")
    given.abandon()
    (tmp_path / "r.tar").write_text("mine")
    given.abandon()
    assert contents(tmp_path) == {"r.tar": b"mine"}
    delivery(resources, tmp_path / "gone" / "r.tar").abandon()


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
@pytest.mark.parametrize("taken", ["r.tar", "r.tar.sha256"])
def test_what_somebody_puts_there_meanwhile_is_not_written_over(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str, code: int
) -> None:
    def none(*_: object) -> None:
        raise OSError(code, "no links here")

    monkeypatch.setattr(os, "link", none)
    given = delivery(resources, tmp_path / "r.tar")
    given.check()
    (tmp_path / taken).write_text("mine")
    with pytest.raises(AlreadyExists):
        given.deliver(made(given, tmp_path / "files"), Task())
    given.abandon()
    shutil.rmtree(tmp_path / "files")
    assert contents(tmp_path) == {taken: b"mine"}


def test_somebodys_file_stays_when_giving_up_is_begun_again(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = delivery(resources, tmp_path / "r.tar")
    (tmp_path / "r.tar").write_text("mine")
    with pytest.raises(AlreadyExists):
        given.deliver(made(given, tmp_path / "files"), Task())
    for crash_after in (1, 2, 3):
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            crash_after_removing(patched, crash_after)
            given.abandon()
    given.abandon()
    shutil.rmtree(tmp_path / "files")
    assert contents(tmp_path) == {"r.tar": b"mine"}


def crash_after_removing(patched: pytest.MonkeyPatch, most: int) -> None:
    real, removed = Path.unlink, []

    def unlink(path: Path, missing_ok: bool = False) -> None:
        there = path.exists()
        real(path, missing_ok)
        removed.extend([path] if there else [])
        if len(removed) >= most:
            raise KeyboardInterrupt

    patched.setattr(Path, "unlink", unlink)


def test_a_link_that_somebody_lays_is_not_followed(resources: Resources, tmp_path: Path) -> None:
    """The folder may be one that others write to as well."""
    given = delivery(resources, tmp_path / "r.tar")
    (tmp_path / "precious").write_text("theirs")
    (tmp_path / f".tmp-{given.restore.id}.part").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError):
        given.deliver(made(given, tmp_path / "files"), Task())
    assert (tmp_path / "precious").read_text() == "theirs"
