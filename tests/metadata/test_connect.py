"""How a console finds the metadata database, and what it says when it does not."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import MetadataError, NoEngine, SettingsError
from mmsconsole.metadata import connect as module
from mmsconsole.metadata.connect import connect, open_metadata, socket_of
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.migrations import migrate
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import MongodBinary
from tests.support.metadata import settings_of, uri_of

PATIENCE_SECONDS = 20
"""connect() promises about 2 where nobody listens; a test machine may be slow."""


def test_where_no_engine_ever_ran_there_is_none(short_folder: Path) -> None:
    with pytest.raises(NoEngine) as raised:
        connect(settings_of(short_folder))

    assert "mmsconsole engine" in raised.value.hint
    assert list(short_folder.iterdir()) == []


def test_a_console_follows_an_engines_life(
    short_folder: Path, mongod_binary: MongodBinary, clock: SystemClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings = settings_of(short_folder)
    server = PrivateServer(settings.home, mongod_binary, clock)
    server.start()
    try:
        with pytest.raises(NoEngine, match="starting"):
            connect(settings)

        first = open_metadata(settings)
        migrate(first, clock)
        first.close()
        metadata = connect(settings)
        assert metadata.groups.get(DEFAULT_GROUP)
        metadata.close()

        assert server.pid
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
        os.kill(server.pid, signal.SIGSTOP)
        with monkeypatch.context() as patched:
            patched.setattr(module, "BUSY_SECONDS", 0.5)
            with pytest.raises(NoEngine, match="no engine answers"):
                connect(settings)
        with monkeypatch.context() as patched:
            patched.setattr(module, "somebody_listens", going_on(server.pid))
            connect(settings).close()
    finally:
        server.stop()

    with pytest.raises(NoEngine):
        connect(settings)


def going_on(pid: int) -> Callable[[Path], bool]:
    """As somebody_listens; and the server, which was only slow, goes on."""
    listens = module.somebody_listens

    def look(path: Path) -> bool:
        found = listens(path)
        os.kill(pid, signal.SIGCONT)
        return found

    return look


def test_a_socket_that_was_left_behind_is_no_engine(short_folder: Path) -> None:
    settings = settings_of(short_folder)
    settings.home.run.mkdir()
    socket_of(settings.home).touch()

    with pytest.raises(NoEngine):
        connect(settings)


def test_an_external_database_is_used_when_the_settings_name_one(
    session_metadata: Metadata, session_folder: Path, short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "ANSWER_SECONDS", 60.0)  # how soon is not the question here
    uri = uri_of(settings_of(session_folder / "metadata").home).reveal()
    settings = settings_of(short_folder, MMSCONSOLE_METADATA_URI=uri)

    metadata = connect(settings)

    assert metadata.groups.get(DEFAULT_GROUP)
    metadata.close()
    assert uri not in repr(settings)


def test_an_external_database_that_does_not_answer_is_an_error_in_time(short_folder: Path) -> None:
    uri = "mongodb://127.0.0.1:1/?directConnection=true"
    settings = settings_of(short_folder, MMSCONSOLE_METADATA_URI=uri)

    began = time.monotonic()
    with pytest.raises(MetadataError, match="does not answer"):
        connect(settings)

    assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_home_too_long_for_a_socket_is_said_at_once(short_folder: Path) -> None:
    with pytest.raises(SettingsError):
        connect(settings_of(short_folder / ("x" * 107)))
