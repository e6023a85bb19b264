"""A replica set begun on restored files: it has the data, and it is begun once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import SETTINGS, free_ports
from mmsconsole.errors import Refused, TargetRefused
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.restore.seeding import initiating
from mmsconsole.restore.seeding.initiating import Initiating
from mmsconsole.restore.seeding.plan import configuration, seed_of
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


class Members:
    """Mongods on loopback that end with the test."""

    def __init__(self, binary: MongodBinary, folder: Path, clock: SystemClock) -> None:
        self._binary, self._folder, self._clock = binary, folder, clock
        self.running: list[MongodProcess] = []

    def start(self, data: Path, repl_set: str = "rs7") -> Address:
        address = Address.loopback(free_ports(1)[0])
        options = MongodOptions(
            self._binary.path, data, address, self._folder / f"{address.port}.log",
            repl_set=repl_set, oplog_mb=990,
        )  # fmt: skip
        self.running.append(MongodProcess.start(options, self._clock))
        return address


@pytest.fixture
def members(
    mongod_binary: MongodBinary, short_folder: Path, clock: SystemClock
) -> Iterator[Members]:
    started = Members(mongod_binary, short_folder, clock)
    yield started
    for process in started.running:
        process.kill()


@pytest.fixture(autouse=True)
def elected_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server waits ten seconds before it stands for election, unless it is told otherwise."""
    soon = {"settings": SETTINGS}
    monkeypatch.setattr(initiating, "configuration", lambda seed: configuration(seed) | soon)


def begin(address: Address, *others: Address) -> None:
    seed = seed_of("rs7", [str(address), *map(str, others)])
    Initiating(parse_uri(Secret(f"mongodb://{address}/")), seed, SystemClock()).run(Task())


def test_restored_files_become_a_replica_set_once(
    resources: Resources, small_snapshot: Snapshot, short_folder: Path, members: Members
) -> None:
    data = short_folder / "restored"
    deployment = resources.metadata.deployments.get(small_snapshot.deployment)
    resources.blockstore(deployment).materialise(small_snapshot, data, Task())
    first, empty = members.start(data), members.start(short_folder / "empty")
    begin(first, empty)
    with MongoClient(str(first), replicaSet="rs7", serverSelectionTimeoutMS=60_000) as client:
        assert client.shop.orders.count_documents({}) == 100
        client.shop.orders.with_options(write_concern=None).insert_one({"_id": "it lives"})
        configured = client.admin.command("replSetGetConfig")["config"]["members"]
    assert [one["host"] for one in configured] == [str(first), str(empty)]
    with pytest.raises(Refused, match="already"):
        begin(first)


def test_a_member_that_runs_alone_or_has_no_data_is_told(
    short_folder: Path, members: Members
) -> None:
    with pytest.raises(TargetRefused, match="alone"):
        begin(members.start(short_folder / "alone", repl_set=""))
    with pytest.raises(TargetRefused, match="no data"):
        begin(members.start(short_folder / "new"))
