"""mmsconsole store rotate-key."""

from pathlib import Path

import pytest

from mmsconsole.cli.exits import ExitCode
from mmsconsole.settings import Settings
from tests.cli.terminal import Terminal
from tests.support.metadata import settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an encrypted store."""
    return settings_of(tmp_path / "home", MMSCONSOLE_STORAGE_KEY_FILE=str(_key(tmp_path, "0a")))


def _key(folder: Path, byte: str) -> Path:
    path = folder / f"{byte}.key"
    path.write_text(byte * 32)
    path.chmod(0o600)
    return path


def test_a_new_master_key_is_added_and_the_answer_says_what_is_next(
    terminal: Terminal, tmp_path: Path
) -> None:
    answer = terminal.run("store", "rotate-key", "default", "--new-data-key")
    assert answer.code == ExitCode.DONE
    new = str(_key(tmp_path, "0b"))

    added = terminal.run("store", "rotate-key", "default", "--new-key-file", new, "--json").value
    told = terminal.run("store", "rotate-key", "default", "--new-key-command", f"cat {new}")

    assert (added["store"], added["data_keys"], added["opened"]) == ("default", 1, 1)
    assert "mmsconsole store rotate-key default --drop-old" in told.out
    assert added["new_master"] in told.out
    assert "0b" * 16 not in told.out


def test_the_old_key_is_dropped_when_it_is_confirmed(terminal: Terminal) -> None:
    assert terminal.run("store", "rotate-key", "default", "--drop-old").code == ExitCode.REFUSED
    words = ("store", "rotate-key", "default", "--drop-old", "--yes", "--json")
    assert terminal.run(*words).value["closed"] == 0


def test_both_steps_at_once_make_no_sense(terminal: Terminal) -> None:
    words = ("store", "rotate-key", "default", "--drop-old", "--new-data-key")
    assert terminal.run(*words).code == ExitCode.USAGE
