"""The demo writes to one folder, and takes it away again."""

from pathlib import Path

import pytest

from mmsconsole.demo.folder import PATH_BYTES_MAX, open_folder
from mmsconsole.errors import TargetNotEmpty, UsageError


def test_a_folder_that_nobody_named_is_removed() -> None:
    with open_folder(None, keep=False) as folder:
        assert folder.root.stat().st_mode & 0o777 == 0o700
        folder.home.mkdir()

    assert not folder.root.exists()


def test_it_is_removed_when_the_demo_fails_too() -> None:
    with pytest.raises(ValueError, match="failed"), open_folder(None, keep=False) as folder:
        raise ValueError("failed")

    assert not folder.root.exists()


def test_keep_keeps_it(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short_folder))

    with open_folder(None, keep=True) as folder:
        pass

    assert folder.root.parent == short_folder
    assert folder.root.is_dir()


def test_a_named_folder_stays(short_folder: Path) -> None:
    with open_folder(short_folder / "demo", keep=False) as folder:
        folder.home.mkdir()

    assert (short_folder / "demo" / "home").is_dir()


def test_a_folder_with_something_in_it_is_refused(short_folder: Path) -> None:
    (short_folder / "mine").touch()

    with pytest.raises(TargetNotEmpty), open_folder(short_folder, keep=False):
        pass

    assert [path.name for path in short_folder.iterdir()] == ["mine"]


def test_a_path_too_long_for_sockets_is_refused_and_not_made(short_folder: Path) -> None:
    long = short_folder / ("x" * PATH_BYTES_MAX)

    with pytest.raises(UsageError, match="too long for sockets"), open_folder(long, keep=False):
        pass

    assert not long.exists()


def test_a_temporary_folder_with_a_long_path_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, short_folder: Path
) -> None:
    long = short_folder / ("x" * PATH_BYTES_MAX)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    with open_folder(None, keep=False) as folder:
        assert folder.root.parent == Path("/tmp")

    assert list(long.iterdir()) == []
