"""What a verification costs, beside a plain restore to a running mongod in the same run.

python -m tests.benchmarks.verification [--megabytes 370] [--indexes 2] [--rounds 3] [--json FILE]

pieces     cp and sync of the files, a mongod started on them, dbHash and validate (not full) of one
           collection after the other: as the target was measured, with --indexes 0
witness    what the head is read for after the snapshot, outside of its pause
snapshot   its files written, a mongod started on them, validated, compared, removed again;
           a plain restore is the first two
moment     the same, with a part of the oplog applied on top in both

Here the mongod of a verification does not let others go first: that of a restore does not either.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from mmsconsole.clock import SystemClock
from mmsconsole.head.keeping import place_of
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from mmsconsole.optime import Optime
from mmsconsole.restore.opening import place_on
from mmsconsole.restore.replaying import replay_onto
from mmsconsole.strategies.witness_reading import WitnessReading
from mmsconsole.task import Task
from mmsconsole.verification.folder import empty_folder
from mmsconsole.verification.verifying import Verification
from tests.benchmarks.alone import bench_alone
from tests.support.backups import Bench

BATCH = 2000
COLLECTIONS = ("orders", "customers", "carts", "events")
DOCUMENT_BYTES = 1000
INDEXES = ([("a", 1)], [("b", 1), ("a", 1)])
MEGABYTE = 1_000_000
CHANGED = 0.02
"""Share of the documents that the moment's oplog changes."""


def _document(number: int, chance: Random) -> dict[str, Any]:
    noise = chance.randbytes(250).hex()
    return {"_id": number, "a": chance.random(), "b": number % 97, "t": "mms " * 110, "r": noise}


