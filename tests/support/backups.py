"""A backup of a real replica set without an engine: what daemon, strategies and restores do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.accident import newest_entry
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.mongod.topology import inspect
from mmsconsole.optime import Optime
from mmsconsole.restore.restoring import Restoring
from mmsconsole.secret import Secret
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.folders import short_folder_for
from tests.support.metadata import empty, settings_of

Client = MongoClient[dict[str, Any]]
WAIT_SECONDS = 180
SMALL = {
    "MMSCONSOLE_BACKUP_SLICE_MB": "1", "MMSCONSOLE_BACKUP_CHUNK_SECONDS": "0.1",
    "MMSCONSOLE_HEADS_CACHE_GB": "0.25", "MMSCONSOLE_POLICY_INTERVAL_MINUTES": "0",
    "MMSCONSOLE_POLICY_VERIFY": "never",
}  # fmt: skip
"""Slices and chunks, so that there are several; no snapshots by themselves."""
SYSTEM_DATABASES = ("admin", "config", "local")


def wait_until(condition: Callable[[], Any], what: str = "it did not come") -> Any:
    """What the condition answers once that is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def make_resources(metadata: Metadata, folder: Path, binary: MongodBinary) -> Resources:
    """With small slices and chunks, and a storage that fails when it is told to."""
    settings = settings_of(folder / "home", **SMALL)
    storage = FaultyStorage(LocalStorage(folder / "storage"))
    return Resources(settings, metadata, Storages.one(storage), SystemClock(), [binary])


class Bench:
    """One deployment of the source, and everything that a backup of it needs."""

    def __init__(
        self, source: LocalReplicaSet, metadata: Metadata, folder: Path, binary: MongodBinary,
        resources: Resources | None = None,
    ) -> None:  # fmt: skip
        """`resources`: where another store than a folder is wanted."""
        self.clock = SystemClock()
        self.folder = folder
        self.source = source
        self.metadata = metadata
        self.client: Client = source.client()
        self.resources = resources or make_resources(metadata, folder, binary)
        self.deployment = metadata.deployments.add(self._record())
        self._backups: list[ContinuousBackup] = []
        self._restored = 0

    def _record(self) -> Deployment:
        with parse_uri(Secret(self.source.uri)).client() as client:
            found = inspect(client)
        return Deployment(
            id=new_id(), name="shop", uri=Secret(self.source.uri), set_name=found.name,
            set_id=found.set_id, server_version=found.server_version, fcv=found.fcv,
            created_at=self.clock.now(), backup=BackupState.STARTED,
        )  # fmt: skip

    @property
    def storage(self) -> FaultyStorage:
        assert isinstance(self.resources.storage, FaultyStorage)
        return self.resources.storage

    def close(self) -> None:
        for backup in self._backups:
            backup.stop()
        self.client.close()

    # -- the source

    def newest(self) -> Optime:
        """The last write of somebody."""
        return newest_entry(self.client, {"op": {"$ne": "n"}})

    def state(self) -> Fingerprint:
        return fingerprint(self.client)

    def write(self, *ids: int, **fields: Any) -> Optime:
        """Into app.c, or one document of a new _id; returns the position of the last one."""
        documents = [{"_id": number, **fields} for number in ids or (ObjectId(),)]
        self.client.app.c.insert_many(documents)
        return self.newest()

    # -- the backup

    def backup(self) -> ContinuousBackup:
        """A new one, as after a start; it is stopped at the end of the test."""
        self.deployment = self.metadata.deployments.get(self.deployment.id)
        self._backups.append(ContinuousBackup(self.resources, self.deployment))
        return self._backups[-1]

    def synced(self, task: Task | None = None) -> ContinuousBackup:
        """In sync, and following."""
        backup = self.backup()
        backup.sync(task or Task())
        self.go_on(backup)
        return backup

    def verify_every(self) -> None:
        """Its snapshots are verified from now on; else no test would pay for that."""
        now = self.clock.now()
        self.metadata.policies.change(self.deployment.id, {"verify": "every"}, now, "test")

    def go_on(self, backup: ContinuousBackup) -> bool:
        return backup.go_on(self.metadata.deployments.get(self.deployment.id))

    @property
    def head(self) -> Head:
        deployment = self.metadata.deployments.get(self.deployment.id)
        return self.metadata.heads.get(deployment.head)

    @contextmanager
    def head_client(self) -> Iterator[Client]:
        """Of the head that runs."""
        address = Address.unix(self.resources.socket(f"h-{self.head.id}"))
        with MongoClient[dict[str, Any]](address.uri, tz_aware=True) as client:
            yield client

    def head_state(self) -> Fingerprint:
        with self.head_client() as client:
            return fingerprint(client)

    def wait_applied(self, optime: Optime) -> None:
        def applied() -> bool:
            seen = self.head.optime
            return seen is not None and seen >= optime

        wait_until(applied, f"{optime} was not applied")

    def wait_stored(self, optime: Optime) -> None:
        def stored() -> bool:
            last = self.metadata.chunks.last(self.deployment.id)
            return last is not None and last.end >= optime

        wait_until(stored, f"{optime} was not stored")

    def assert_head_equals_source(self) -> None:
        self.wait_applied(self.newest())
        assert differences(self.state(), self.head_state()) == []

    def snapshot(self, backup: ContinuousBackup, task: Task | None = None) -> Snapshot:
        return backup.take_snapshot(self.snapshot_record(), task or Task())

    def snapshot_record(self) -> Snapshot:
        now = self.clock.now()
        return self.metadata.snapshots.add(
            Snapshot(new_id(), self.deployment.id, self.head.id, now)
        )

    # -- restores

    def restore_record(
        self, snapshot: Snapshot, point: Optime | None = None, target: Path | None = None
    ) -> Restore:
        self._restored += 1
        target = target or self.folder / f"restored{self._restored}"
        return self.metadata.restores.add(
            Restore(
                new_id(), self.deployment.id, snapshot.id, str(target), self.clock.now(),
                point=point,
            )
        )  # fmt: skip

    def restore(self, snapshot: Snapshot, point: Optime | None = None) -> Restore:
        record = self.restore_record(snapshot, point)
        return Restoring(self.resources, record).run(Task())

    @contextmanager
    def mongod_on(self, dbpath: Path, repl_set: str = "") -> Iterator[Client]:
        binary = self.resources.binaries[0].path
        listen = Address.unix(self.folder / "looked.sock")
        options = MongodOptions(binary, dbpath, listen, self.folder / "l.log", repl_set=repl_set)
        mongod = MongodProcess.start(options, self.clock)
        try:
            with mongod.client() as client:
                yield client
        finally:
            mongod.kill()

    def state_of(self, dbpath: Path) -> Fingerprint:
        with self.mongod_on(dbpath) as client:
            return fingerprint(client)


