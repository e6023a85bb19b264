"""python -m tests.soak --minutes N [--seed S] [--rate W] [--members M] [--kills]

Runs a live workload of W steps a second and its backup for N minutes: snapshots, comparisons of
the head with the source, restores of random moments, samples of lag and memory. Prints a line
every two minutes and a report at the end. The exit code is 1 if anything was wrong.
"""

import argparse
import os
import sys
from random import Random

from mmsconsole.mongod.binaries import find_binaries
from tests.soak import figures
from tests.soak.soak import Plan, Soak
from tests.support.folders import short_folder_for
from tests.support.product import Product
from tests.support.stage import Stage
from tests.support.workload import Workload

WORKERS = 3
TICK_SECONDS = 0.5
KILL_SECONDS = 90.0


def main() -> int:
    asked = _arguments().parse_args()
    binary = find_binaries([], os.environ)[-1]
    with short_folder_for("mms-soak-") as folder:
        stage = Stage(folder, binary, members=asked.members)
        try:
            stage.open().start_engine()
            return _run(stage, asked)
        finally:
            stage.close()


def _run(stage: Stage, asked: argparse.Namespace) -> int:
    plan = Plan(kill=KILL_SECONDS if asked.kills else 0)
    product = Product(stage)
    rate = asked.rate / WORKERS
    with Workload(stage.client, seed=asked.seed, workers=WORKERS, steps_per_second=rate) as load:
        soak = Soak(stage, product, load, Random(asked.seed), plan)
        soak.begin()
        line_at = 0.0
        while soak.seconds < asked.minutes * 60:
            soak.tick()
            if soak.seconds >= line_at:
                print(figures.line(soak.seconds, soak.figures), flush=True)
                line_at += plan.line
            stage.clock.sleep(TICK_SECONDS)
        soak.end()
    product.close()
    print(figures.text(soak.seconds, soak.figures), flush=True)
    return 1 if figures.verdict(soak.figures) else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=60, help="steps of the workload a second")
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--kills", action="store_true", help="engine, head, metadata database")
    return parser


if __name__ == "__main__":
    sys.exit(main())
