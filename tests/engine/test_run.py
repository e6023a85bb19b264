"""An engine's life as a process: it begins, it ends, and it leaves nothing running."""

import os
import signal
import stat
import time
from pathlib import Path
from typing import Any

import psutil

from mmsconsole.clock import SystemClock
from mmsconsole.engine import engine_is_running
from mmsconsole.errors import MmsError
from mmsconsole.metadata.connect import connect
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import Group
from mmsconsole.metadata.jobs import JobState
from mmsconsole.mongod.address import SOCKET_PATH_BYTES_MAX
from mmsconsole.settings import Settings
from tests.engine.conftest import END_SECONDS
from tests.metadata.records import job
from tests.support.gone import runs
from tests.support.metadata import settings_of

StartEngine = Any


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def mongods(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.name() == "mongod"]


def test_sigterm_ends_an_engine_that_was_ready_and_all_its_children(
    settings: Settings, start_engine: StartEngine
) -> None:
    engine = start_engine().ready()
    assert engine_is_running(settings)
    children = engine.children()
    assert len(mongods(children)) == 2
    metadata = connect(settings)
    (record,) = metadata.engines.all()
    assert (record.home, record.id) == (
        str(settings.home.data),
        (settings.home.data / "engine-id").read_text(),
    )
    metadata.close()

    engine.send(signal.SIGTERM)

    assert engine.ends() == (0, "")
    assert not any(runs(child) for child in children)
    assert not engine_is_running(settings)
    home = settings.home
    assert {mode(folder) for folder in (home.config, home.data, home.logs, home.run)} == {0o700}
    assert mode(home.logs / "engine.log") == 0o600
    assert "engine ready" in (home.logs / "engine.log").read_text()


def test_after_a_kill_the_next_engine_starts_at_once_and_the_old_children_are_gone(
    settings: Settings, start_engine: StartEngine
) -> None:
    first = start_engine().ready()
    metadata = connect(settings)
    metadata.groups.add(Group("g", "kept"))
    (before,) = metadata.engines.all()
    metadata.jobs.add(job("j"))
    metadata.jobs.lease(metadata.jobs.get("j"), before.id, SystemClock().now())
    metadata.close()
    old = mongods(first.children())

    first.send(signal.SIGKILL)
    first.process.wait()
    start_engine().ready()

    assert not any(runs(child) for child in old)
    metadata = connect(settings)
    assert metadata.groups.get("g").name == "kept"
    assert metadata.jobs.get("j").state is JobState.QUEUED
    (after,) = metadata.engines.all()
    assert after.id == before.id
    assert after.started_at > before.started_at
    metadata.close()


def test_a_second_engine_in_the_same_home_is_refused_and_the_first_goes_on(
    settings: Settings, start_engine: StartEngine
) -> None:
    first = start_engine().ready()
    children = first.children()

    status, said = start_engine().ends()

    assert status == 4
    assert "an engine runs in this home already" in said
    assert str(settings.home.data) in said
    assert all(child.is_running() for child in children)


def test_a_metadata_database_that_is_killed_comes_back(
    settings: Settings, start_engine: StartEngine
) -> None:
    engine = start_engine().ready()
    metadata = connect(settings)
    metadata.groups.add(Group("g", "kept"))
    (database,) = [p for p in mongods(engine.children()) if "--replSet" in p.cmdline()]

    database.kill()

    assert wait_for_group(metadata).name == "kept"
    assert engine.process.poll() is None
    metadata.close()


def wait_for_group(metadata: Metadata) -> Group:
    deadline = time.monotonic() + END_SECONDS
    while True:
        try:
            return metadata.groups.get("g")
        except MmsError:
            assert time.monotonic() < deadline


def test_a_home_that_was_moved_is_the_same_engine(
    settings: Settings, short_folder: Path, start_engine: StartEngine
) -> None:
    first = start_engine().ready()
    metadata = connect(settings)
    metadata.groups.add(Group("g", "kept"))
    (before,) = metadata.engines.all()
    metadata.close()
    first.send(signal.SIGINT)
    assert first.ends()[0] == 0

    settings.home.data.parent.rename(short_folder / "moved")
    moved = settings_of(short_folder / "moved")
    start_engine(moved).ready()

    metadata = connect(moved)
    assert metadata.groups.get("g").name == "kept"
    (after,) = metadata.engines.all()
    assert (after.id, after.home) == (before.id, str(moved.home.data))
    metadata.close()


def test_a_lost_terminal_does_not_end_it(settings: Settings, start_engine: StartEngine) -> None:
    engine = start_engine().ready()
    children = engine.children()

    engine.send(signal.SIGHUP)

    metadata = connect(settings)
    metadata.groups.add(Group("g", "written after the hangup"))
    metadata.close()
    assert all(child.is_running() for child in children)
    # A terminal tells its own session; mongod would stop at a SIGHUP, whatever we say.
    assert os.getsid(engine.process.pid) not in {os.getsid(child.pid) for child in children}


def test_an_engine_that_can_not_start_says_why_and_leaves_nothing(
    start_engine: StartEngine, short_folder: Path
) -> None:
    status, said = start_engine(MMSCONSOLE_MONGOD_BINARIES=str(short_folder / "no-mongod")).ends()

    assert status == 1
    assert "no-mongod" in said
    assert "Traceback" not in said


def test_a_home_too_deep_for_sockets_is_refused_before_anything_is_made(
    short_folder: Path, start_engine: StartEngine
) -> None:
    """Too deep for a head's socket, although the metadata database's own would fit."""
    room = SOCKET_PATH_BYTES_MAX - len(f"{short_folder}//run/metadata.sock")
    home = short_folder / ("x" * room)

    status, said = start_engine(settings_of(home)).ends()

    assert status == 2
    assert "MMSCONSOLE_HOME" in said
    assert not home.exists()
