"""python -m tests.model [--minutes N] [--seed S] [--steps K] [--examples E] [--failures FOLDER]
python -m tests.model --replay FOLDER [--shorten ATTEMPTS]

Plays random schedules of writes, DDL, transactions, elections, kills and snapshots against a
real replica set and a real engine, and restores every noted moment. One seed after the other,
until the minutes are over; without --minutes, one seed.

After a failure the exit code is 1, and a folder below --failures has the schedule (schedule.txt
to read, schedule.bson for --replay), the error and the logs. --shorten leaves steps out as long
as what is left fails in one of ATTEMPTS.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from tests.model import schedule
from tests.model.drawing import drawn
from tests.model.report import Report
from tests.model.run import play, shorten
from tests.support.folders import short_folder_for


def main() -> int:
    asked = _arguments().parse_args()
    binary = find_binaries([], os.environ)[-1]
    if asked.replay is None:
        return _play_seeds(binary, asked)
    steps = schedule.load(asked.replay)
    if asked.shorten:
        left = shorten(binary, steps, asked.shorten, asked.failures / "shorter")
        schedule.save(left, asked.failures / "shortest")
    else:
        print(play(binary, steps, asked.failures / "replayed"))
    return 0


def _play_seeds(binary: MongodBinary, asked: argparse.Namespace) -> int:
    until = time.monotonic() + asked.minutes * 60
    whole, seed = Report(), asked.seed
    while True:
        report = _play_seed(binary, seed, asked)
        print(f"seed {seed}: {report.summary}", flush=True)
        whole, seed = whole + report, seed + 1
        if time.monotonic() >= until:
            print(whole)
            return 0


def _play_seed(binary: MongodBinary, seed: int, asked: argparse.Namespace) -> Report:
    failed = asked.failures / f"seed-{seed}"
    with short_folder_for("mms-drawn-") as folder:
        steps = drawn(seed, asked.steps, asked.examples, folder)
    try:
        return play(binary, steps, failed)
    except Exception:
        print(f"seed {seed} failed: see {failed}", flush=True)
        raise


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.model", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40, help="of one example")
    parser.add_argument("--examples", type=int, default=4, help="on one stand")
    parser.add_argument("--replay", type=Path, help="a folder that a failure has left")
    parser.add_argument("--shorten", type=int, default=0, metavar="ATTEMPTS")
    parser.add_argument("--failures", type=Path, default=Path("model-failures"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
