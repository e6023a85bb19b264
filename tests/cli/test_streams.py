"""Whatever the process's streams are, there is an answer or a short complaint, no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.settings import HOME
from tests.cli.terminal import Terminal

COMMAND = f"{sys.executable} -m mmsconsole"


@pytest.fixture
def shell(tmp_path: Path) -> "ShellRunner":
    return ShellRunner(tmp_path / "home")


class ShellRunner:
    """Lines for a POSIX shell in which MMS is the program."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env={"PATH": os.environ["PATH"], HOME: str(self.home), "MMS": COMMAND, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ran.stdout + ran.stderr
        assert "a fault of ours" not in ran.stdout + ran.stderr
        return ran


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_reader_that_leaves_early_is_no_complaint(shell: ShellRunner, options: str) -> None:
    # `head` has gone before the first line is written.
    ran = shell.run(f"(sleep 0.1; $MMS doctor {options}) | head -n 0")
    assert ran.stderr == ""
    assert ran.returncode in (0, 1)


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_full_disk_under_stdout_is_told(shell: ShellRunner, options: str) -> None:
    ran = shell.run(f"$MMS doctor {options} >/dev/full")
    assert ran.returncode == 1
    assert ran.stderr == "mmsconsole: the answer can not be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_as_if_nobody_were_there(shell: ShellRunner, closed: str) -> None:
    assert shell.run(f"$MMS --version {closed}").returncode == 0
    assert shell.run(f"$MMS status {closed}").returncode == 3


def test_without_stdin_nothing_is_asked_and_the_console_does_not_open(shell: ShellRunner) -> None:
    ran = shell.run("$MMS <&-")
    assert ran.returncode == 4
    assert "needs a terminal" in ran.stderr


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_locale_without_umlauts_takes_every_answer(shell: ShellRunner, options: str) -> None:
    shell.home = shell.home.parent / "größe"
    ran = shell.run(f"$MMS status {options}", PYTHONIOENCODING="ascii")
    assert ran.returncode == 3
    said = json.loads(ran.stdout)["error"]["where"] if options else ran.stderr
    assert "größe" in said or r"gr\xf6\xdfe" in said


def test_an_argument_that_is_no_text_is_wrong_use(shell: ShellRunner) -> None:
    ran = shell.run(r"$MMS deployment show $'\xff' --json")
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["error"]["message"] == "not text in UTF-8"


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_and_no_padding_reach_a_pipe(shell: ShellRunner, environ: dict[str, str]) -> None:
    lines = shell.run("$MMS doctor", **environ).stdout.splitlines()
    assert lines
    assert not [line for line in lines if "\x1b" in line or line != line.rstrip()]


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVLE", "info"), ("LOG_LEVEL", "loud")])
def test_a_wrong_variable_is_told_by_every_command(
    environ: dict[str, str], name: str, value: str
) -> None:
    terminal = Terminal(environ | {f"MMSCONSOLE_{name}": value})
    for command in (["status"], ["engine"], ["engine", "--stop"], ["job", "list"]):
        ran = terminal.run(*command, "--json")
        error = ran.value["error"]
        assert (ran.code, error["code"]) == (2, "settings")
        assert f"MMSCONSOLE_{name}" in error["where"]
        assert error["hint"]
