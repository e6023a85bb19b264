"""Every check says ok, or what is wrong and how to mend it; no engine is needed."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.operations import doctor
from mmsconsole.operations.estimate import Disk
from mmsconsole.operations.views import Finding
from mmsconsole.settings import HOME
from mmsconsole.storage.kept_marks import KeptMemory
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.marked import MARK_FILE
from tests.operations.records import NOW
from tests.storage.test_marked import OTHER, OWN, FakeMemory
from tests.support.clock import ManualClock


def examined(home: Path, now: datetime = NOW, **environ: str) -> list[Finding]:
    return doctor.examine({HOME: str(home), **environ}, ManualClock(now))


def wrong(findings: list[Finding]) -> list[str]:
    assert all(finding.mend for finding in findings if not finding.ok)
    return [finding.check for finding in findings if not finding.ok]


def test_a_fresh_home_is_well(short_folder: Path) -> None:
    findings = examined(short_folder / "home")
    assert wrong(findings) == []
    assert {finding.check for finding in findings} == {
        "settings",
        "mongod",
        "disk",
        "store",
        "ports",
        "permissions",
        "clock",
    }
    assert not (short_folder / "home").exists()


def test_a_wrong_setting_is_told_with_what_is_allowed(short_folder: Path) -> None:
    (finding,) = examined(short_folder, MMSCONSOLE_NOSUCH_KEY="1")
    assert (finding.check, finding.ok) == ("settings", False)
    assert "MMSCONSOLE_BACKUP_SYNC_FROM" in finding.mend


def test_a_mongod_that_does_not_run_is_told(short_folder: Path) -> None:
    findings = examined(short_folder, MMSCONSOLE_MONGOD_BINARIES="/bin/false")
    assert wrong(findings) == ["mongod"]


def test_a_library_that_is_missing_is_told_with_its_package(short_folder: Path) -> None:
    binary = short_folder / "mongod"
    loader = "error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    binary.write_text(f"#!/bin/sh\necho '{loader}' >&2\nexit 127\n")
    binary.chmod(0o700)
    findings = examined(short_folder, MMSCONSOLE_MONGOD_BINARIES=str(binary))
    (mongod,) = [finding for finding in findings if finding.check == "mongod"]
    assert not mongod.ok
    assert "libcurl.so.4" in mongod.found
    assert mongod.mend == "apt-get install libcurl4"


def test_a_home_that_others_can_read_is_told(short_folder: Path) -> None:
    data = short_folder / "data"
    data.mkdir()
    data.chmod(0o755)
    findings = examined(short_folder)
    assert wrong(findings) == ["permissions"]
    assert f"chmod 700 {data}" in [finding.mend for finding in findings]


def test_a_file_where_a_folder_should_be_is_told(short_folder: Path) -> None:
    (short_folder / "data").touch()
    assert "permissions" in wrong(examined(short_folder))


def test_a_folder_that_can_not_be_written_to_is_told(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered for the system: root, who may run this, may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK | os.X_OK)
    assert "permissions" in wrong(examined(short_folder / "home"))


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    assert wrong(examined(tmp_path / ("x" * 100))) == ["ports"]


def test_a_full_disk_is_told(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "disk_of", lambda folder: Disk(1, folder, 1024))
    assert set(wrong(examined(short_folder))) == {"disk"}


def test_a_clock_before_this_program_is_told(short_folder: Path) -> None:
    assert wrong(examined(short_folder, datetime(1970, 1, 2, tzinfo=UTC))) == ["clock"]


def test_a_clock_behind_the_files_here_is_told(short_folder: Path) -> None:
    logs = short_folder / "logs"
    logs.mkdir(mode=0o700)
    (logs / "engine.log").touch()
    ahead = NOW.timestamp() + 7200
    os.utime(logs / "engine.log", (ahead, ahead))
    assert wrong(examined(short_folder)) == ["clock"]


def stores(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check == "store"]


def test_every_store_is_tried_and_nothing_is_left_in_it(short_folder: Path) -> None:
    (short_folder / "config").mkdir(mode=0o700)
    (short_folder / "far").mkdir()
    toml = f"[stores.far]\nurl = '{short_folder}/far'\n"
    (short_folder / "config/config.toml").write_text(toml)

    default, far = stores(examined(short_folder))

    assert (default.ok, far.ok) == (True, True)
    assert "will be made" in default.found
    assert "takes objects" in far.found
    assert [path for path in (short_folder / "far").rglob("*") if path.is_file()] == []


def test_a_store_that_can_not_be_reached_is_told_without_its_secrets(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    url = "s3://bucket/here?endpoint=http://127.0.0.1:1&region=hunter2"
    once = {"MMSCONSOLE_STORAGE_TRIES": "1"}
    (found,) = stores(examined(short_folder, MMSCONSOLE_STORAGE_URL=url, **once))
    assert not found.ok
    assert found.found.startswith("default (s3://bucket/here): ")
    assert "endpoint" in found.mend
    assert "hunter2" not in f"{found}"


def test_a_store_whose_address_is_wrong_is_told(short_folder: Path) -> None:
    (found,) = stores(examined(short_folder, MMSCONSOLE_STORAGE_URL="s3://bucket?nosuch=1"))
    assert not found.ok
    assert "endpoint" in found.mend


def test_a_store_that_gives_other_bytes_is_told(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (short_folder / "far").mkdir()
    monkeypatch.setattr(LocalStorage, "get", lambda *_: b"something else")
    (found,) = stores(examined(short_folder, MMSCONSOLE_STORAGE_URL=f"{short_folder}/far"))
    assert not found.ok
    assert "other bytes" in found.found


def in_a_folder(root: Path, folder: Path, noted: str, found: str) -> Finding:
    """What is said of a store in `folder`, whose mark is `found`, when an engine knew `noted`."""
    if found:
        folder.mkdir(parents=True)
        (folder / MARK_FILE).write_text(f"{found}\n")
    memory = KeptMemory(FakeMemory(), root / "data/store-marks/default")
    if noted:
        memory.note(noted)
    (said,) = stores(examined(root, MMSCONSOLE_STORAGE_URL=str(folder)))
    return said


@pytest.mark.parametrize(
    ("noted", "found", "ok", "words"),
    [
        (OWN, OWN, True, "takes objects"),
        ("", OWN, True, "takes objects"),
        ("", "", True, "will be made"),
        (OWN, "", False, "is the disk mounted"),
        (OWN, OTHER, False, "another store"),
    ],
)
def test_a_disk_that_is_not_mounted_does_not_look_like_a_store(
    short_folder: Path, noted: str, found: str, ok: bool, words: str
) -> None:
    folder = short_folder / "disk/store"

    said = in_a_folder(short_folder / "home", folder, noted, found)

    assert (said.ok, words in said.found) == (ok, True)
    assert ok or said.mend
    assert folder.exists() == bool(found)


def test_an_empty_mount_point_does_not_look_like_a_store_either(short_folder: Path) -> None:
    folder = short_folder / "disk"
    folder.mkdir()

    said = in_a_folder(short_folder / "home", folder, OWN, "")

    assert not said.ok
    assert not list(folder.iterdir())
