"""A real head through a groom: the space is back, and what stays restores to the same data."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from mmsconsole.daemon.grooming import Grooms
from mmsconsole.metadata.asking import ask_for_groom
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.settings import GroomSettings
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import Bench
from tests.support.snapshots import files_below, snapshot_record

pytestmark = pytest.mark.xdist_group("restores")


def test_the_space_of_deleted_snapshots_comes_back_and_the_last_one_restores(
    bench: Bench, tmp_path: Path
) -> None:
    metadata, chance = bench.metadata, random.Random(1)
    resources = with_living_percent(bench.resources, 95)
    bench.write(*range(400), text=chance.randbytes(20_000))
    backup = bench.synced()
    taken = [bench.snapshot(backup)]
    for round_ in (1, 2):
        bench.client.app.c.update_many({"_id": {"$mod": [2, round_ % 2]}}, {"$set": {"r": round_}})
        bench.write(*range(1000 * round_, 1000 * round_ + 200), text=chance.randbytes(20_000))
        bench.wait_applied(bench.newest())
        taken.append(bench.snapshot(backup))
    expected = bench.state()
    blockstore = resources.blockstore(bench.deployment)
    for snapshot in taken[:2]:
        blockstore.forget(snapshot)

    pool = metadata.pools.ensure(bench.deployment.group, bench.deployment.store)
    job = ask_for_groom(metadata, pool.id, bench.clock.now(), "ann")
    result = Grooms(resources).run(job, Task())

    fresh = fresh_store_bytes(bench, blockstore, tmp_path)
    stored = sum(one.bytes for one in bench.storage.list("packs"))
    assert stored <= 1.1 * fresh, result
    restore = bench.restore(taken[2])
    assert restore.state is RestoreState.DONE
    assert differences(expected, bench.state_of(Path(restore.target))) == []
    later = bench.snapshot(backup)
    assert differences(expected, bench.state_of(Path(bench.restore(later).target))) == []


def with_living_percent(resources: Resources, percent: float) -> Resources:
    settings = resources.settings
    groom = GroomSettings(living_percent=percent)
    tree = settings.tree.model_copy(update={"groom": groom})
    return replace(resources, settings=replace(settings, tree=tree))


def fresh_store_bytes(bench: Bench, blockstore: Blockstore, folder: Path) -> int:
    """What a store would need that has only the last snapshot."""
    (last,) = bench.metadata.snapshots.complete(bench.deployment.id)
    blockstore.materialise(last, folder / "files", Task())
    storage = LocalStorage(folder / "fresh")
    pool = bench.metadata.pools.ensure("fresh", "default")
    record = snapshot_record("fresh", deployment=bench.deployment.id)
    Blockstore(storage, bench.metadata, pool).cut(
        record, folder / "files", files_below(folder / "files"), None, Task()
    )
    return sum(one.bytes for one in storage.list("packs"))
