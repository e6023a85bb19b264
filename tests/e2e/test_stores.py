"""A whole backup in every kind of store: from the initial sync to restores after a groom."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from mmsconsole.clock import SystemClock
from mmsconsole.daemon.checking import StoreChecks
from mmsconsole.daemon.copying import CopyKeeper
from mmsconsole.daemon.grooming import Grooms
from mmsconsole.daemon.retention import Retention
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.asking import ask_for_check, ask_for_groom
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.in_use import mark_for_deletion
from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.settings import DEFAULT_STORE
from mmsconsole.storage.storages import open_storages
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Task
from mmsconsole.verification.verifying import Verification
from tests.support.backups import SMALL, Bench, emptied, wait_until
from tests.support.cli import Cli
from tests.support.metadata import settings_of
from tests.support.s3 import S3Server

pytestmark = pytest.mark.xdist_group("s3")

DOCUMENTS = 3_000
TEXT_BYTES = 400
COPY = "far"

Keys = Mapping[str, str]
Backed = Callable[..., "Backup"]


class Backup:
    """A bench whose stores are what the settings' file says."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.resources = bench.resources
        self.metadata = bench.metadata

    def begin(self) -> ContinuousBackup:
        """In sync by several slices; what it takes is verified."""
        documents = [
            {"_id": number, "text": secrets.token_hex(TEXT_BYTES)} for number in range(DOCUMENTS)
        ]
        self.bench.client.app.goes.insert_many(documents)
        self.bench.client.app.c.insert_many(documents[:: DOCUMENTS // 100])
        self.bench.client.app.c.create_index("text")
        self.bench.verify_every()
        return self.bench.synced()

    def churn(self) -> None:
        """Most of it goes: its blocks are of no use to a later snapshot."""
        self.bench.client.app.goes.drop()
        self.bench.wait_applied(self.bench.write())
        # mongod removes the file some time after a checkpoint.
        wait_until(self._file_is_gone, "the file of a dropped collection is still in the head")

    def _file_is_gone(self) -> bool:
        with self.bench.head_client() as client:
            client.admin.command("fsync", 1)
        files = Path(self.bench.head.path).glob("collection-*.wt")
        try:
            return all(path.stat().st_size < DOCUMENTS * TEXT_BYTES for path in files)
        except FileNotFoundError:
            return False  # it goes just now

    def delete(self, snapshot: Snapshot) -> None:
        mark_for_deletion(self.metadata, snapshot.id, "a test")
        Retention(self.resources).tick()
        assert self.metadata.snapshots.find(snapshot.id) is None

    def groom(self) -> Mapping[str, Any]:
        deployment, now = self.bench.deployment, self.bench.clock.now()
        pool = self.metadata.pools.ensure(deployment.group, deployment.store)
        job = ask_for_groom(self.metadata, pool.id, now, "ada")
        return Grooms(self.resources).run(job, Task())

    def assert_well(self) -> None:
        job = ask_for_check(self.metadata, DEFAULT_STORE, 1.0, self.bench.clock.now(), "ada")
        StoreChecks(self.resources).run(job, Task())
        check = self.metadata.checks.get(job.subject)
        assert check.good, check.findings
        assert check.bytes_read > 0

    def goes_round(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Sync, two snapshots, one deleted and groomed away, checked, verified, restored."""
        bench, backup = self.bench, self.begin()
        first = bench.snapshot(backup)
        self.churn()
        at_snapshot = bench.state()
        meanwhile()
        second = bench.snapshot(backup)
        moment = bench.write()
        at_moment = bench.state()
        bench.write()
        bench.wait_stored(bench.newest())
        backup.stop()

        self.delete(first)
        groomed = self.groom()

        assert groomed["stored_bytes"] < groomed["stored_bytes_before"]
        assert groomed["waiting"] == 0
        self.assert_well()
        assert Verification(self.resources, nice=0).run(second.id, Task()).verdict is Verdict.GOOD
        for point, state in ((None, at_snapshot), (moment, at_moment)):
            restore = bench.restore(second, point)
            assert differences(state, bench.state_of(Path(restore.target))) == []


@pytest.fixture
def backed(
    backup_source: LocalReplicaSet, metadata: Metadata, short_folder: Path,
    mongod_binary: MongodBinary,
) -> Iterator[Backed]:  # fmt: skip
    """backed(keys of [storage], keys of the copy's store) -> Backup"""
    benches: list[Bench] = []

    def make(first: Keys, second: Keys | None = None) -> Backup:
        sections = {"storage": first, **({f"stores.{COPY}": second} if second else {})}
        write_settings(short_folder / "home", sections)
        settings = settings_of(short_folder / "home", **SMALL)
        resources = Resources(
            settings, metadata, open_storages(settings), SystemClock(), [mongod_binary]
        )
        source = emptied(backup_source)
        benches.append(Bench(source, metadata, short_folder, mongod_binary, resources))
        return Backup(benches[-1])

    yield make
    for bench in benches:
        bench.close()


def write_settings(home: Path, sections: Mapping[str, Keys]) -> None:
    text = "".join(
        f"[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())
        for name, keys in sections.items()
    )
    (home / "config").mkdir(parents=True)
    (home / "config/config.toml").write_text(text)


def key_in(path: Path) -> str:
    path.write_text(secrets.token_hex(32))
    path.chmod(0o600)
    return str(path)


def test_a_whole_backup_in_s3(backed: Backed, s3_server: S3Server) -> None:
    backed({"url": s3_server.url(s3_server.bucket())}).goes_round()


def test_a_whole_backup_that_is_encrypted(backed: Backed, short_folder: Path) -> None:
    key = key_in(short_folder / "key")
    backed({"url": str(short_folder / "storage"), "key_file": key}).goes_round()


def test_a_whole_backup_in_mongodb_whose_primary_steps_down_before_a_snapshot(
    backed: Backed, replica_set: LocalReplicaSet
) -> None:
    url = replica_set.uri.replace("/?", f"/store{secrets.token_hex(4)}?")

    def step_down() -> None:
        """It is primary again when nobody else stands for election, some seconds later."""
        with replica_set.client() as client, suppress(AutoReconnect):
            client.admin.command(
                {"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": True}
            )

    backed({"url": url}).goes_round(step_down)


def test_when_the_first_store_is_lost_the_copy_alone_restores_the_newest_moment(
    backed: Backed, s3_server: S3Server, short_folder: Path, mongod_binary: MongodBinary
) -> None:
    """The copy is encrypted, and in another kind of store."""
    first, key = short_folder / "storage", key_in(short_folder / "key")
    url = s3_server.url(s3_server.bucket())
    backup = backed({"url": str(first)}, {"url": url, "key_file": key})
    bench = backup.bench
    backup.metadata.deployments.set(bench.deployment.id, copy_to=COPY)
    running = backup.begin()
    bench.snapshot(running)
    backup.churn()
    newest, state = bench.newest(), bench.state()
    running.stop()
    CopyKeeper(backup.resources).round(Task())

    shutil.rmtree(first)

    # The environment has the credentials, and nothing of the home.
    alone = Cli({**os.environ, "MMSCONSOLE_MONGOD_BINARIES": str(mongod_binary.path)})
    target = short_folder / "alone"
    alone.ask(
        "store", "restore", url, "--key-file", key, "--deployment", "shop",
        "--at", str(newest), "--to-folder", str(target),
    )  # fmt: skip
    assert differences(state, bench.state_of(target)) == []
