"""Engines as real processes, with a fake daemon that keeps one idle head."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mmsconsole.settings import HOME, Settings
from tests.support.metadata import settings_of

ROOT = Path(__file__).parents[2]
COMMAND = ("-m", "tests.support.engine_process")
END_SECONDS = 90

StartEngine = Callable[[], "RunningEngine"]


class RunningEngine:
    def __init__(self, settings: Settings, **environ: str) -> None:
        home = {HOME: str(settings.home.data.parent)}
        self.process = subprocess.Popen(
            [sys.executable, *COMMAND],
            env={**os.environ, **home, **environ},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> "RunningEngine":
        assert self.process.stdout
        assert self.process.stdout.readline() == "engine ready\n"
        return self

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def ends(self) -> tuple[int, str]:
        """Its status and what it said on stderr, once it has ended."""
        _, said = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, said

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    return settings_of(short_folder / "h")


@pytest.fixture
def start_engine(settings: Settings) -> Iterator[Callable[..., RunningEngine]]:
    """start_engine(settings=..., NAME=value) -> RunningEngine; all are ended."""
    started: list[RunningEngine] = []

    def start(settings: Settings = settings, **environ: str) -> RunningEngine:
        started.append(RunningEngine(settings, **environ))
        return started[-1]

    yield start
    children: list[psutil.Process] = []
    for engine in started:
        if engine.process.poll() is None:
            children += engine.children()
            engine.process.kill()
        engine.process.communicate()
    _, left = psutil.wait_procs(children, timeout=END_SECONDS)
    assert not left
