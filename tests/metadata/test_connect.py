"""How a console finds the metadata database, and what it says when it does not."""

import os
import signal
import time
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import MetadataError, NoEngine, SettingsError
from mmsconsole.metadata.connect import connect, open_metadata, socket_of
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.migrations import migrate
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import MongodBinary
from tests.support.metadata import settings_of, uri_of

PATIENCE_SECONDS = 20
"""connect() promises about 2; a test machine may be slow."""


def test_where_no_engine_ever_ran_there_is_none(short_folder: Path) -> None:
    with pytest.raises(NoEngine) as raised:
        connect(settings_of(short_folder))

    assert "mmsconsole engine" in raised.value.hint
    assert list(short_folder.iterdir()) == []


def test_a_console_follows_an_engines_life(
    short_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> None:
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
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(NoEngine, match="no engine answers"):
            connect(settings)
        assert time.monotonic() - began < PATIENCE_SECONDS
        os.kill(server.pid, signal.SIGCONT)
    finally:
        server.stop()

    with pytest.raises(NoEngine):
        connect(settings)


def test_a_socket_that_was_left_behind_is_no_engine(short_folder: Path) -> None:
    settings = settings_of(short_folder)
    settings.home.run.mkdir()
    socket_of(settings.home).touch()

    with pytest.raises(NoEngine):
        connect(settings)


def test_an_external_database_is_used_when_the_settings_name_one(
    session_metadata: Metadata, session_folder: Path, short_folder: Path
) -> None:
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
