"""Everything that runs dies by SIGKILL at random moments: nothing is left, and it goes on."""

from random import Random

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.e2e.kill_loop import KillLoop, fill
from tests.support import victims
from tests.support.folders import short_folder_for
from tests.support.stage import Stage
from tests.support.workload import Workload

pytestmark = pytest.mark.xdist_group("product")

SEED = 5
STEPS_PER_SECOND = 20
"""Of each worker. Half of the long form's: every restore replays them again."""


def test_whatever_is_killed_heads_snapshots_and_restores_are_equal_and_nothing_is_left(
    mongod_binary: MongodBinary,
) -> None:
    """Each victim once, spread over sync, apply, snapshot, restore and rebuild."""
    with short_folder_for("mms-kill-") as folder:
        stage = Stage(folder, mongod_binary, members=3)
        try:
            stage.open()
            fill(stage, documents=15_000)
            stage.start_engine()
            with Workload(
                stage.client, seed=SEED, steps_per_second=STEPS_PER_SECOND, members_die=True
            ) as workload:
                loop = KillLoop(stage, workload, Random(SEED))
                loop.sync(victims.agent_amid_a_slice, victims.head)
                loop.apply(victims.primary, victims.metadata)
                loop.snapshot(victims.engine)
                loop.restore(victims.restores_mongod)
                loop.rebuild(victims.guard)
                loop.apply(victims.agent_amid_a_chunk, victims.secondary)
                loop.end()
                loop.close()
        finally:
            stage.close()
    assert loop.kills.total() == 9
