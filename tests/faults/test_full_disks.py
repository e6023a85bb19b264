"""A disk that is really full, below each mongod of ours: said with its path, and gone on from."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import ApplyFailed, DiskFull, MetadataError
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.connect import open_metadata
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.groups import DEFAULT_GROUP, Group
from mmsconsole.metadata.server import PrivateServer
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.strategies import continuous, tailing
from mmsconsole.task import Task
from tests.support.backups import Bench, emptied, wait_until
from tests.support.metadata import settings_of
from tests.support.processes import mongods_below
from tests.support.roomless import RoomlessBinary, take_room

REFUSED_WRITE = (
    '{"s":"E","c":"WT","id":22435,"ctx":"conn3","msg":"WiredTiger error message","attr":'
    '{"error":28,"message":{"msg":"__posix_file_write:621:collection-7.wt: handle-write: pwrite: '
    'failed to write 4096 bytes at offset 0","error_str":"No space left on device",'
    '"error_code":28}}}\n'
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for room looks again soon."""
    for module in (continuous, tailing):
        monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)


@pytest.fixture
def roomless(mongod_binary: MongodBinary, short_folder: Path) -> RoomlessBinary:
    return RoomlessBinary(mongod_binary, short_folder / "bin")


@pytest.fixture
def bench(
    backup_source: LocalReplicaSet, metadata: Metadata, short_folder: Path,
    roomless: RoomlessBinary,
) -> Iterator[Bench]:  # fmt: skip
    bench = Bench(emptied(backup_source), metadata, short_folder, roomless.binary)
    yield bench
    bench.close()


def test_a_head_without_room_says_so_while_the_tail_goes_on_and_follows_when_there_is_some(
    bench: Bench, roomless: RoomlessBinary
) -> None:
    bench.write(*range(50))
    backup = bench.synced()
    (pid,) = mongods_below(bench.folder)
    roomless.full.touch()
    take_room(pid)

    for number in range(100, 104):
        bench.write(number, text=os.urandom(500_000))
    trouble = wait_until(lambda: "the disk is full" in (said := backup.trouble) and said)
    bench.wait_stored(bench.write(60))
    assert bench.head.path in trouble
    assert backup.failure is None

    roomless.full.unlink()
    bench.assert_head_equals_source()
    wait_until(lambda: backup.trouble == "")


def test_a_sync_without_room_ends_as_a_full_disk_and_goes_on_when_there_is_some(
    bench: Bench, roomless: RoomlessBinary
) -> None:
    for number in range(6):
        bench.write(number, text=os.urandom(500_000))
    roomless.full.touch()
    backup = bench.backup()

    with pytest.raises(DiskFull, match="the disk is full") as caught:
        backup.sync(Task())
    assert caught.value.where == bench.head.path
    assert "free some space" in caught.value.hint

    roomless.full.unlink()
    backup.sync(Task())
    bench.go_on(backup)
    bench.assert_head_equals_source()


def test_a_metadata_database_without_room_says_so_and_comes_back_with_what_it_held(
    roomless: RoomlessBinary, short_folder: Path, clock: SystemClock,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings = settings_of(short_folder / "home")
    server = PrivateServer(settings.home, roomless.binary, clock)
    server.start()
    metadata = open_metadata(settings, selection_seconds=1)  # soon tried again

    def written() -> bool:
        try:
            server.check()
            metadata.groups.add(Group(new_id(), os.urandom(100_000).hex()))
        except (DiskFull, MetadataError):
            return False
        return True

    try:
        first = open_metadata(settings)
        first.groups.ensure_default()
        first.close()
        assert server.pid is not None
        roomless.full.touch()
        take_room(server.pid)
        wait_until(lambda: not written() and "the disk is full" in caplog.text)
        assert str(settings.home.metadata) in caplog.text

        roomless.full.unlink()
        wait_until(written)
        assert metadata.groups.find(DEFAULT_GROUP)
    finally:
        metadata.close()
        server.stop()


def test_an_entry_that_fails_for_want_of_room_is_no_reason_to_give_the_head_up(
    mongod_binary: MongodBinary, short_folder: Path, clock: SystemClock
) -> None:
    """applyOps answers as for a missing document; only the log tells (recorded on 6.0.5)."""
    log = short_folder / "head.log"
    place = HeadPlace(short_folder / "db", short_folder / "h.sock", log, mongod_binary, 0.25)
    server = HeadServer.start(place, clock)
    with pytest.raises(ApplyFailed), server.errors():
        raise ApplyFailed("the document is missing")
    assert server.alive

    with log.open("a") as said:
        said.write(REFUSED_WRITE)
    with pytest.raises(DiskFull) as caught, server.errors():
        raise ApplyFailed("the document is missing")

    assert not server.alive, "what it half did is made good by the next one"
    assert caught.value.where == str(place.dbpath)

    again = HeadServer.start(place, clock)
    with pytest.raises(ApplyFailed), again.errors():
        raise ApplyFailed("the document is missing")
    again.kill()