def emptied(source: LocalReplicaSet) -> LocalReplicaSet:
    with source.client() as client:
        for name in client.list_database_names():
            if name not in SYSTEM_DATABASES:
                client.drop_database(name)
    return source


@pytest.fixture
def resources(metadata: Metadata, short_folder: Path, mongod_binary: MongodBinary) -> Resources:
    """What works on backups is given; nothing of it runs but the metadata database."""
    return make_resources(metadata, short_folder, mongod_binary)


@pytest.fixture(scope="session")
def backup_source(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[LocalReplicaSet]:
    """One member, for benches alone: each begins with an empty one."""
    folder = session_folder / "bench-source"
    flags = ("--setParameter", "ttlMonitorEnabled=false")
    started = LocalReplicaSet(mongod_binary.path, folder, clock, 1, extra=flags).start()
    yield started
    started.kill()


@contextmanager
def one_bench(source: LocalReplicaSet, metadata: Metadata, binary: MongodBinary) -> Iterator[Bench]:
    """With an empty source, and nothing known; nobody else may use either meanwhile."""
    with short_folder_for("mms-") as folder:
        bench = Bench(emptied(source), empty(metadata), folder, binary)
        yield bench
        bench.close()


@pytest.fixture(scope="module")
def lasting_bench(
    backup_source: LocalReplicaSet, session_metadata: Metadata, mongod_binary: MongodBinary
) -> Iterator[Bench]:
    """One for all tests of a module; nobody else of its group may use the source meanwhile."""
    with one_bench(backup_source, session_metadata, mongod_binary) as bench:
        yield bench


@pytest.fixture
def bench(
    backup_source: LocalReplicaSet, metadata: Metadata, short_folder: Path,
    mongod_binary: MongodBinary,
) -> Iterator[Bench]:  # fmt: skip
    bench = Bench(emptied(backup_source), metadata, short_folder, mongod_binary)
    yield bench
    bench.close()