class Pieces:
    """Seconds between the first reports of the phases; the last one lasts to the end."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._begun: list[tuple[str, float]] = []

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        if phase not in {known for known, _ in self._begun}:
            self._begun.append((phase, self._clock.monotonic()))

    def seconds(self) -> dict[str, float]:
        ends = [at for _, at in self._begun[1:]] + [self._clock.monotonic()]
        return {phase: end - at for (phase, at), end in zip(self._begun, ends, strict=True)}


class Run:
    def __init__(self, bench: Bench, megabytes: float, indexes: int) -> None:
        self._bench = bench
        self._indexes = INDEXES[:indexes]
        self._clock = SystemClock()
        self._count = int(megabytes * MEGABYTE / DOCUMENT_BYTES / len(COLLECTIONS))
        """Documents in each collection."""

    def fill(self) -> None:
        """Documents of about a kilobyte, half of which does not compress."""
        chance = Random(7)
        for name in COLLECTIONS:
            collection = self._bench.client.bench[name]
            for first in range(0, self._count, BATCH):
                numbers = range(first, min(first + BATCH, self._count))
                collection.insert_many([_document(n, chance) for n in numbers])
            for keys in self._indexes:
                collection.create_index(keys)

    def change(self) -> None:
        changed = {"_id": {"$lt": int(self._count * CHANGED)}}
        for name in COLLECTIONS:
            self._bench.client.bench[name].update_many(changed, {"$inc": {"b": 1}})

    def timed(self, work: Callable[[], object]) -> float:
        begin = self._clock.monotonic()
        work()
        return self._clock.monotonic() - begin

    def restored(self, snapshot: Snapshot, point: Optime | None = None) -> float:
        """To a mongod that answers; its end and the removal of its files do not count."""
        bench = self._bench
        blockstore = bench.resources.blockstore(bench.deployment)
        with empty_folder(bench.folder / "restored", self._clock) as data:
            place = place_on(bench.resources, snapshot, data, socket="p", log="plain")
            begin = self._clock.monotonic()
            blockstore.materialise(snapshot, data, Task())
            server = HeadServer.start(place, self._clock)
            if point is not None:
                replay_onto(bench.resources, server, snapshot, point, Task())
            seconds = self._clock.monotonic() - begin
            server.kill()
            return seconds

    def pieces(self, snapshot: Snapshot) -> dict[str, float]:
        bench = self._bench
        with empty_folder(bench.folder / "pieces", self._clock) as data:
            whole = data / "whole"
            bench.resources.blockstore(bench.deployment).materialise(snapshot, whole, Task())
            place = place_on(bench.resources, snapshot, data / "copy", socket="q", log="pieces")
            copy = self.timed(lambda: _copied(whole, place.dbpath))
            begin = self._clock.monotonic()
            server = HeadServer.start(place, self._clock)
            start = self._clock.monotonic() - begin
            database = server.client.bench
            hashed = self.timed(lambda: [database.command(_hash_of(name)) for name in COLLECTIONS])
            validated = self.timed(lambda: [database.command("validate", ns) for ns in COLLECTIONS])
            server.kill()
        return {"copy": copy, "start": start, "dbHash": hashed, "validate": validated}

    def witnessed(self) -> float:
        """Of a head that has just been started: its cache is empty."""
        server = HeadServer.start(place_of(self._bench.resources, self._bench.head), self._clock)
        try:
            reading = WitnessReading(server, self._clock, 3600, lambda: False)
            return self.timed(reading.run)
        finally:
            server.stop()

    def verified(self, subject: str) -> dict[str, Any]:
        pieces = Pieces(self._clock)
        verification = Verification(self._bench.resources, nice=0)
        seconds = self.timed(lambda: verification.run(subject, Task(report=pieces)))
        return {"seconds": seconds, "pieces": pieces.seconds()}


def _copied(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", source, target], check=True, timeout=600)
    subprocess.run(["sync", "-f", target], check=True, timeout=600)


def _hash_of(name: str) -> dict[str, Any]:
    return {"dbHash": 1, "collections": [name]}


def measure(run: Run, bench: Bench, rounds: int) -> dict[str, Any]:
    bench.verify_every()
    run.fill()
    backup = bench.synced()
    bench.wait_applied(bench.newest())
    first = bench.snapshot(backup)
    run.change()
    bench.wait_stored(bench.write())
    second = bench.snapshot(backup)
    backup.stop()
    moment = bench.metadata.witnesses.of_snapshot(second.id)
    assert moment is not None
    turns = [
        {
            "snapshot": (run.restored(first), run.verified(first.id) | {"bare": run.pieces(first)}),
            "moment": (run.restored(first, moment.optime), run.verified(moment.id)),
        }
        for _ in range(rounds)
    ]  # fmt: skip
    return {
        "megabytes": first.bytes / MEGABYTE, "witness": run.witnessed(), **_medians(turns)
    }  # fmt: skip


def _medians(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """The turn in the middle, by the ratio of a verification to its restore."""
    found = {}
    for name in ("snapshot", "moment"):
        by_ratio = sorted(
            (turn[name] for turn in turns), key=lambda one: one[1]["seconds"] / one[0]
        )
        restore, verified = by_ratio[len(by_ratio) // 2]
        found[name] = {"ratio": verified["seconds"] / restore, "restore": restore, **verified}
    return found


def run(megabytes: float, indexes: int, rounds: int, binary: MongodBinary) -> dict[str, Any]:
    with bench_alone(binary) as bench:
        return measure(Run(bench, megabytes, indexes), bench, rounds)


def in_words(figures: dict[str, Any]) -> str:
    lines = [
        f"{figures['megabytes']:.0f} MB of files",
        f"witness    {figures['witness']:6.2f} s",
    ]
    for name in ("snapshot", "moment"):
        found = figures[name]
        pieces = ", ".join(f"{phase} {took:.2f}" for phase, took in found["pieces"].items())
        times = f"{found['ratio']:.2f} x {found['restore']:.2f} s"
        lines.append(f"{name:10} {found['seconds']:6.2f} s = {times}")
        lines.append(f"           ({pieces})")
    bare = figures["snapshot"]["bare"]
    told = ", ".join(f"{piece} {took:.2f}" for piece, took in bare.items())
    ratio = figures["snapshot"]["seconds"] / (bare["copy"] + bare["start"])
    total = figures["snapshot"]["seconds"] / sum(bare.values())
    lines.append(f"pieces     {sum(bare.values()):6.2f} s ({told})")
    lines.append(f"           the snapshot: {total:.2f} of all, {ratio:.2f} of copy and start")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.verification")
    parser.add_argument("--megabytes", type=float, default=370)
    parser.add_argument("--indexes", type=int, choices=range(3), default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    binary = find_binaries([], os.environ)[-1]
    figures = run(chosen.megabytes, chosen.indexes, chosen.rounds, binary)
    print(in_words(figures))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
