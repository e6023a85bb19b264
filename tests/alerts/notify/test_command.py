"""A program that is given the message."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsconsole.alerts.notify.command import CommandChannel
from mmsconsole.errors import NotificationFailed
from mmsconsole.settings.notify import CommandSettings
from tests.alerts.notify.messages import PAYLOAD, message

GENEROUS = 60


def channel(*argv: str, seconds: float = 60) -> CommandChannel:
    settings = CommandSettings.model_construct(
        kind="command", argv=list(argv), timeout_seconds=seconds
    )
    environ = {"PATH": os.environ["PATH"], "MMSCONSOLE_METADATA_URI": "mongodb://u:hunter2@h"}
    return CommandChannel("script", settings, environ)


def test_it_gets_the_message_as_json_and_as_variables(tmp_path: Path) -> None:
    said, env = tmp_path / "said", tmp_path / "env"
    channel("/bin/sh", "-c", f"cat > {said}; env > {env}").send(message())
    assert json.loads(said.read_text())["title"] == message().title
    variables = env.read_text()
    assert "ALERT_DEPLOYMENT=shop\n" in variables
    assert "ALERT_KEY=a1b2c3\n" in variables
    assert "hunter2" not in variables


def test_no_shell_sees_a_name_from_outside(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    hostile = f"$(touch {trap}); `touch {trap}` | touch {trap}"
    seen = tmp_path / "seen"
    program = f"import os, pathlib; pathlib.Path('{seen}').write_text(os.environ['ALERT_SUBJECT'])"
    channel(sys.executable, "-c", program, hostile).send(
        message(payload=PAYLOAD | {"subject": hostile})
    )
    assert seen.read_text() == hostile
    assert not trap.exists()


def test_a_program_that_reads_nothing_holds_nobody_up() -> None:
    channel("/bin/true").send(message(text="x" * 100_000))


@pytest.mark.parametrize(
    ("script", "says", "again"),
    [("exit 3", "it ended with status 3", True), ("kill -9 $$", "it ended with status 137", True),
     ("exit 127", "can not be run", False)],
)  # fmt: skip
def test_a_failure_is_told(script: str, says: str, again: bool) -> None:
    with pytest.raises(NotificationFailed, match=says) as caught:
        channel("/bin/sh", "-c", script).send(message())
    assert caught.value.again is again


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(NotificationFailed, match="can not be run") as caught:
        channel("/nowhere/tell").send(message())
    assert caught.value.where == "/nowhere/tell"


def gone(pid: int) -> None:
    """Wait for the end of a process."""
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"{pid} still runs")


def test_one_that_is_too_slow_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    slow = channel("/bin/sh", "-c", f"sleep 600 & echo $! $$ > {pids}; wait", seconds=1)
    while not pids.exists():  # a machine may need longer to start it
        with pytest.raises(NotificationFailed, match="did not end within 1 s, and was killed"):
            slow.send(message())
    for pid in pids.read_text().split():
        gone(int(pid))


def test_what_it_leaves_behind_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    channel("/bin/sh", "-c", f"sleep 600 & echo $! > {pids}").send(message())
    gone(int(pids.read_text()))


def test_it_dies_with_the_engine(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    engine = (
        "from tests.alerts.notify.test_command import channel, message\n"
        f"channel('/bin/sh', '-c', 'sleep 600 & echo $! $$ > {pids}.new;"
        f" mv {pids}.new {pids}; wait').send(message())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", engine])
    end = time.monotonic() + GENEROUS
    while not pids.exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pid in pids.read_text().split():
        gone(int(pid))
