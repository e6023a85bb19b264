"""python -m tests.e2e.kill_loop --minutes N [--seed S] [--members 3] [--history]

Kills by SIGKILL, at random moments of sync, apply, snapshot, restore and rebuild: the engine with
the agent inside of it, heads, the mongod of a restore, the metadata database, guards, and members
of the source. --history: of snapshots, retention, groom, check, verification and catalogue too,
one by one and all at once, and the mongod of a verification. After each act it insists on what
must hold at any time (docs/testing.md). The short forms are in tests/e2e/test_kills.py.
"""

import argparse
import os
import sys
import time
from collections import Counter
from random import Random
from typing import Any

from mmsconsole.mongod.binaries import find_binaries
from tests.e2e.history_acts import HISTORY_SETTINGS, HistoryLoop, Keeping
from tests.e2e.kill_acts import KillLoop
from tests.support.folders import short_folder_for
from tests.support.stage import Stage
from tests.support.workload import Workload

ROUNDS_PER_STAGE = 12
BALLAST_DOCUMENTS = 40_000
KEEPING = Keeping(seconds=45, window_seconds=120)


def fill(stage: Stage, documents: int = BALLAST_DOCUMENTS) -> None:
    """So many documents that a sync takes some time."""
    ballast: list[dict[str, Any]] = [
        {"_id": number, "text": "ballast " * 100} for number in range(documents)
    ]
    stage.client.ballast.first.insert_many(ballast, ordered=False)


def loop_of(stage: Stage, workload: Workload, seed: int, *, history: bool) -> KillLoop:
    chance = Random(seed)
    if history:
        return HistoryLoop(stage, workload, chance, KEEPING)
    return KillLoop(stage, workload, chance)


def play(seed: int, until: float, members: int, *, history: bool) -> Counter[str]:
    """One stage with some rounds on it; returns who was killed how often."""
    binary = find_binaries([], os.environ)[-1]
    with short_folder_for("mms-kill-") as folder:
        settings = HISTORY_SETTINGS if history else {}
        stage = Stage(folder, binary, members=members, **settings)
        try:
            stage.open()
            fill(stage)
            stage.start_engine()
            with Workload(stage.client, seed=seed, members_die=True) as workload:
                loop = loop_of(stage, workload, seed, history=history)
                loop.sync()
                print(f"  seed {seed}, sync, killed: {', '.join(loop.kills)}", flush=True)
                for number in range(ROUNDS_PER_STAGE):
                    if time.monotonic() > until:
                        break
                    print(f"  seed {seed}, round {number}: {loop.round()}", flush=True)
                loop.end()
                if isinstance(loop, HistoryLoop):
                    loop.restore_from_store_alone()
                loop.close()
                return loop.kills
        finally:
            stage.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_loop", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--history", action="store_true")
    asked = parser.parse_args()
    until = time.monotonic() + asked.minutes * 60
    seed, kills = asked.seed, Counter[str]()
    while time.monotonic() < until:
        kills += play(seed, until, asked.members, history=asked.history)
        seed += 1
    for victim, count in sorted(kills.items()):
        print(f"{count:4} {victim}")
    print(f"{kills.total()} kills; heads, blocks and restores equal, nothing left behind")
    return 0


if __name__ == "__main__":
    sys.exit(main())
