"""An engine that outlives who started it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.engine import engine_is_running, start_engine_in_background, stop_engine
from mmsconsole.engine.lock import running_engine
from mmsconsole.errors import MmsError
from mmsconsole.metadata.connect import connect
from mmsconsole.settings import Settings
from tests.engine.conftest import COMMAND, ROOT
from tests.support.gone import runs


@pytest.fixture
def environ(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.chdir(ROOT)
    yield dict(os.environ)
    stop_engine(settings)


def test_it_is_a_session_of_its_own_and_is_stopped_when_asked(
    settings: Settings, environ: dict[str, str], clock: SystemClock
) -> None:
    start_engine_in_background(settings, clock, environ, COMMAND)

    engine = running_engine(settings)
    assert engine
    assert engine.ready
    process = psutil.Process(engine.pid)
    assert os.getsid(engine.pid) == engine.pid
    assert process.terminal() is None
    connect(settings).close()

    start_engine_in_background(settings, clock, environ, COMMAND)
    assert running_engine(settings) == engine, "the one that runs is taken"

    process.send_signal(signal.SIGHUP)
    children = process.children(recursive=True)
    assert stop_engine(settings, clock)
    assert not any(runs(child) for child in children)
    assert not engine_is_running(settings)
    assert not stop_engine(settings, clock)


def test_one_that_can_not_start_says_why(
    settings: Settings, environ: dict[str, str], clock: SystemClock, short_folder: Path
) -> None:
    environ["MMSCONSOLE_MONGOD_BINARIES"] = str(short_folder / "no-mongod")

    with pytest.raises(MmsError, match=r"the engine did not start: .*no-mongod"):
        start_engine_in_background(settings, clock, environ, COMMAND)

    assert not engine_is_running(settings)


def test_settings_that_it_refuses_are_told(
    settings: Settings, environ: dict[str, str], clock: SystemClock
) -> None:
    environ["MMSCONSOLE_ENGINE_WORKERS"] = "none"

    with pytest.raises(MmsError, match=r"did not start: .*engine\.workers") as raised:
        start_engine_in_background(settings, clock, environ)

    assert "allowed in [engine]" in raised.value.hint


def test_of_a_fault_the_last_line_is_told(
    settings: Settings, environ: dict[str, str], clock: SystemClock
) -> None:
    with pytest.raises(MmsError, match="ZeroDivisionError"):
        start_engine_in_background(settings, clock, environ, ("-c", "1 / 0"))


def test_one_that_dies_without_a_word_is_not_waited_for(
    settings: Settings, environ: dict[str, str], clock: SystemClock
) -> None:
    with pytest.raises(MmsError, match="it said nothing") as raised:
        start_engine_in_background(settings, clock, environ, ("-c", "pass"))

    assert str(settings.home.logs) in raised.value.hint
