"""The throw-away folder: nothing stays in it, and nothing else is touched."""

from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled, NoRoom
from mmsconsole.verification.folder import check_room, clear, empty_folder
from tests.support.metadata import settings_of
from tests.support.snapshots import contents, write_files


def test_it_is_empty_at_the_beginning_and_gone_at_the_end(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"data/left": b"by a killed one", "other": b""})

    def used() -> None:
        with empty_folder(root, SystemClock()) as data:
            assert list(root.iterdir()) == []
            write_files(data, {"a.wt": b"a"})
            raise Cancelled

    with pytest.raises(Cancelled):
        used()
    assert not root.exists()


def test_a_named_folder_keeps_what_others_have_there(tmp_path: Path) -> None:
    named = write_files(tmp_path / "big", {"mine": b"mine"})
    environ = {"MMSCONSOLE_VERIFICATION_FOLDER": str(named)}
    one = settings_of(tmp_path / "one", **environ).verification_folder
    other = settings_of(tmp_path / "other", **environ).verification_folder
    assert one.parent == other.parent == named
    assert one != other
    write_files(one, {"x": b""})
    write_files(other, {"y": b""})

    clear(one, SystemClock())

    assert contents(named) == {"mine": b"mine", f"{other.name}/y": b""}


def test_it_lies_in_the_home_without_a_name(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert settings.verification_folder == settings.home.verification


def test_room_is_looked_for_before_the_folder_is_there(tmp_path: Path) -> None:
    check_room(tmp_path / "not/there/yet", 1)
    with pytest.raises(NoRoom, match="put off"):
        check_room(tmp_path / "not/there/yet", 1 << 60)
