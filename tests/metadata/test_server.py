"""The private metadata database: private, and always there again."""

import shutil
import stat
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pymongo.errors import OperationFailure

from mmsconsole.clock import SystemClock
from mmsconsole.errors import MetadataError, SettingsError
from mmsconsole.metadata import server as server_module
from mmsconsole.metadata.connect import open_metadata, private_client, socket_of
from mmsconsole.metadata.credentials import CREDENTIALS_FILE, KEY_FILE, Credentials
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import Group
from mmsconsole.metadata.server import DATABASE_FOLDER, PrivateServer
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import HOME, Settings
from tests.support.metadata import settings_of

MakeServer = Callable[[Settings], PrivateServer]


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    """Of a home whose path has a space and capitals, as people's have."""
    return settings_of(short_folder / "My Home")


@pytest.fixture
def make_server(mongod_binary: MongodBinary, clock: SystemClock) -> Iterator[MakeServer]:
    made: list[PrivateServer] = []

    def make(settings: Settings) -> PrivateServer:
        made.append(PrivateServer(settings.home, mongod_binary, clock))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def write(settings: Settings) -> None:
    metadata = open_metadata(settings)
    metadata.groups.add(Group("g", "kept"))
    metadata.close()


def kept(settings: Settings) -> Group | None:
    metadata = open_metadata(settings)
    try:
        return metadata.groups.find("g")
    finally:
        metadata.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_is_there_after_a_stop_and_a_start(
    settings: Settings, make_server: MakeServer
) -> None:
    server = make_server(settings)
    server.start()
    write(settings)
    server.stop()
    assert not server.alive

    make_server(settings).start()

    assert kept(settings) == Group("g", "kept")


def test_nobody_else_can_reach_it(settings: Settings, make_server: MakeServer) -> None:
    server = make_server(settings)
    server.start()

    assert server.pid
    assert psutil.Process(server.pid).net_connections("inet") == []
    home = settings.home
    assert {mode(home.metadata / name) for name in (KEY_FILE, CREDENTIALS_FILE)} == {0o600}
    assert {mode(folder) for folder in (home.metadata, home.run, home.data)} == {0o700}
    with (
        private_client(socket_of(home), None) as nobody,
        pytest.raises(OperationFailure) as refused,
    ):
        nobody.mmsconsole.groups.find_one()
    assert refused.value.details["codeName"] == "Unauthorized"


def test_the_password_is_on_no_command_line(settings: Settings, make_server: MakeServer) -> None:
    server = make_server(settings)
    server.start()

    password = (settings.home.metadata / CREDENTIALS_FILE).read_text().split('"')[-2]
    assert len(password) > 30
    assert password not in " ".join(psutil.Process(server.pid).cmdline())
    assert password not in (settings.home.logs / server_module.LOG_FILE).read_text()


def test_writes_are_journaled_by_a_majority(settings: Settings, make_server: MakeServer) -> None:
    make_server(settings).start()

    metadata: Metadata = open_metadata(settings)

    concern = metadata.groups.collection.write_concern.document
    assert (concern["w"], concern["j"]) == ("majority", True)
    metadata.close()


def test_one_that_died_is_started_again_with_what_it_held(
    settings: Settings, make_server: MakeServer
) -> None:
    server = make_server(settings)
    server.start()
    write(settings)
    metadata = open_metadata(settings)
    assert metadata.groups.find("g")
    assert not server.check()

    assert server.pid
    killed = psutil.Process(server.pid)
    killed.kill()
    psutil.wait_procs([killed])

    assert server.check()
    assert metadata.groups.find("g") == Group("g", "kept")
    assert not server.check()
    metadata.close()


@pytest.mark.parametrize("gone", [".", DATABASE_FOLDER])
def test_files_that_vanish_meanwhile_are_not_replaced_by_an_empty_database(
    settings: Settings, make_server: MakeServer, gone: str
) -> None:
    server = make_server(settings)
    server.start()
    assert server.pid
    killed = psutil.Process(server.pid)
    killed.kill()
    psutil.wait_procs([killed])
    shutil.rmtree(settings.home.metadata / gone)

    with pytest.raises(MetadataError, match="files of the metadata database are gone"):
        server.check()

    assert not (settings.home.metadata / DATABASE_FOLDER).exists()


def test_a_home_that_was_moved_works_where_it_is_now(
    settings: Settings, short_folder: Path, make_server: MakeServer
) -> None:
    server = make_server(settings)
    server.start()
    write(settings)
    server.stop()

    (short_folder / "My Home").rename(short_folder / "Moved")
    moved = settings_of(short_folder / "Moved")
    make_server(moved).start()

    assert kept(moved) == Group("g", "kept")
    write_again = open_metadata(moved)
    assert write_again.groups.set("g", name="new").name == "new"
    write_again.close()


class PowerCutError(Exception):
    pass


class CutShort(PrivateServer):
    """Its power goes between the making of the set and of its first user."""

    def _make_set(self, credentials: Credentials) -> None:
        with private_client(self._socket, None) as nobody:
            server_module._initiate(nobody, str(self._socket))
            self._wait_until_primary(nobody, lambda: None)
        raise PowerCutError


def test_a_first_start_that_was_cut_short_is_completed_by_the_next(
    settings: Settings, make_server: MakeServer, mongod_binary: MongodBinary, clock: SystemClock
) -> None:
    first = CutShort(settings.home, mongod_binary, clock)
    with pytest.raises(PowerCutError):
        first.start()
    assert not first.alive

    make_server(settings).start()
    write(settings)

    assert kept(settings)


def test_a_database_without_its_credentials_is_not_overwritten(
    settings: Settings, make_server: MakeServer
) -> None:
    server = make_server(settings)
    server.start()
    server.stop()
    credentials = settings.home.metadata / CREDENTIALS_FILE
    credentials.unlink()

    with pytest.raises(MetadataError) as raised:
        make_server(settings).start()

    assert str(credentials) in str(raised.value)
    assert not credentials.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"user": "u", "password": "hunter2"'])
def test_unreadable_credentials_are_an_error_that_does_not_show_them(
    settings: Settings, make_server: MakeServer, text: str
) -> None:
    settings.home.metadata.mkdir(parents=True)
    (settings.home.metadata / CREDENTIALS_FILE).write_text(text)

    with pytest.raises(MetadataError) as raised:
        make_server(settings).start()

    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_home_too_long_for_a_socket_is_an_error_that_says_what_to_shorten(
    short_folder: Path, make_server: MakeServer
) -> None:
    settings = settings_of(short_folder / ("x" * 107))

    with pytest.raises(SettingsError) as raised:
        make_server(settings)

    assert HOME in raised.value.hint
    assert "107" in raised.value.what
