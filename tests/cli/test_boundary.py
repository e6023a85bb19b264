"""Every end of a command has its exit code, and with --json exactly one value on stdout."""

from pathlib import Path
from typing import Any

import pytest

from mmsconsole.cli.exits import ExitCode, exit_code_of
from mmsconsole.cli.faults import without_passwords
from mmsconsole.errors import (
    Cancelled,
    MissingPrivileges,
    NoEngine,
    OutsideWindow,
    SettingsError,
    SourceUnreachable,
    UsageError,
)
from mmsconsole.operations.operations import Operations
from tests.cli.terminal import Terminal
from tests.operations.records import FakeSources

COMMANDS = [
    ["status"],
    ["deployment", "list"],
    ["deployment", "show", "x"],
    ["deployment", "remove", "x", "--yes"],
    ["backup", "start", "x"],
    ["backup", "stop", "x"],
    ["backup", "status", "x"],
    ["snapshot", "take", "x"],
    ["snapshot", "list", "x"],
    ["snapshot", "show", "x"],
    ["snapshot", "delete", "x", "--yes"],
    ["restore", "start", "x", "--at", "latest", "--to-folder", "y"],
    ["restore", "list"],
    ["restore", "show", "x"],
    ["restore", "cancel", "x"],
    ["job", "list"],
    ["job", "show", "x"],
    ["job", "cancel", "x"],
]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (SettingsError("x"), 2),
        (NoEngine("x"), 3),
        (OutsideWindow("x"), 4),
        (MissingPrivileges("x"), 4),
        (SourceUnreachable("x"), 1),
        (Cancelled("x"), 1),
    ],
)
def test_an_error_ends_with_its_exit_code(error: Any, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_an_engine_every_command_says_so(no_engine: Terminal, command: list[str]) -> None:
    ran = no_engine.run(*command, "--json")
    assert ran.code == ExitCode.NO_ENGINE
    assert ran.value["error"]["code"] == "no_engine"
    assert ran.value["error"]["hint"] == "start one with: mmsconsole engine"


def test_without_json_an_error_is_for_people_and_on_stderr(no_engine: Terminal) -> None:
    ran = no_engine.run("status")
    assert (ran.code, ran.out) == (3, "")
    assert "no engine runs here" in ran.err
    assert "hint: start one with: mmsconsole engine" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuch"],
        ["deployment"],
        ["deployment", "show"],
        ["deployment", "show", "x", "y"],
        ["job", "list", "--nosuch"],
        ["backup", "start", "x", "--wait=yes"],
        ["restore", "start", "x", "--at", "latest"],
        ["deployment", "add", "x", "mongodb://h", "--snapshot-interval-minutes", "often"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_in_json_too(no_engine: Terminal, arguments: list[str]) -> None:
    ran = no_engine.run(*arguments, "--json")
    assert ran.code == ExitCode.USAGE
    assert ran.value["error"]["code"] == "usage"
    assert "--help" in ran.value["error"]["hint"]


def test_wrong_settings_are_wrong_use(no_engine: Terminal) -> None:
    no_engine.environ = {**no_engine.environ, "MMSCONSOLE_LOG_LEVEL": "loud"}
    ran = no_engine.run("status", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (2, "settings")


def test_what_is_not_there_is_refused(terminal: Terminal) -> None:
    ran = terminal.run("deployment", "show", "nosuch", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (4, "not_found")


def test_a_fault_of_ours_is_short_and_its_traceback_is_in_the_log(
    terminal: Terminal, sources: FakeSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "mongodb://u:hunter2@h/"

    def broken(self: Operations) -> None:
        raise KeyError(secret)

    monkeypatch.setattr(Operations, "engine", broken)
    ran = terminal.run("status", "--json")
    log = tmp_path / "home" / "logs" / "cli.log"
    assert ran.code == 1
    assert ran.value["error"]["code"] == "fault"
    assert ran.value["error"]["message"] == f"a fault of ours: KeyError, see {log}"
    written = log.read_text()
    assert "in broken" in written
    assert "hunter2" not in written
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_fault_without_a_log_is_told_all_the_same(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "logs").touch()
    monkeypatch.setattr(Operations, "engine", lambda self: 1 / 0)
    ran = terminal.run("status", "--json")
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.value["error"]["message"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mongodb://u:p@h/", "mongodb://u:***@h/"),
        ("x mongodb+srv://u:p%40@h y", "x mongodb+srv://u:***@h y"),
        ("mongodb://u@h:27017/", "mongodb://u@h:27017/"),
        ("at 12:00 a@b", "at 12:00 a@b"),
    ],
)
def test_passwords_of_connection_strings_are_taken_out(text: str, expected: str) -> None:
    assert without_passwords(text) == expected


def test_an_interrupted_command_fails_and_says_so(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Operations) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Operations, "engine", interrupted)
    ran = terminal.run("status", "--json")
    assert (ran.code, ran.value["error"]["message"]) == (1, "interrupted")


def test_json_is_understood_wherever_it_stands(terminal: Terminal) -> None:
    assert terminal.run("job", "--json", "list").value == []
    assert terminal.run("job", "list", "--json").value == []


@pytest.mark.parametrize(
    ("environ", "tty"),
    [({"TERM": "xterm"}, False), ({"TERM": "dumb"}, True), ({"TERM": ""}, True), ({}, True)],
)
def test_the_console_wants_a_terminal_that_can_show_it(
    no_engine: Terminal, environ: dict[str, str], tty: bool
) -> None:
    no_engine.environ = {
        key: value for key, value in no_engine.environ.items() if key != "TERM"
    } | environ
    ran = no_engine.run(tty=tty)
    assert ran.code == 4
    assert "mmsconsole engine" in ran.err


def test_what_a_server_said_can_not_steer_the_terminal(
    terminal: Terminal, sources: FakeSources
) -> None:
    sources.error = SourceUnreachable("gone\x1b[2J", where="h:1")
    ran = terminal.run("deployment", "add", "x", "mongodb://h")
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("left", [EOFError, KeyboardInterrupt])
def test_who_leaves_at_the_question_for_a_password_has_added_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, left: type[BaseException]
) -> None:
    def leave(self: Terminal, question: str) -> str:
        raise left

    monkeypatch.setattr(Terminal, "_ask", leave)
    ran = terminal.run("deployment", "add", "shop", "mongodb://u@h", tty=True)
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "mmsconsole: interrupted")
    assert terminal.run("deployment", "list", "--json").value == []
