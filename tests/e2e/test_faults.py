"""What an administrator does wrong, or too early, or twice: told at once, and harmless.

One engine and one source for the whole module; what a test changes it puts back.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from mmsconsole.cli.shell import connect_operations
from mmsconsole.demo.accident import newest_entry
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import Settings, load_settings
from tests.cli.terminal import Ran, Terminal
from tests.support.folders import short_folder_for
from tests.support.guarded import PASSWORD, GuardedSet
from tests.support.paused import held, held_replay, holding_mongod
from tests.support.stage import NAME, Stage

pytestmark = pytest.mark.xdist_group("product")

NO_ID = "0123456789ab"


@pytest.fixture(scope="module")
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    """Its source wants a login; a head is in sync, and there is oplog behind one snapshot."""
    with short_folder_for("mms-faults-") as folder:
        mongod = holding_mongod(folder, mongod_binary)
        stage = Stage(folder, mongod_binary, MMSCONSOLE_MONGOD_BINARIES=mongod)
        stage.source = LocalReplicaSet(
            mongod_binary.path, folder / "source", stage.clock, 1, password=PASSWORD
        )
        try:
            stage.open().start_engine()
            back_up(stage)
            yield stage
        finally:
            stage.close()


def back_up(stage: Stage) -> None:
    source = GuardedSet(stage.source)
    source.create_user("copier", ["backup", "clusterMonitor"])
    stage.client.app.things.insert_many([{"text": "x" * 500} for _ in range(2_000)])
    added = terminal_of(stage).run("deployment", "add", NAME, "-", typed=f"{source.uri}\n")
    assert added.code == 0
    stage.start_backup()
    stage.wait_in_sync()
    stage.take_snapshot()
    for number in range(50):
        stage.client.app.things.insert_one({"after": number})
    stage.wait_stored(newest_entry(stage.client, {"op": "i"}))


def terminal_of(stage: Stage) -> Terminal:
    """A command line in this process, with the engine that runs."""
    return Terminal(stage.environ, connect_operations(load_settings(stage.environ), stage.clock))


@pytest.fixture
def terminal(stage: Stage) -> Terminal:
    return terminal_of(stage)


@pytest.fixture
def snapshot(stage: Stage) -> str:
    """Id of the newest one."""
    return str(stage.cli.ask("snapshot", "list", NAME)[-1]["id"])


def error_of(ran: Ran, code: int) -> dict[str, Any]:
    """Of a command that must fail with this exit code."""
    assert ran.code == code, ran
    error: dict[str, Any] = ran.value["error"]
    return error


def restore_to(terminal: Terminal, target: Path | str, *how: str) -> Ran:
    how = how or ("--at", "latest")
    return terminal.run("restore", "start", NAME, *how, "--to-folder", str(target), "--json")


def state_of(terminal: Terminal, restore: Mapping[str, Any]) -> str:
    return str(terminal.run("restore", "show", restore["id"], "--json").value["state"])


@pytest.mark.parametrize(
    "command",
    [
        "deployment show", "deployment edit", "deployment remove --yes", "backup start",
        "backup stop", "backup status", "snapshot take", "snapshot list", "snapshot show",
        "snapshot delete --yes", "restore list", "restore show", "restore cancel", "job list",
        "job show", "job cancel",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", [NO_ID, "", "a/../b", "x\x1b[2J\n", "ü" * 300])
def test_what_is_not_there_is_refused_with_where_to_look(
    terminal: Terminal, command: str, name: str
) -> None:
    error = error_of(terminal.run(*command.split(), name, "--json"), 4)
    assert error["code"] == "not_found"
    assert error["hint"].startswith("see: mmsconsole ")
    assert "\x1b" not in error["message"]


def test_a_second_start_of_a_backup_changes_nothing(terminal: Terminal) -> None:
    syncs = syncs_of(terminal)
    again = terminal.run("backup", "start", NAME, "--json")
    assert (again.code, again.value["state"]) == (0, "started")
    assert syncs_of(terminal) == syncs
    assert len(syncs) == 1


def syncs_of(terminal: Terminal) -> list[dict[str, Any]]:
    """What a start begins; the engine has jobs of its own, which come and go."""
    jobs = terminal.run("job", "list", "--json").value
    return [job for job in jobs if job["kind"] == "initial sync"]


def test_a_stopped_backup_takes_no_snapshot_and_goes_on_where_it_stood(
    stage: Stage, terminal: Terminal
) -> None:
    before = stage.status()["head"]["path"]
    for _ in range(2):
        assert terminal.run("backup", "stop", NAME, "--json").value["state"] == "stopped"
    error = error_of(terminal.run("snapshot", "take", NAME, "--json"), 4)
    assert error["hint"] == f"start it first: mmsconsole backup start {NAME}"
    written = stage.client.app.things.insert_one({"while": "stopped"})

    assert terminal.run("backup", "start", NAME, "--json").value["state"] == "started"

    stage.wait_stored(newest_entry(stage.client, {"o._id": written.inserted_id}))
    assert stage.wait_in_sync()["head"]["path"] == before


@pytest.mark.parametrize(
    ("point", "code", "said"),
    [
        ("2020-01-01T00:00:00Z", 4, "is before the window, which begins at 20"),
        ("1:1", 4, "is before the window, which begins at 20"),
        ("2100-01-01T00:00:00+02:00", 4, "is after the window, which ends at 20"),
        ("4294967295:1", 4, "is after the window, which ends at 20"),
        ("2026-11-20T12:00:00", 2, "lacks its zone"),
        ("2026-13-20T12:00:00Z", 2, "no such time"),
        ("99999999999:1", 2, "not a point"),
        ("soon", 2, "not a point"),
        ("", 2, "not a point"),
    ],
)
def test_a_point_that_can_not_be_restored_is_told_with_the_window(
    stage: Stage, terminal: Terminal, point: str, code: int, said: str
) -> None:
    target = stage.new_target()
    error = error_of(restore_to(terminal, target, "--at", point), code)
    assert said in error["message"]
    assert not target.exists()


def test_either_a_snapshot_or_a_point_is_named(terminal: Terminal, snapshot: str) -> None:
    both = restore_to(terminal, "x", "--snapshot", snapshot, "--at", "latest")
    neither = terminal.run("restore", "start", NAME, "--to-folder", "x", "--json")
    unknown = restore_to(terminal, "x", "--snapshot", NO_ID)
    assert "--at POINT" in error_of(both, 2)["hint"]
    assert "--at POINT" in error_of(neither, 2)["hint"]
    assert error_of(unknown, 4)["code"] == "not_found"


def test_a_folder_that_can_not_be_filled_is_refused_before_anything_is_queued(
    stage: Stage, terminal: Terminal
) -> None:
    full, file = stage.folder / "full", stage.folder / "file"
    full.mkdir(exist_ok=True)
    (full / "precious").touch()
    file.touch()
    before = terminal.run("restore", "list", "--json").value
    home = stage.folder / "home"
    cases = {
        str(full): (4, "target_not_empty", "not empty"),
        str(file): (4, "target_not_empty", "a file, not a folder"),
        str(file / "below" / "it"): (4, "refused", f"{file} is a file, not a folder"),
        str(home / "data" / "heads" / "new"): (4, "refused", "which is the engine's"),
        "": (2, "usage", "has no name"),
    }
    for target, (code, kind, said) in cases.items():
        error = error_of(restore_to(terminal, target), code)
        assert error["code"] == kind
        assert said in error["message"]
        assert error["hint"]
    assert terminal.run("restore", "list", "--json").value == before
    assert sorted(full.iterdir()) == [full / "precious"]


def test_a_folder_of_somebody_else_is_refused(
    stage: Stage, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere: what the system would say to another user is said for it."""
    theirs = stage.folder / "theirs"
    theirs.mkdir()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != theirs and allowed(path, mode))
    error = error_of(restore_to(terminal, theirs / "new"), 4)
    assert error["message"] == f"{theirs} can not be written to"


