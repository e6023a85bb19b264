"""The engine dies by SIGKILL at random moments: nothing is left, and it goes on by itself."""

from random import Random

import pytest

from mmsconsole.mongod.binaries import MongodBinary
from tests.e2e.kill_loop import KillLoop, fill
from tests.support.folders import short_folder_for
from tests.support.stage import Stage
from tests.support.workload import Workload

pytestmark = pytest.mark.xdist_group("e2e")

SEED = 5


def test_an_engine_that_is_killed_goes_on_and_restores_are_equal(
    mongod_binary: MongodBinary,
) -> None:
    """Twice in the sync, then once in each of apply, snapshot and restore."""
    with short_folder_for("mms-kill-") as folder:
        stage = Stage(folder, mongod_binary, members=1)
        try:
            stage.open()
            fill(stage)
            stage.start_engine()
            with Workload(stage.client, seed=SEED) as workload:
                loop = KillLoop(stage, workload, Random(SEED))
                loop.sync()
                for act in loop.acts:
                    act()
                loop.check_moments()
        finally:
            stage.close()
    assert loop.kills == 5
