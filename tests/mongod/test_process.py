import stat
from dataclasses import replace

import psutil
import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import free_ports
from mmsconsole.errors import MongodFailed, MongodLibraryMissing
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from tests.support.gone import gone


def test_a_started_mongod_answers_at_once(mongod, client):
    assert client.admin.command("ping")["ok"] == 1
    assert mongod.alive
    assert mongod.exit_code is None


def test_it_listens_on_its_socket_alone(mongod):
    listening = [
        connection
        for connection in psutil.Process(mongod.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert listening == []


def test_it_makes_no_socket_in_the_common_place_for_them(mongod):
    """mongod would take /tmp/mongodb-27017.sock, perhaps from another that needs it."""
    process = psutil.Process(mongod.pid)
    sockets = {each.laddr for each in process.net_connections(kind="unix") if each.laddr}

    assert sockets == {str(mongod.options.dbpath.parent / "mongod.sock")}


def test_nobody_else_may_enter_its_folder_or_its_socket(mongod):
    for path in (mongod.options.dbpath, mongod.options.dbpath.parent / "mongod.sock"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_stopped_mongod_is_gone_and_says_how_it_ended(mongod):
    mongod.stop()

    assert gone(mongod.pid, within_seconds=0)
    assert not mongod.alive
    assert mongod.exit_code == 0


def test_a_stop_that_takes_too_long_becomes_a_kill(mongod):
    psutil.Process(mongod.pid).suspend()

    mongod.stop(timeout_seconds=0.1)

    assert not mongod.alive
    assert mongod.exit_code == 128 + 9


def test_stop_and_kill_may_come_twice(mongod):
    mongod.kill()
    mongod.stop()
    mongod.kill()

    assert mongod.exit_code == 128 + 9


def test_a_death_is_noticed(mongod):
    assert not mongod.wait_dead(0)

    psutil.Process(mongod.pid).kill()

    assert mongod.wait_dead(60)
    assert mongod.exit_code == 128 + 9


def test_data_written_before_a_kill_is_there_after_a_restart(mongod, client, start_mongod):
    client.db.things.with_options(write_concern=_journaled()).insert_one({"_id": 1})
    mongod.kill()

    again = start_mongod()

    with again.client() as reopened:
        assert reopened.db.things.find_one() == {"_id": 1}


def _journaled():
    from pymongo.write_concern import WriteConcern

    return WriteConcern(j=True)


def test_a_second_mongod_on_the_same_data_fails_with_the_reason(mongod, start_mongod):
    with pytest.raises(MongodFailed) as caught:
        start_mongod(listen=Address.unix(mongod.options.dbpath.parent / "other.sock"))

    assert "lock" in caught.value.what
    assert str(mongod.options.log) in caught.value.hint
    assert mongod.alive


def test_a_flag_that_mongod_does_not_know_is_told(start_mongod):
    with pytest.raises(MongodFailed, match="nonsense"):
        start_mongod(extra=("--nonsense",))


def test_a_missing_library_at_start_is_told(short_folder, clock):
    binary = short_folder / "mongod"
    message = "libcurl.so.4: cannot open shared object file: No such file or directory"
    binary.write_text(f"#!/bin/sh\necho 'mongod: {message}' >&2\nexit 127\n")
    binary.chmod(0o755)

    with pytest.raises(MongodLibraryMissing, match=r"libcurl\.so\.4"):
        MongodProcess.start(_options(short_folder, binary), clock)


def test_a_binary_that_is_not_there_is_told(short_folder, clock):
    with pytest.raises(MongodFailed, match="No such file"):
        MongodProcess.start(_options(short_folder, short_folder / "nothing"), clock)


class UntilItRuns(SystemClock):
    """Once the file has a whole line, a minute passes from look to look."""

    def __init__(self, file):
        self._file = file
        self._passed = 0

    def monotonic(self):
        runs = self._file.exists() and self._file.read_text().endswith("\n")
        self._passed += 60 * runs
        return super().monotonic() + self._passed


def test_a_mongod_that_never_answers_is_ended(short_folder):
    binary, pid = short_folder / "mongod", short_folder / "pid"
    binary.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 1000\n")
    binary.chmod(0o755)

    with pytest.raises(MongodFailed, match="did not answer within"):
        MongodProcess.start(_options(short_folder, binary), UntilItRuns(pid), timeout_seconds=60)

    assert gone(int(pid.read_text()), within_seconds=0)


def _options(folder, binary):
    return MongodOptions(binary, folder / "data", Address.unix(folder / "m.sock"), folder / "log")


def test_the_command_line_says_what_the_options_say(short_folder):
    options = MongodOptions(
        binary=short_folder / "mongod",
        dbpath=short_folder / "data",
        listen=Address.loopback(20001),
        log=short_folder / "log",
        cache_gb=1.5,
        repl_set="rs0",
        key_file=short_folder / "key",
        oplog_mb=64,
        extra=("--quiet",),
    )
    command = " ".join(options.command)

    assert "--bind_ip 127.0.0.1" in command
    assert "--port 20001" in command
    assert "--wiredTigerCacheSizeGB 1.5" in command
    assert "--replSet rs0" in command
    assert f"--keyFile {short_folder}/key" in command
    assert "--oplogSize 64" in command
    assert command.endswith("--quiet")


def test_a_head_keeps_no_diagnostic_data_and_expires_nothing(mongod, client):
    parameters = client.admin.command("getParameter", "*")

    assert parameters["ttlMonitorEnabled"] is False
    assert not (mongod.options.dbpath / "diagnostic.data").exists()


def test_a_port_that_somebody_else_has_is_told_though_a_mongod_answers_there(
    short_folder, mongod_binary, clock
):
    listen = Address.loopback(free_ports(1)[0])
    first = MongodOptions(mongod_binary.path, short_folder / "one", listen, short_folder / "a.log")
    other = replace(first, dbpath=short_folder / "two", log=short_folder / "b.log")
    running = MongodProcess.start(first, clock)
    try:
        with pytest.raises(MongodFailed, match="in use"):
            MongodProcess.start(other, clock)
    finally:
        running.kill()