def test_a_relative_folder_is_below_the_current_one_and_its_parents_are_made(
    stage: Stage, snapshot: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mmsconsole", "restore", "start", NAME, "--snapshot", snapshot,
         "--to-folder", "not/there yet/ü", "--wait", "--json"],
        env=stage.environ, cwd=stage.folder, capture_output=True, text=True, timeout=120,
        check=True,
    )  # fmt: skip
    restored = json.loads(ran.stdout)
    assert (restored["state"], restored["path"]) == (
        "done",
        str(stage.folder / "not/there yet/ü"),
    )
    assert (stage.folder / "not/there yet/ü/WiredTiger").exists()


def test_a_queued_restore_is_cancelled_at_once(stage: Stage, terminal: Terminal) -> None:
    target = stage.new_target()
    assert stage.engine
    with held(stage.engine.pid):
        asked = restore_to(terminal, target).value
        taken = error_of(restore_to(terminal, target), 4)
        cancelled = terminal.run("restore", "cancel", asked["id"], "--json")
        again = error_of(terminal.run("restore", "cancel", asked["id"], "--json"), 4)
    assert taken["code"] == "busy"
    assert (cancelled.code, cancelled.value["state"]) == (0, "cancelled")
    assert "has ended already: cancelled" in again["message"]
    assert terminal.run("job", "show", asked["job"], "--json").value["state"] == "cancelled"
    assert not target.exists()


