"""python -m tests.e2e.kill_loop --minutes N [--seed S]

Kills the engine by SIGKILL at random moments of sync, apply, snapshot and restore, again and
again, and insists each time: its mongods end too, a new engine goes on by itself, and what is
restored equals what the source held. The short form, a handful of kills, is
tests/e2e/test_kills.py.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from tests.support.folders import short_folder_for
from tests.support.stage import NAME, Moment, Stage
from tests.support.workload import Workload

DELAY_SECONDS_MAX = 1.5
MOMENTS_KEPT = 6
ROUNDS_PER_STAGE = 12
SYNC_KILLS = 2
BALLAST_DOCUMENTS = 40_000


class KillLoop:
    """Acts, each with a kill in it. The workload runs all the while."""

    def __init__(self, stage: Stage, workload: Workload, random: Random) -> None:
        self.stage = stage
        self.workload = workload
        self.random = random
        self.moments: list[Moment] = []
        self.kills = 0

    def sync(self, kills: int = SYNC_KILLS) -> None:
        """The initial sync, with kills in it, and a first snapshot to restore from."""
        self.stage.add_deployment()
        self.stage.start_backup()
        for _ in range(kills):
            self.kill_soon()
        self.stage.wait_in_sync()
        self.stage.take_snapshot()
        self.note_moment()

    def apply(self) -> None:
        """While the tail stores and the head applies."""
        self.kill_soon()
        self.stage.wait_in_sync()
        self.note_moment()

    def snapshot(self) -> None:
        """It goes on by itself, and ends complete."""
        taken = self.stage.cli.ask("snapshot", "take", NAME)
        self.kill_soon()
        self._wait_for(
            lambda: self._state_of("snapshot", taken["id"]), "complete", f"snapshot {taken['id']}"
        )
        self.note_moment()

    def restore(self) -> None:
        """It goes on by itself, and what it leaves equals the moment."""
        moment = self.random.choice(self.moments)
        self.stage.wait_stored(moment.optime)
        target = self.stage.new_target()
        asked = self.stage.cli.ask(
            "restore", "start", NAME, "--at", str(moment.optime), "--to-folder", str(target)
        )
        self.kill_soon()
        self._wait_for(
            lambda: self._state_of("restore", asked["id"]), "done", f"restore {asked['id']}"
        )
        insist_equal(moment, self.stage.state_of(target))

    @property
    def acts(self) -> tuple[Callable[[], None], ...]:
        return (self.apply, self.snapshot, self.restore)

    def round(self) -> str:
        act = self.random.choice(self.acts)
        act()
        return act.__name__

    def kill_soon(self) -> None:
        """A random moment later: the kill, the check for orphans, a new engine."""
        self.stage.clock.sleep(self.random.uniform(0, DELAY_SECONDS_MAX))
        self.stage.kill_engine()
        self.kills += 1
        self.stage.wait(
            "mongods of a dead engine still run",
            lambda: True if not self.stage.mongods_of_engine() else None,
        )
        self.workload.check()
        self.stage.start_engine()

    def note_moment(self) -> None:
        self.workload.pause()
        self.moments.append(self.stage.moment(f"moment after {self.kills} kills"))
        self.workload.resume()
        del self.moments[:-MOMENTS_KEPT]

    def check_moments(self) -> None:
        """Every moment that is kept is restored as it was."""
        self.stage.wait_stored(self.moments[-1].optime)
        for moment in self.moments:
            insist_equal(moment, self.stage.state_at(str(moment.optime)))

    def _state_of(self, kind: str, id_: str) -> str:
        return str(self.stage.cli.ask(kind, "show", id_)["state"])

    def _wait_for(self, state: Callable[[], str], wanted: str, what: str) -> None:
        def look() -> bool | None:
            seen = state()
            assert seen not in ("failed", "cancelled"), f"{what} has {seen}"
            return True if seen == wanted else None

        self.stage.wait(f"{what} was not {wanted}", look)


def insist_equal(moment: Moment, restored: Fingerprint) -> None:
    found = differences(moment.state, restored)
    assert not found, f"{moment.label}, {moment.optime}: {found}"


def fill(stage: Stage) -> None:
    """Enough documents that a sync takes some seconds."""
    ballast: list[dict[str, Any]] = [
        {"_id": number, "text": "ballast " * 100} for number in range(BALLAST_DOCUMENTS)
    ]
    stage.client.ballast.first.insert_many(ballast, ordered=False)


def play(seed: int, until: float) -> int:
    """One stage with some rounds on it; returns how many kills there were."""
    binary = find_binaries([], os.environ)[-1]
    with short_folder_for("mms-kill-") as folder:
        stage = Stage(folder, binary, members=1)
        try:
            stage.open()
            fill(stage)
            stage.start_engine()
            with Workload(stage.client, seed=seed) as workload:
                loop = KillLoop(stage, workload, Random(seed))
                loop.sync()
                for number in range(ROUNDS_PER_STAGE):
                    if time.monotonic() > until:
                        break
                    print(f"  seed {seed}, round {number}: {loop.round()}", flush=True)
                loop.check_moments()
                return loop.kills
        finally:
            stage.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_loop", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    until = time.monotonic() + asked.minutes * 60
    seed, kills = asked.seed, 0
    while time.monotonic() < until:
        kills += play(seed, until)
        seed += 1
    print(f"{kills} kills, every restore equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
