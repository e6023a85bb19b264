"""A short soak: it is well, and what is tampered with is found."""

from collections.abc import Iterator
from random import Random

import pytest

from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.mongod.binaries import MongodBinary
from tests.soak.figures import verdict
from tests.soak.soak import Plan, Soak
from tests.support.folders import short_folder_for
from tests.support.product import Product
from tests.support.stage import Stage
from tests.support.workload import Workload

pytestmark = pytest.mark.xdist_group("product")

STEPS = 60


@pytest.fixture
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    with short_folder_for("mms-soak-") as folder:
        stage = Stage(folder, mongod_binary, members=1)
        try:
            stage.open().start_engine()
            yield stage
        finally:
            stage.close()


def steps(soak: Soak, workload: Workload) -> None:
    goal = workload.steps + STEPS
    soak.stage.wait("the workload stood still", lambda: workload.steps >= goal or None)


def chunks_of_window(soak: Soak) -> list[OplogChunk]:
    product = soak.product
    begin = product.first_snapshot()
    assert begin is not None
    return list(product.metadata.chunks.after(product.deployment.id, begin))


def tamper_with_head(soak: Soak) -> None:
    with soak.product.head_client() as client:
        client.nobody.asked.insert_one({"for": "this"})


def lose_a_chunk(soak: Soak) -> None:
    """One between two others, which the head has applied."""
    soak.product.metadata.chunks.remove(chunks_of_window(soak)[1].id)


def test_a_soak_that_is_well_says_so_and_one_that_is_not_says_what(stage: Stage) -> None:
    product = Product(stage)
    with Workload(stage.client, seed=3, workers=1, steps_per_second=30) as workload:
        soak = Soak(stage, product, workload, Random(3), Plan())
        soak.begin()
        stage.wait("no chunks came", lambda: len(chunks_of_window(soak)) > 2 or None)
        steps(soak, workload)
        soak.sample()
        soak.verify()
        assert verdict(soak.figures) == []
        assert soak.figures.samples[0].engine_bytes > 0
        assert soak.figures.samples[0].head_bytes > 0

        tamper_with_head(soak)
        lose_a_chunk(soak)
        soak.moments.clear()
        soak.end()
    product.close()
    found = "\n".join(verdict(soak.figures))
    assert "the head differs: nobody.asked is only in the second" in found
    assert "a gap in the stored oplog" in found
    assert "the restore is refused" in found
    assert soak.figures.stored.entries > STEPS
