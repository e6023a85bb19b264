"""The folder that a restore fills: what is ours is removed, and nothing else ever."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.durable import TEMPORARY
from mmsconsole.errors import StorageError, TargetNotEmpty
from mmsconsole.restore import target as module
from mmsconsole.restore.target import (
    WORK,
    abandon,
    check_empty,
    claim,
    deliver,
    is_whole,
    release,
    seal,
)
from tests.support.snapshots import contents, files_below, write_files

ID = "r1"
FILES = {"WiredTiger": b"w", "a.wt": b"a", "deeper/b.wt": b"b"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Not there yet, and its parent neither."""
    return tmp_path / "new/target"


def fill(target: Path) -> Path:
    data = claim(target, ID)
    return write_files(data, FILES)


def whole(target: Path) -> None:
    fill(target)
    seal(target, ID)


def finish(target: Path) -> None:
    deliver(target, ID)
    release(target, ID)


def test_a_restore_that_ends_well_leaves_its_files_and_nothing_of_ours(target: Path) -> None:
    whole(target)
    finish(target)

    assert contents(target) == FILES


def test_half_a_restore_does_not_look_like_a_whole_one(target: Path) -> None:
    fill(target)

    assert [entry.name for entry in target.iterdir()] == [WORK]
    assert not is_whole(target, ID)


@pytest.mark.parametrize("reached", [fill, whole, lambda t: (whole(t), deliver(t, ID))])
def test_an_abandoned_restore_leaves_nothing_of_what_it_made(
    target: Path, reached: Callable[[Path], object]
) -> None:
    reached(target)
    abandon(target, ID)

    assert not target.exists()
    assert not target.parent.exists()


@pytest.mark.parametrize("reached", [fill, whole, lambda t: (whole(t), deliver(t, ID))])
def test_a_folder_that_was_there_stays(target: Path, reached: Callable[[Path], object]) -> None:
    target.mkdir(parents=True)
    reached(target)
    abandon(target, ID)

    assert list(target.iterdir()) == []


@pytest.mark.parametrize("reached", [fill, whole, lambda t: (whole(t), deliver(t, ID))])
def test_what_somebody_puts_there_meanwhile_stays(
    target: Path, reached: Callable[[Path], object]
) -> None:
    reached(target)
    write_files(target, {"notes.txt": b"mine", "folder/x": b"mine too"})
    abandon(target, ID)

    assert contents(target) == {"notes.txt": b"mine", "folder/x": b"mine too"}


def test_what_somebody_puts_there_is_not_overwritten(target: Path) -> None:
    whole(target)
    write_files(target, {"a.wt": b"mine"})
    with pytest.raises(TargetNotEmpty, match=r"a\.wt"):
        deliver(target, ID)
    abandon(target, ID)

    assert contents(target) == {"a.wt": b"mine"}


def test_another_attempt_begins_with_an_empty_folder(target: Path) -> None:
    fill(target)

    assert not claim(target, ID).exists()


def test_another_restores_folder_is_not_touched(target: Path) -> None:
    fill(target)
    before = contents(target)

    with pytest.raises(TargetNotEmpty):
        claim(target, "r2")
    abandon(target, "r2")
    release(target, "r2")

    assert contents(target) == before
    assert not is_whole(target, "r2")


def test_moving_up_goes_on_where_a_crash_left_it(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(target)
    rename, moved = Path.rename, []

    def crash(self: Path, to: Path) -> Path:
        if moved:
            raise KeyboardInterrupt
        moved.append(to)
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        deliver(target, ID)
    monkeypatch.undo()
    assert is_whole(target, ID)

    finish(target)

    assert contents(target) == FILES


def test_a_crash_before_the_claim_was_written_does_not_lock_the_folder(target: Path) -> None:
    write_files(target, {f"{WORK}/{TEMPORARY}claim.1.1": b"{"})

    claim(target, ID)

    assert files_below(target) == [f"{WORK}/claim"]


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"restore": "r1"}', b"\xff\xfe"])
def test_a_claim_that_is_not_ours_to_read_is_nobodys(target: Path, left: bytes) -> None:
    write_files(target, {f"{WORK}/claim": left, f"{WORK}/data/x": b"mine"})
    before = contents(target)

    abandon(target, ID)
    with pytest.raises(TargetNotEmpty):
        claim(target, ID)

    assert contents(target) == before


def test_a_link_that_was_moved_up_is_removed_and_not_followed(target: Path) -> None:
    elsewhere = write_files(target.parent / "elsewhere", {"x": b"mine"})
    whole(target)
    deliver(target, ID)
    (target / "a.wt").unlink()
    (target / "a.wt").symlink_to(elsewhere)
    abandon(target, ID)

    assert contents(elsewhere) == {"x": b"mine"}


def test_a_release_after_the_end_does_nothing(target: Path) -> None:
    whole(target)
    finish(target)

    release(target, ID)
    abandon(target, ID)

    assert contents(target) == FILES


@pytest.mark.parametrize(
    ("made", "refused"),
    [(None, False), ({}, False), ({"x": b""}, True), ({".hidden": b""}, True)],
)
def test_only_an_empty_or_absent_folder_is_filled(
    target: Path, made: dict[str, bytes] | None, refused: bool
) -> None:
    if made is not None:
        target.mkdir(parents=True)
        write_files(target, made)
    if refused:
        with pytest.raises(TargetNotEmpty):
            claim(target, ID)
    else:
        claim(target, ID)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetNotEmpty, match="a file"):
        check_empty(tmp_path / "file")
    with pytest.raises((TargetNotEmpty, StorageError)):
        claim(tmp_path / "file/below", ID)


def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, parts: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_file", full)
    with pytest.raises(StorageError, match="no space"):
        claim(target, ID)


def test_what_somebody_put_there_stays_when_giving_up_is_begun_again(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash in the middle: some of the files are gone already, the claim is there."""
    whole(target)
    name = next(iter(FILES)).split("/")[0]
    write_files(target, {name: b"mine"})
    real = shutil.rmtree

    def crash(folder: Path) -> None:
        real(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr("mmsconsole.restore.target.shutil.rmtree", crash)
    with pytest.raises(KeyboardInterrupt):
        abandon(target, ID)
    monkeypatch.undo()

    abandon(target, ID)

    assert contents(target) == {name: b"mine"}


def test_files_that_are_half_removed_are_not_called_delivered(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(target)
    shutil.rmtree(target / WORK / "data")

    with pytest.raises(StorageError):
        deliver(target, ID)