def test_a_running_restore_is_cancelled_and_leaves_nothing(
    stage: Stage, terminal: Terminal
) -> None:
    target = stage.new_target()
    with held_replay(stage.folder, target):
        asked = restore_to(terminal, target).value
        stage.wait("no replay", lambda: state_of(terminal, asked) == "applying oplog" or None)
        assert terminal.run("restore", "cancel", asked["id"], "--json").code == 0
        stage.wait_for_heartbeats(asked["job"])

    def look() -> str | None:
        state = state_of(terminal, asked)
        return state if state != "applying oplog" else None

    assert stage.wait("the restore did not end", look) == "cancelled"
    assert not target.exists()


def test_a_restore_that_is_done_can_not_be_cancelled(
    stage: Stage, terminal: Terminal, snapshot: str
) -> None:
    target = stage.new_target()
    restored = stage.cli.ask(
        "restore", "start", NAME, "--snapshot", snapshot, "--to-folder", str(target), "--wait"
    )
    error = error_of(terminal.run("restore", "cancel", restored["id"], "--json"), 4)
    assert error["message"] == "the restore has ended already: done"
    assert (target / "WiredTiger").exists()


def test_who_stops_waiting_is_told_that_it_goes_on_and_it_does(
    stage: Stage, terminal: Terminal, snapshot: str
) -> None:
    target = stage.new_target()
    assert stage.engine
    with held(stage.engine.pid):
        waiting = subprocess.Popen(
            [sys.executable, "-m", "mmsconsole", "restore", "start", NAME, "--snapshot", snapshot,
             "--to-folder", str(target), "--wait", "--json"],
            env=stage.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert waiting.stderr
        told = iter(waiting.stderr.readline, "")
        assert any("waits for its turn" in line for line in told)
        waiting.send_signal(signal.SIGINT)
        said, complaint = waiting.communicate(timeout=120)
    error = json.loads(said)["error"]
    assert (waiting.returncode, error["code"]) == (1, "cancelled")
    assert "Traceback" not in complaint
    restore = error["hint"].removeprefix("see: mmsconsole restore show ")

    def look() -> bool | None:
        state = terminal.run("restore", "show", restore, "--json").value["state"]
        return True if state == "done" else None

    stage.wait("the restore did not go on", look)


def test_a_second_engine_in_this_home_is_refused(stage: Stage) -> None:
    answered = stage.cli.run("engine")
    assert (answered.code, answered.value["error"]["code"]) == (4, "busy")
    assert "engine --stop" in answered.value["error"]["hint"]
    assert stage.status()["state"] == "started"


def test_a_password_is_shown_nowhere(
    stage: Stage, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in answers, logs, tracebacks, nor on any command line."""
    password = PASSWORD.reveal()
    commands = ("deployment show {}", "deployment list", "backup status {}", "job list", "status")
    for command in commands:
        for options in ([], ["--json"]):
            ran = terminal.run(*command.format(NAME).split(), *options)
            assert ran.code == 0
            assert password not in ran.out + ran.err
    assert "copier:***@" in terminal.run("deployment", "show", NAME).out

    monkeypatch.setattr("mmsconsole.operations.backups.backup_status", lambda *_: 1 / 0)
    assert terminal.run("backup", "status", NAME).code == 1

    settings: Settings = load_settings(stage.environ)
    logs = [file for file in settings.home.logs.iterdir() if file.is_file()]
    assert {"cli.log", "engine.log"} <= {file.name for file in logs}
    for file in [*logs, *settings.home.run.glob("*.lock"), stage.folder / "engine.log"]:
        assert password.encode() not in file.read_bytes(), file
    for process in psutil.process_iter(["cmdline"]):
        assert password not in " ".join(process.info["cmdline"] or [])
