"""No mongod outlives the process that started it, however that ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from mmsconsole.mongod.orphans import sweep_orphans
from mmsconsole.mongod.process import GUARD
from tests.support.gone import gone

ROOT = Path(__file__).parents[2]
MEGABYTE = 1 << 20


@pytest.fixture
def parent(short_folder, mongod_binary, clock):
    """(Popen of parent.py, the mongod's id, the guard's id); nothing of it stays."""
    command = [sys.executable, str(Path(__file__).with_name("parent.py"))]
    process = subprocess.Popen(
        [*command, str(mongod_binary.path), str(short_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        mongod, guard = map(int, process.stdout.readline().split())
        yield process, mongod, guard
    finally:
        process.kill()
        process.communicate()
        sweep_orphans([short_folder], clock)


def test_a_parent_that_is_killed_leaves_neither_mongod_nor_guard(parent):
    process, mongod, guard = parent

    process.kill()

    assert gone(mongod)
    assert gone(guard)


def test_after_its_parents_death_the_mongod_ends_cleanly(parent, short_folder):
    process, mongod, _ = parent

    process.kill()

    assert gone(mongod)
    assert "Received signal" in (short_folder / "mongod.log").read_text()
    assert (short_folder / "data" / "mongod.lock").read_bytes() == b""


def test_a_guard_that_is_killed_leaves_no_mongod(parent):
    _, mongod, guard = parent

    os.kill(guard, signal.SIGKILL)

    assert gone(mongod)


def test_a_guard_that_is_terminated_ends_its_mongod_cleanly(parent, short_folder):
    _, mongod, guard = parent

    os.kill(guard, signal.SIGTERM)

    assert gone(mongod)
    assert gone(guard)
    assert (short_folder / "data" / "mongod.lock").read_bytes() == b""


def test_a_lost_terminal_does_not_reach_guard_or_mongod(parent):
    process, mongod, guard = parent

    assert os.getsid(guard) != os.getsid(process.pid)
    assert os.getsid(mongod) == os.getsid(guard)
    os.kill(guard, signal.SIGHUP)
    assert not gone(guard, within_seconds=0.2)


def test_a_guard_is_small(parent):
    _, _, guard = parent

    assert psutil.Process(guard).memory_info().rss < 12 * MEGABYTE


def test_a_mongod_outlives_the_thread_that_started_it(start_mongod):
    started = []
    thread = threading.Thread(target=lambda: started.append(start_mongod()))
    thread.start()
    thread.join()

    assert not started[0].wait_dead(0.5)


def test_a_guard_ends_with_the_status_of_what_it_ran():
    for body, status in (("exit 7", 7), ("kill -9 $$", 128 + 9)):
        guard = start_guard(body)
        assert guard.wait(60) == status
        guard.communicate()


def test_what_ignores_sigterm_is_killed_after_the_grace(tmp_path):
    ready = tmp_path / "ready"
    body = f"trap '' TERM; : > {ready}; while :; do sleep 1; done"
    guard = start_guard(body)
    stubborn = int(guard.stdout.readline())
    wait_for_file(ready)

    guard.communicate(timeout=60)

    assert gone(stubborn)
    assert guard.returncode == 128 + 9


def start_guard(shell_script: str) -> subprocess.Popen:
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), "1", "0", "/bin/sh", "-c", shell_script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    guard.stdin.write(b"\n")
    guard.stdin.flush()
    return guard


def wait_for_file(path: Path) -> None:
    ticks = threading.Event()
    for _ in range(6000):
        if path.exists():
            return
        ticks.wait(0.01)
    raise AssertionError(f"{path} did not come")
