"""Where the master key comes from."""

import base64
import os
import sys
import traceback
from pathlib import Path

import pytest

from mmsconsole.errors import KeyUnusable, SettingsError
from mmsconsole.storage.encryption import master_key as module
from mmsconsole.storage.encryption.master_key import (
    MasterKey,
    key_from_command,
    key_from_file,
    master_key,
)

SECRET = bytes(range(200, 232))
KEY = MasterKey(SECRET)


def written(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "data",
    [SECRET, SECRET.hex().encode(), SECRET.hex().upper().encode() + b"\n",
     base64.b64encode(SECRET), b"  " + base64.b64encode(SECRET) + b"\r\n"],
    ids=["raw", "hex", "HEX with its line's end", "base64", "base64 with spaces"],
)  # fmt: skip
def test_a_file_may_hold_it_in_three_ways(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path / "key", data)

    assert key_from_file(path) == KEY
    assert master_key(str(path), []) == KEY


@pytest.mark.parametrize(
    "data",
    [b"", SECRET[:-1], SECRET + b"\n", SECRET.hex().encode()[:-2],
     b"a password of thirty-two letters",
     b"z" * 64, base64.b64encode(SECRET[:-1]), bytes(10_000)],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path / "key", data)

    with pytest.raises(KeyUnusable, match="this is no master key") as caught:
        key_from_file(path)

    assert caught.value.where == str(path)
    assert "openssl rand" in caught.value.hint
    told = "".join(traceback.format_exception(caught.value))
    assert not data.strip() or data.strip()[:20].decode("latin-1") not in told


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "key", SECRET, mode)

    with pytest.raises(KeyUnusable, match=f"others may read the master key.*{mode:03o}") as caught:
        key_from_file(path)

    assert caught.value.hint == f"chmod 600 {path}"


def test_a_file_that_is_not_there_or_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="No such file") as caught:
        key_from_file(tmp_path / "lost")
    assert "copy" in caught.value.hint

    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyUnusable, match="is no file"):
        key_from_file(tmp_path / "pipe")
    with pytest.raises(KeyUnusable):
        key_from_file(tmp_path)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_programs_output_may_be_it() -> None:
    assert key_from_command(python(f"print('{SECRET.hex()}')")) == KEY
    assert master_key("", python(f"print('{SECRET.hex()}')")) == KEY


def test_no_shell_sees_the_command() -> None:
    command = [*python("import sys; sys.exit(sys.argv[1] != '$(id); `id` | cat')"),
               "$(id); `id` | cat"]  # fmt: skip

    with pytest.raises(KeyUnusable, match="this is no master key"):
        key_from_command(command)


def test_what_a_program_says_is_told_to_nobody() -> None:
    said = "said-" + SECRET.hex()
    for program, told in (
        (f"print('{said}'); raise SystemExit(3)", "ended with code 3"),
        (f"import sys; print('{said}', file=sys.stderr); raise SystemExit(1)", "code 1"),
        (f"print('{said}')", "this is no master key"),
    ):
        with pytest.raises(KeyUnusable, match=told) as caught:
            key_from_command(python(program))
        assert caught.value.where == sys.executable
        assert said not in "".join(traceback.format_exception(caught.value))
        assert SECRET.hex() not in str(caught.value) + caught.value.hint


def test_a_program_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.2)
    program = f"import time; print('{SECRET.hex()}', flush=True); time.sleep(600)"

    with pytest.raises(KeyUnusable, match="did not end") as caught:
        key_from_command(python(program))

    assert caught.value.__cause__ is None


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="can not be run: FileNotFoundError"):
        key_from_command([str(tmp_path / "no-such-program")])


def test_there_is_one_master_key_or_none() -> None:
    assert master_key("", []) is None
    with pytest.raises(SettingsError, match="not both"):
        master_key("/some/file", ["program"])


def test_a_fingerprint_tells_keys_apart_and_is_not_of_the_wrapping_key() -> None:
    other = MasterKey(SECRET[::-1])

    assert KEY.fingerprint == MasterKey(SECRET).fingerprint != other.fingerprint
    assert len(KEY.fingerprint) == 32
    assert KEY.fingerprint not in KEY.wrapping_key.hex() + SECRET.hex()
