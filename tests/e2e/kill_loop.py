"""python -m tests.e2e.kill_loop --minutes N [--seed S] [--members 3]

Kills by SIGKILL, at random moments of sync, apply, snapshot, restore and rebuild: the engine with
the agent inside of it, heads, the mongod of a restore, the metadata database, guards, and members
of the source. After each act it insists on what must hold at any time (docs/testing.md). The
short form is tests/e2e/test_kills.py.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.process import GUARD_GRACE_SECONDS
from mmsconsole.storage.open import open_storage
from tests.support.folders import short_folder_for
from tests.support.leftovers import leftovers
from tests.support.product import Product
from tests.support.stage import NAME, Moment, Stage
from tests.support.stored_blocks import wrong_blocks
from tests.support.victims import FOLLOWING, RESTORING, SYNCING, Victim
from tests.support.workload import Workload

DELAY_SECONDS_MAX = 1.5
MOMENTS_KEPT = 4
ROUNDS_PER_STAGE = 12
SYNC_KILLS = 2
BALLAST_DOCUMENTS = 40_000


class KillLoop:
    """Acts, each with a kill in it. The workload runs all the while."""

    def __init__(self, stage: Stage, workload: Workload, random: Random) -> None:
        self.stage = stage
        self.workload = workload
        self.random = random
        self.product = Product(stage)
        self.moments: list[Moment] = []
        self.kills: Counter[str] = Counter()

    def close(self) -> None:
        self.product.close()

    # -- acts

    def sync(self, *killed: Victim) -> None:
        """The initial sync, with kills in it, and a first snapshot to restore from."""
        self.product.add_and_start()
        for victim in killed or self.random.choices(SYNCING, k=SYNC_KILLS):
            self.kill_soon(victim)
        self.product.wait_in_sync()
        self._complete(self.product.ask_for_snapshot())
        self.insist()

    def apply(self, *killed: Victim) -> None:
        """While the tail stores and the head applies."""
        for victim in killed or [self.random.choice(FOLLOWING)]:
            self.kill_soon(victim)
        self.product.wait_in_sync()
        self.insist()

    def snapshot(self, victim: Victim | None = None) -> None:
        """It goes on by itself, and ends complete."""
        taken = self.product.ask_for_snapshot()
        self.kill_soon(victim or self.random.choice(FOLLOWING))
        self._complete(taken)
        self.insist()

    def restore(self, victim: Victim | None = None) -> None:
        """It goes on by itself, and what it leaves equals the moment."""
        moment = self.random.choice(self.moments)
        self.product.wait_stored(moment.optime)
        soon = victim or self.random.choice(RESTORING)
        found = self.product.restore_differs([moment], meanwhile=lambda: self.kill_soon(soon))
        assert not found, found
        self.insist()

    def rebuild(self, victim: Victim | None = None) -> None:
        """Of the head, from a snapshot and the stored oplog; it goes on by itself."""
        self.product.ask(lambda: self.product.operations.rebuild_head(NAME))
        self.kill_soon(victim or self.random.choice(FOLLOWING))
        self.product.wait_in_sync()
        self.insist()

    @property
    def acts(self) -> tuple[Callable[[], None], ...]:
        return (self.apply, self.snapshot, self.restore, self.rebuild)

    def round(self) -> str:
        act, before = self.random.choice(self.acts), self.kills.copy()
        act()
        return f"{act.__name__}, killed: {', '.join((self.kills - before).keys())}"

    def kill_soon(self, victim: Victim) -> None:
        """A random moment later."""
        self.stage.clock.sleep(self.random.uniform(0, DELAY_SECONDS_MAX))
        victim(self.product)
        self.kills[victim.__name__] += 1
        self.workload.check()

    def _complete(self, snapshot: str) -> None:
        ended = self.product.wait_for_snapshot(snapshot)
        assert ended.state == "complete", f"snapshot {snapshot} is {ended.state}: {ended.reason}"

    # -- what must hold

    def insist(self) -> None:
        """The head equals the source; every block of a complete snapshot has its bytes; the
        stored oplog is unbroken. The moment is kept, to be restored.
        """
        self.workload.pause()
        moment = self.stage.moment(f"moment after {self.kills.total()} kills")
        found = self.product.head_differs(moment)
        self.workload.resume()
        assert not found, f"the head differs, {moment.label}: {found}"
        gaps = self.product.gaps()
        assert not gaps, gaps
        self.insist_on_blocks()
        self.moments.append(moment)
        del self.moments[:-MOMENTS_KEPT]

    def insist_on_blocks(self) -> None:
        storage, metadata = open_storage(self.product.settings), self.product.metadata
        deployment = self.product.deployment.id
        wrong = self.product.ask(lambda: wrong_blocks(storage, metadata, deployment))
        assert not wrong, wrong

    def end(self) -> None:
        """Every moment that is kept is restored as it was; the stopped engine leaves nothing."""
        self.workload.pause()
        self.product.wait_stored(self.moments[-1].optime)
        found = self.product.restore_differs(self.moments)
        assert not found, found
        assert self.stage.engine is not None
        self.stage.engine.stop()
        left = self._leftovers()
        if left:  # a mongod that was killed in the end needs a moment
            self.stage.clock.sleep(GUARD_GRACE_SECONDS)
            left = self._leftovers()
        assert not left, left

    def _leftovers(self) -> list[str]:
        folder = self.stage.folder
        return leftovers(folder / "home", sorted(folder.glob("restored*")))


def fill(stage: Stage, documents: int = BALLAST_DOCUMENTS) -> None:
    """So many documents that a sync takes some time."""
    ballast: list[dict[str, Any]] = [
        {"_id": number, "text": "ballast " * 100} for number in range(documents)
    ]
    stage.client.ballast.first.insert_many(ballast, ordered=False)


def play(seed: int, until: float, members: int) -> Counter[str]:
    """One stage with some rounds on it; returns who was killed how often."""
    binary = find_binaries([], os.environ)[-1]
    with short_folder_for("mms-kill-") as folder:
        stage = Stage(folder, binary, members=members)
        try:
            stage.open()
            fill(stage)
            stage.start_engine()
            with Workload(stage.client, seed=seed, members_die=True) as workload:
                loop = KillLoop(stage, workload, Random(seed))
                loop.sync()
                print(f"  seed {seed}, sync, killed: {', '.join(loop.kills)}", flush=True)
                for number in range(ROUNDS_PER_STAGE):
                    if time.monotonic() > until:
                        break
                    print(f"  seed {seed}, round {number}: {loop.round()}", flush=True)
                loop.end()
                loop.close()
                return loop.kills
        finally:
            stage.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_loop", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--members", type=int, default=3)
    asked = parser.parse_args()
    until = time.monotonic() + asked.minutes * 60
    seed, kills = asked.seed, Counter[str]()
    while time.monotonic() < until:
        kills += play(seed, until, asked.members)
        seed += 1
    for victim, count in sorted(kills.items()):
        print(f"{count:4} {victim}")
    print(f"{kills.total()} kills; heads, blocks and restores equal, nothing left behind")
    return 0


if __name__ == "__main__":
    sys.exit(main())
