"""One backup for all tests of restores."""

from collections.abc import Iterator

import pytest

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import MongodBinary
from tests.restore.restoring.world import World
from tests.support.backups import Bench, one_bench


@pytest.fixture(scope="package")
def world(
    backup_source: LocalReplicaSet, session_metadata: Metadata, mongod_binary: MongodBinary
) -> Iterator[World]:
    """Goes on for all tests of this folder."""
    with one_bench(backup_source, session_metadata, mongod_binary) as bench:
        yield World(bench)


@pytest.fixture
def bench(world: World) -> Iterator[Bench]:
    yield world.bench
    world.bench.storage.heal()


@pytest.fixture
def snapshot(world: World) -> Snapshot:
    return world.snapshot
