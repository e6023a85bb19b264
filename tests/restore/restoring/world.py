"""What the tests of restores share."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.metadata.restores import Restore
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.optime import Optime
from mmsconsole.restore.restoring import Restoring
from mmsconsole.task import Task
from tests.support.backups import Bench


class World:
    """A backup that goes on for all tests of this folder, and one snapshot of it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.write(*range(50))
        backup = bench.synced()
        bench.wait_stored(bench.write())
        self.snapshot = bench.snapshot(backup)
        self.state = bench.state()


def stored(bench: Bench, point: Optime) -> Optime:
    bench.wait_stored(point)
    return point


def run(bench: Bench, record: Restore, task: Task | None = None) -> Restore:
    return Restoring(bench.resources, record).run(task or Task())


def assert_holds(bench: Bench, restore: Restore, state: Any) -> None:
    assert differences(state, bench.state_of(Path(restore.target))) == []


class Cancelling:
    """Cancels when a phase is reported."""

    def __init__(self, phase: str) -> None:
        self._phase = phase
        self.task = Task(report=self)

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        if phase == self._phase:
            self.task.cancellation.cancel()


class mounted:  # noqa: N801 - used as a function
    """A small file system of its own at a folder."""

    def __init__(self, folder: Path, size: str) -> None:
        self._folder, self._size = folder, size

    def __enter__(self) -> None:
        options = ["-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(self._folder)]
        made = subprocess.run(["mount", *options], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"no file system can be mounted here: {made.stderr}")

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self._folder)], check=True)
