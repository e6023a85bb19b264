"""python -m tests.benchmarks.oplog [--stages apply,live,away] [--json FILE] ...

    apply   entries/s into a head: inserts, updates, deletes, mixed; held against bare applyOps of
            the same bytes, in turn; CPU time of Python and of the head's mongod
    live    a source under load: from an acknowledged write to its durable chunk and to the head;
            CPU and memory of the engine. A long run: --stages live --seconds 3600
    away    the engine catches up with what was written while it was away

--short is for a look: it takes about half a minute and says nothing about speed.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from tests.benchmarks.apply_bench import ApplyBench
from tests.benchmarks.live_bench import LiveBench
from tests.support.folders import short_folder_for
from tests.support.stage import Stage

STAGES = ("apply", "live", "away")
SHORT = ["--chunks", "2", "--chunk-entries", "2000", "--rate", "500", "--seconds", "5",
         "--away-entries", "20000"]  # fmt: skip


def main(arguments: list[str]) -> int:
    asked = arguments_of(arguments)
    figures = run(asked, find_binaries([], os.environ)[-1], lambda t: print(t, file=sys.stderr))
    text = json.dumps(figures, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text)
    return 0


def run(
    asked: argparse.Namespace, binary: MongodBinary, tell: Callable[[str], None]
) -> dict[str, Any]:
    """What each stage found, by its name."""
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    if "apply" in asked.stages:
        with short_folder_for("mms-apply-") as folder:
            bench = ApplyBench(folder, binary.path, asked.chunk_entries, asked.chunks)
            figures["apply"] = [kind.document for kind in bench.run(tell)]
    if {"live", "away"} & set(asked.stages):
        with short_folder_for("mms-live-") as folder:
            figures |= _on_stage(Stage(folder, binary, members=asked.members), asked, tell)
    return figures | {"load_after": os.getloadavg()[0]}


def _on_stage(
    stage: Stage, asked: argparse.Namespace, tell: Callable[[str], None]
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    stage.open()
    try:
        bench = LiveBench(stage, tell)
        bench.begin()
        if "live" in asked.stages:
            figures["live"] = bench.live(asked.rate, asked.seconds)
        if "away" in asked.stages:
            figures["away"] = bench.away(asked.away_entries)
    finally:
        stage.close()
    return figures


def arguments_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.oplog", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--stages", type=_stages, default=STAGES, metavar=",".join(STAGES))
    add("--json", type=Path, metavar="FILE")
    add("--short", action="store_true")
    add("--chunks", type=int, default=7, help="of each kind of writes (apply)")
    add("--chunk-entries", type=int, default=20_000)
    add("--members", type=int, default=1, help="of the source (live, away)")
    add("--rate", type=int, default=5000, help="writes/s (live)")
    add("--seconds", type=int, default=60, help="(live)")
    add("--away-entries", type=int, default=1_000_000, help="written meanwhile (away)")
    asked = parser.parse_args(arguments)
    return parser.parse_args([*SHORT, *arguments]) if asked.short else asked


def _stages(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    unknown = [name for name in wanted if name not in STAGES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such stage: {unknown[0]}")
    return wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
