"""Snapshots opened for reading, for tests: small, of a database with a user of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.openings import Opening
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.restore.opened.keeper import OpenedKeeper
from mmsconsole.restore.opening import changing, place_on
from mmsconsole.restore.restoring import Restoring
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import make_resources
from tests.support.snapshots import deployment_record, snapshot_record, taken


@pytest.fixture(scope="session")
def small_files(
    session_folder: Path, session_metadata: Metadata, mongod_binary: MongodBinary
) -> Path:
    """Of a database with a user of its own, and 100 documents; nobody changes them."""
    resources = make_resources(session_metadata, session_folder / "small", mongod_binary)
    root = session_folder / "small" / "source"
    place = place_on(resources, snapshot_record("s0"), root, socket="src", log="source")
    with changing(resources, place) as server:
        server.client.shop.orders.insert_many({"_id": n, "paid": n % 2 == 0} for n in range(100))
        roles = [{"role": "root", "db": "admin"}]
        server.client.admin.command("createUser", "owner", pwd="of-the-source", roles=roles)
    return root


@pytest.fixture
def small_snapshot(resources: Resources, small_files: Path) -> Snapshot:
    resources.metadata.deployments.add(deployment_record())
    return taken(resources, small_files)


@pytest.fixture
def opened_keeper(resources: Resources) -> Iterator[OpenedKeeper]:
    kept = OpenedKeeper(resources)
    yield kept
    kept.stop()


def opened(resources: Resources, keeper: OpenedKeeper, snapshot: Snapshot) -> Opening:
    restore = Restore(
        "0123456789ab", "d1", snapshot.id, "opened", resources.clock.now(),
        where=Target(TargetKind.OPEN, hours=1),
    )  # fmt: skip
    resources.metadata.restores.add(restore)
    done = Restoring(resources, restore).run(Task())
    assert done.state is RestoreState.DONE
    keeper.tick()
    return resources.metadata.openings.get(restore.id)
