"""Everything that runs dies by SIGKILL at random moments: nothing is left, and it goes on."""

from random import Random

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.e2e.history_acts import HISTORY_SETTINGS, HistoryLoop, Keeping
from tests.e2e.kill_acts import KillLoop
from tests.e2e.kill_loop import fill
from tests.support import victims
from tests.support.folders import short_folder_for
from tests.support.stage import Stage
from tests.support.workload import Workload

pytestmark = pytest.mark.xdist_group("product")

SEED = 5
NOTHING_IS_KEPT = Keeping(seconds=0, window_seconds=0)
"""But what is held, the last good one, and what these need."""
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


def test_whatever_is_killed_a_history_stays_whole_and_its_store_comes_to_what_is_needed(
    mongod_binary: MongodBinary,
) -> None:
    """Snapshots are taken, deleted, groomed, checked and verified, one by one and all at once."""
    with short_folder_for("mms-kill-") as folder:
        stage = Stage(folder, mongod_binary, members=1, **HISTORY_SETTINGS)
        try:
            stage.open()
            fill(stage, documents=4_000)
            stage.start_engine()
            with Workload(stage.client, seed=SEED, steps_per_second=STEPS_PER_SECOND) as workload:
                loop = HistoryLoop(stage, workload, Random(SEED), NOTHING_IS_KEPT)
                loop.sync(victims.head)
                loop.all_at_once(
                    victims.engine_amid_a_pack, victims.verifications_mongod, victims.metadata
                )
                loop.groom(victims.engine)
                loop.end(restores=1)
                loop.close()
        finally:
            stage.close()
    assert loop.kills.total() == 5
