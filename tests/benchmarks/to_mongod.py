"""How soon a mongod answers on restored data, beside what nobody can do without.

    python -m tests.benchmarks.to_mongod [--megabytes 300] [--entries 100000] [--rounds 5]

copy       `cp -r` of the snapshot's files, and a mongod started on them
bare       ... and the entries up to the moment by applyOps, 1000 in each, put together before
synced     `cp -r` and `sync`, and a mongod started: a restore is durable as well
snapshot   the restore of the snapshot into a folder, as the job does it, and a mongod started
moment     the same of a moment behind it

In turn, round by round, in the same caches. Told are seconds, and the median of the ratios within a
round: of the snapshot to the copy, and of the moment to what it may take: 1.5 of the copy, the
entries at 0.9 of the bare rate, and 2 s.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import entries
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.restore.opening import place_on
from tests.benchmarks import dataset
from tests.benchmarks.alone import bench_alone
from tests.benchmarks.apply_bench import commands_of
from tests.benchmarks.oplog_load import DATABASE, Load, write
from tests.support.backups import Bench

MEGABYTE = 1_000_000
DATASET_MEGABYTES = 1192
"""At scale 1."""
COPIES = 1.5
BARE_SHARE = 0.9
EXTRA_SECONDS = 2.0
COPY_SECONDS_MAX = 600
WAYS = ("copy", "bare", "synced", "snapshot", "moment")


class Run:
    """A snapshot and a moment behind it; nothing runs but the metadata database."""

    def __init__(self, bench: Bench, snapshot: Snapshot, point: Optime) -> None:
        self._bench = bench
        self._taken = snapshot
        self._point = point
        self._files = Path(bench.restore(snapshot).target)
        self._commands = commands_of(array_of(list(self._entries())))
        self._turn = 0
        self.parts: dict[str, list[float]] = {}
        """Seconds within the ways, by name."""
        self.entries = sum(1 for _ in self._entries())
        self.bytes = snapshot.bytes

    def _entries(self) -> Iterator[bytes]:
        """What the replay has to apply, but for what servers write for themselves."""
        store, start = self._bench.resources.oplog_store, self._taken.optime
        assert start is not None
        for chunk in store.chunks(self._bench.deployment.id, start):
            for entry in entries(store.read(chunk)):
                ours = entry.ns.startswith(DATABASE.encode() + b".")
                if ours and start < entry.optime <= self._point:
                    yield entry.raw

    def round(self) -> dict[str, float]:
        """Seconds of each way."""
        found = {}
        self._turn += 1
        # Whoever comes first finds the machine colder.
        for name in WAYS if self._turn % 2 else reversed(WAYS):
            found[name] = self._timed(getattr(self, f"_{name}"))
        return found

    def _timed(self, work: Callable[[], Path]) -> float:
        clock = self._bench.clock
        begin = clock.monotonic()
        target = work()
        seconds = clock.monotonic() - begin
        self._server.kill()
        shutil.rmtree(target)
        return seconds

    # -- the ways: each leaves its mongod in _server

    def _copy(self) -> Path:
        target = self._bench.folder / "copied"
        with self._part("cp"):
            subprocess.run(["cp", "-r", self._files, target], check=True, timeout=COPY_SECONDS_MAX)
        return self._started(target)

    def _synced(self) -> Path:
        target = self._bench.folder / "copied"
        subprocess.run(["cp", "-r", self._files, target], check=True, timeout=COPY_SECONDS_MAX)
        subprocess.run(["sync", "-f", target], check=True, timeout=COPY_SECONDS_MAX)
        return self._started(target)

    def _bare(self) -> Path:
        target = self._copy()
        with self._part("applyOps"), self._server.connect() as connection:
            for command in self._commands:
                connection.call([command])
        return target

    def _snapshot(self) -> Path:
        return self._restored(None)

    def _moment(self) -> Path:
        return self._restored(self._point)

    def _restored(self, point: Optime | None) -> Path:
        return self._started(Path(self._bench.restore(self._taken, point).target))

    def _started(self, folder: Path) -> Path:
        place = place_on(self._bench.resources, self._taken, folder, socket="w", log="way")
        with self._part("start"):
            self._server = HeadServer.start(place, self._bench.clock)
        return folder

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        begin = self._bench.clock.monotonic()
        yield
        self.parts.setdefault(name, []).append(self._bench.clock.monotonic() - begin)


def prepared(bench: Bench, megabytes: float, count: int) -> Run:
    """`megabytes` of documents with indexes, and a collection of which the entries tell."""
    load = Load()
    collection = load.of(bench.client)
    with WireConnection.connect(bench.source.addresses[0], None) as connection:
        dataset.fill(bench.client, connection, megabytes / DATASET_MEGABYTES)
    write(collection, load.inserts(count))
    backup = bench.synced()
    bench.wait_applied(bench.newest())
    snapshot = bench.snapshot(backup)
    write(collection, load.mixed(count))
    point = bench.newest()
    bench.wait_stored(point)
    backup.stop()
    return Run(bench, snapshot, point)


def figures(rounds: list[dict[str, float]], applying: list[float]) -> dict[str, Any]:
    """`applying`: seconds of the bare applyOps, of each round. Pure."""
    snapshot = [one["snapshot"] / one["copy"] for one in rounds]
    synced = [one["snapshot"] / one["synced"] for one in rounds]
    moment = [
        one["moment"] / (COPIES * one["copy"] + bare / BARE_SHARE + EXTRA_SECONDS)
        for one, bare in zip(rounds, applying, strict=True)
    ]
    return {
        "seconds": {name: round(median(one[name] for one in rounds), 2) for name in WAYS},
        "snapshot / copy": _told(snapshot),
        "snapshot / synced": _told(synced),
        "moment / what it may take": _told(moment),
    }


def _told(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def measured(bench: Bench, megabytes: float, count: int, rounds: int) -> dict[str, Any]:
    run = prepared(bench, megabytes, count)
    found = []
    for number in range(rounds):
        found.append(run.round())
        print(f"round {number + 1}: {found[-1]}", file=sys.stderr)
    return {
        "load": round(os.getloadavg()[0], 1),
        "megabytes of files": round(run.bytes / MEGABYTE, 1),
        "entries": run.entries,
        **figures(found, run.parts["applyOps"]),
        "parts": {name: round(median(took), 2) for name, took in run.parts.items()},
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.to_mongod")
    parser.add_argument("--megabytes", type=float, default=300, help="of documents")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    binary = find_binaries([], os.environ)[-1]
    with bench_alone(binary, MMSCONSOLE_BACKUP_CHUNK_SECONDS="1.0") as bench:
        found = measured(bench, chosen.megabytes, chosen.entries, chosen.rounds)
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json:
        chosen.json.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
