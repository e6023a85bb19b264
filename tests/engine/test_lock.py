"""One engine per home, whatever became of the one before."""

import fcntl
import os
import subprocess
import sys

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.engine.lock import (
    EngineLock,
    RunningEngine,
    engine_is_running,
    lock_file,
    running_engine,
)
from mmsconsole.errors import Busy, StorageError
from mmsconsole.settings import Settings
from tests.support.clock import ManualClock


@pytest.fixture
def quick() -> ManualClock:
    return ManualClock(auto_advance=True)


def test_one_holds_the_lock_and_another_is_told_where(
    settings: Settings, quick: ManualClock
) -> None:
    with EngineLock(settings.home, quick):
        assert engine_is_running(settings)
        with pytest.raises(Busy) as raised, EngineLock(settings.home, quick):
            pass
        assert raised.value.where == str(settings.home.data)
    assert not engine_is_running(settings)
    with EngineLock(settings.home, quick):
        assert engine_is_running(settings)


def test_the_holder_tells_who_it_is_and_when_it_is_ready(
    settings: Settings, quick: ManualClock
) -> None:
    with EngineLock(settings.home, quick) as lock:
        assert running_engine(settings) == RunningEngine(os.getpid(), ready=False)
        lock.tell_ready()
        assert running_engine(settings) == RunningEngine(os.getpid(), ready=True)


def test_a_home_that_never_had_an_engine_has_none(settings: Settings) -> None:
    assert not engine_is_running(settings)
    assert not settings.home.run.exists()


def test_a_child_that_outlives_the_engine_does_not_hold_its_lock(
    settings: Settings, quick: ManualClock
) -> None:
    with EngineLock(settings.home, quick):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not engine_is_running(settings)
    finally:
        child.communicate()


def test_a_look_at_the_lock_does_not_make_a_starting_engine_believe_in_another(
    settings: Settings,
) -> None:
    """Whoever looks holds the lock for a moment; the engine tries again."""
    settings.home.run.mkdir(parents=True)
    lock_file(settings.home).touch()
    looking = os.open(lock_file(settings.home), os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)

    class LooksAway(SystemClock):
        def sleep(self, seconds: float) -> None:
            fcntl.flock(looking, fcntl.LOCK_UN)

    with EngineLock(settings.home, LooksAway()):
        assert engine_is_running(settings)
    os.close(looking)


def test_a_home_that_can_not_be_made_is_an_error_of_ours(
    settings: Settings, quick: ManualClock
) -> None:
    settings.home.data.parent.write_text("a file where the home should be")

    with pytest.raises(StorageError), EngineLock(settings.home, quick):
        pass
