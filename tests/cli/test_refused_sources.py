"""A source that can not be backed up is refused with the reason and what to do, before anything
is written down; the servers are real."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet, free_ports
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary, Version
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.source_uri import CLIENT_OPTIONS
from mmsconsole.mongod.topology import inspect
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.settings import HOME
from tests.cli.terminal import Ran, Terminal
from tests.support.guarded import PASSWORD, GuardedSet
from tests.support.metadata import settings_of

UNREACHABLE = "source_unreachable"
WANTED_HOURS = 3.0
NOT_HEARD = "found yet"
"""In the driver's words: time was over before anybody had answered, or refused."""
ROLES = {
    "copier": ["backup", "clusterMonitor"],
    "none": [],
    "copies": ["backup"],
    "monitors": ["clusterMonitor"],
    "reads": ["readAnyDatabase", "clusterMonitor"],
}


LITTLE_PATIENCE = (500, 5_000, 60_000)
"""Milliseconds, with servers that will never be what is wanted: as long as it takes to hear why."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """With servers that will answer, however busy they are."""
    monkeypatch.setitem(CLIENT_OPTIONS, "serverSelectionTimeoutMS", LITTLE_PATIENCE[-1])


@pytest.fixture
def terminal(
    metadata: Metadata, tmp_path: Path, clock: SystemClock, environ: dict[str, str]
) -> Terminal:
    """Whose operations ask the servers themselves."""
    settings = settings_of(
        Path(environ[HOME]), MMSCONSOLE_BACKUP_OPLOG_WINDOW_HOURS_MIN=str(WANTED_HOURS)
    )
    return Terminal(environ, Operations(metadata, settings, clock, Actor("ada")))


@pytest.fixture(scope="module")
def guarded(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[GuardedSet]:
    folder = session_folder / "refused"
    started = LocalReplicaSet(mongod_binary.path, folder, clock, 1, password=PASSWORD).start()
    try:
        source = GuardedSet(started)
        for user, roles in ROLES.items():
            source.create_user(user, roles)
        yield source
    finally:
        started.kill()


def add(terminal: Terminal, uri: str, name: str = "shop") -> Ran:
    return terminal.run("deployment", "add", name, "-", "--json", typed=f"{uri}\n")


def refused(terminal: Terminal, uri: str) -> tuple[int, dict[str, Any]]:
    """Exit code and error; nothing was added, and no password is shown."""
    ran = add(terminal, uri)
    assert terminal.run("deployment", "list", "--json").value == []
    assert PASSWORD.reveal() not in ran.out + ran.err
    error = ran.value["error"]
    assert error["hint"]
    return ran.code, error


def refused_soon(
    terminal: Terminal, uri: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, dict[str, Any]]:
    """As refused; nobody waits longer for a server that will never be suitable than is needed to
    hear of it what it is, or that nobody is there.
    """
    for milliseconds in LITTLE_PATIENCE:
        monkeypatch.setitem(CLIENT_OPTIONS, "serverSelectionTimeoutMS", milliseconds)
        ended, error = refused(terminal, uri)
        if error["code"] == code and NOT_HEARD not in error["message"]:
            break
    return ended, error


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("nonsense", "does not begin with mongodb://"),
        ("http://h:1", "does not begin with mongodb://"),
        ("db1:27017", "does not begin with mongodb://"),
        ("mongodb+srv://cluster.example.net", "mongodb+srv:// is not supported"),
        ("mongodb://", "at least one hostname"),
        ("mongodb://:27017", "not a host and port"),
        ("mongodb://h:99999", "Port must be"),
        ("mongodb://h:abc", "non-digit"),
        ("mongodb://h:0", "Port must be"),
        (f"mongodb://u:{PASSWORD.reveal()}@x@h", "percent-encoded"),
        (f"mongodb://u:{PASSWORD.reveal()}@h/?nosuch=1", "Unknown option: nosuch"),
        (f"mongodb://u:{PASSWORD.reveal()}@h/?tls=true&tlsCAFile=/no/file", "No such file"),
        (f"mongodb://u:{PASSWORD.reveal()}@h/?authMechanism=GSSAPI", "not supported"),
    ],
)
def test_a_connection_string_that_makes_no_sense_is_wrong_use(
    terminal: Terminal, uri: str, said: str
) -> None:
    code, error = refused(terminal, uri)
    assert (code, error["code"], error["where"]) == (2, "usage", "connection string")
    assert said in error["message"]
    assert not {"urllib", "Errno", "docstring"} & set(error["message"].split())


def test_nobody_there_is_a_failure_in_plain_words(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, error = refused_soon(terminal, "mongodb://127.0.0.1:1", UNREACHABLE, monkeypatch)
    assert (code, error["code"]) == (1, UNREACHABLE)
    assert (error["where"], error["message"]) == ("127.0.0.1:1", "Connection refused")


def test_a_server_of_something_else_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=answer_as_http, args=(server,), daemon=True).start()
        uri = f"mongodb://127.0.0.1:{server.getsockname()[1]}"
        code, error = refused_soon(terminal, uri, UNREACHABLE, monkeypatch)
    assert (code, error["code"]) == (1, UNREACHABLE)
    assert "does not speak MongoDB's protocol" in error["message"]


def answer_as_http(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return  # the test is over
        with closing(connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_standalone_can_be_monitored_but_not_backed_up(
    terminal: Terminal, standalone: MongodProcess
) -> None:
    path = str(standalone.options.listen).replace("/", "%2F")
    added = add(terminal, f"mongodb://{path}", "alone")
    assert (added.value["kind"], added.value["monitored"]) == ("standalone", True)
    ran = terminal.run("backup", "start", "alone", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (4, "refused")
    assert "monitored" in ran.value["error"]["message"]
    assert "rs.initiate()" in ran.value["error"]["hint"]


def test_a_user_who_may_only_monitor_is_enough_where_that_is_all(
    terminal: Terminal, guarded: GuardedSet
) -> None:
    uri = f"{guarded.as_user('monitors').uri.reveal()}\n"
    ran = terminal.run("deployment", "add", "shop", "-", "--only-monitored", "--json", typed=uri)
    assert (ran.value["kind"], ran.value["set_name"]) == ("replica set", "rs0")
    ran = terminal.run("backup", "start", "shop", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (4, "missing_privileges")


def test_a_set_that_was_never_initiated_is_told(
    terminal: Terminal, start_mongod: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen, wanted = Address.loopback(free_ports(1)[0]), "not_a_replica_set"
    start_mongod(listen=listen, repl_set="fresh", extra=())
    code, error = refused_soon(terminal, f"mongodb://{listen}", wanted, monkeypatch)
    assert (code, error["code"]) == (4, wanted)
    assert "rs.initiate()" in error["hint"]


def test_a_wrong_name_of_the_set_is_told(
    terminal: Terminal, replica_set: LocalReplicaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, wanted = replica_set.uri.replace("replicaSet=rs0", "replicaSet=rs1"), "wrong_replica_set"
    code, error = refused_soon(terminal, uri, wanted, monkeypatch)
    assert (code, error["code"]) == (4, wanted)
    assert "rs1" in error["message"]
    assert "replicaSet=" in error["hint"]


@pytest.mark.parametrize("user", ["copier", "nobody"])
def test_a_wrong_password_is_refused(terminal: Terminal, guarded: GuardedSet, user: str) -> None:
    uri = guarded.uri.replace("copier:", f"{user}:wrong")
    code, error = refused(terminal, uri)
    assert (code, error["code"]) == (4, "authentication_failed")
    assert "authSource" in error["hint"]


def test_a_login_that_is_wanted_is_told(terminal: Terminal, guarded: GuardedSet) -> None:
    code, error = refused(terminal, f"mongodb://{guarded.hosts[0]}")
    assert (code, error["code"]) == (4, "authentication_failed")
    assert "a user" in error["hint"]


@pytest.mark.parametrize(
    ("user", "lacking"),
    [
        ("none", ["backup", "clusterMonitor"]),
        ("copies", ["clusterMonitor"]),
        ("monitors", ["backup"]),
        ("reads", ["backup"]),
    ],
)
def test_a_user_without_the_roles_learns_which_to_grant_and_how(
    terminal: Terminal, guarded: GuardedSet, user: str, lacking: list[str]
) -> None:
    code, error = refused(terminal, guarded.uri.replace("copier:", f"{user}:"))
    assert (code, error["code"]) == (4, "missing_privileges")
    assert "may not run" in error["message"]
    assert error["hint"].startswith(f"it lacks {' and '.join(lacking)}; ")
    granted, _, command = error["hint"].partition('grantRolesToUser("')
    assert command.startswith(f'{user}"')
    assert 'db.getSiblingDB("admin")' in granted
    assert error["hint"].endswith("; or, if it is not to be backed up: --only-monitored")


def test_what_the_hint_says_to_grant_is_enough(terminal: Terminal, guarded: GuardedSet) -> None:
    guarded.create_user("granted", [])
    with guarded.replica_set.client() as root:
        roles = [{"role": role, "db": "admin"} for role in ("backup", "clusterMonitor")]
        root.admin.command("grantRolesToUser", "granted", roles=roles)
    assert add(terminal, guarded.uri.replace("copier:", "granted:")).code == 0


def test_a_source_of_another_series_than_any_mongod_here_is_refused(
    terminal: Terminal, replica_set: LocalReplicaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_hand = [MongodBinary(Path("/opt/mongod"), Version(7, 0, 2))]
    monkeypatch.setattr("mmsconsole.operations.real_sources.find_binaries", lambda *_: at_hand)
    code, error = refused(terminal, replica_set.uri)
    assert (code, error["code"]) == (4, "no_suitable_mongod")
    assert "7.0.2 (/opt/mongod)" in error["message"]
    assert "[mongod] binaries" in error["hint"]


def test_a_source_that_is_too_old_is_refused(
    terminal: Terminal, replica_set: LocalReplicaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mmsconsole.agent.reader.inspect",
        lambda client: replace(inspect(client), server_version="4.2.24"),
    )
    code, error = refused(terminal, replica_set.uri)
    assert (code, error["code"]) == (4, "server_too_old")
    assert "4.2.24" in error["message"]
    assert "upgrade" in error["hint"]


def test_an_oplog_that_wraps_within_minutes_is_refused_when_the_backup_starts(
    terminal: Terminal, start_mongod: Any, clock: SystemClock
) -> None:
    """It is as long as it will ever be: what it holds is all that an outage may last."""
    listen = Address.loopback(free_ports(1)[0])
    # Entries are dropped up to a checkpoint: every second, not every minute.
    checkpoints = ("--syncdelay", "1")
    mongod = start_mongod(listen=listen, repl_set="tiny", oplog_mb=1, extra=checkpoints)
    with mongod.client() as client:
        members = [{"_id": 0, "host": str(listen)}]
        client.admin.command("replSetInitiate", {"_id": "tiny", "members": members})
        while not client.admin.command("hello")["isWritablePrimary"]:
            clock.sleep(0.05)
        oldest = client.local["oplog.rs"].find_one()
        while client.local["oplog.rs"].find_one() == oldest:
            client.app.things.insert_many([{"text": "x" * 20_000} for _ in range(50)])
    assert add(terminal, f"mongodb://{listen}").code == 0

    ran = terminal.run("backup", "start", "shop", "--json")

    error = ran.value["error"]
    assert (ran.code, error["code"]) == (4, "oplog_window_too_short")
    assert f"{WANTED_HOURS:g} are wanted" in error["message"]
    assert "oplog_window_hours_min" in error["hint"]
    assert terminal.run("backup", "status", "shop", "--json").value["state"] == "inactive"


def test_a_set_that_is_there_already_is_refused_under_any_name(
    terminal: Terminal, replica_set: LocalReplicaSet
) -> None:
    assert add(terminal, replica_set.uri).code == 0
    for name in ("shop", "store"):
        ran = add(terminal, replica_set.uri, name)
        assert (ran.code, ran.value["error"]["code"]) == (4, "already_exists")
        assert "mmsconsole deployment show shop" in ran.value["error"]["hint"]
