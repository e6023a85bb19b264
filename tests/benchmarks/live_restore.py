"""A live restore beside a bare insert of the same data over the raw wire, in the same run.

python -m tests.benchmarks.live_restore [--megabytes 120] [--rounds 3] [--json FILE]

bare    the batch arrays, all in memory before, as insert commands on two connections, durable with
        a majority: what the target can take
live    the documents of a mongod, read and inserted by LiveWriter, to the last answer
dump    the same out of a plain mongodump archive of it

Rates are bytes of documents a second; indexes and the comparison are not in them.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from threading import Thread
from time import process_time
from typing import Any

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.contents import Batch, Content
from mmsconsole.dump.crc64 import crc64
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.targets import Selection
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.restore.choosing import choose
from mmsconsole.restore.dumping import write_archive
from mmsconsole.restore.live.connecting import connect
from mmsconsole.restore.live.inserting import LANES, insert_parts
from mmsconsole.restore.live.notes import MemoryNotes
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.restore.server_content import ServerContent
from mmsconsole.secret import Secret
from mmsconsole.task import Task

COLLECTIONS = ("small", "large")
DOCUMENT_BYTES = {"small": 140, "large": 1000}
BATCH = 5000
MEGABYTE = 1_000_000
WHAT = Selection(namespaces=("bench",), users=False)


class Run:
    def __init__(self, folder: Path, megabytes: float) -> None:
        self._clock = SystemClock()
        self.cpu_seconds: list[float] = []
        """Of this process, for each way of each round."""
        binary = find_binaries([], os.environ)[-1]
        options = MongodOptions(
            binary.path, folder / "data", Address.unix(folder / "s.sock"), folder / "log",
            extra=HEAD_FLAGS,
        )  # fmt: skip
        self._process = MongodProcess.start(options, self._clock)
        self._server = HeadServer(self._process, self._process.client(), binary.version)
        self._target = LocalReplicaSet(binary.path, folder / "target", self._clock, 1).start()
        self._uri = parse_uri(Secret(self._target.uri))
        self._fill(megabytes)
        self._content = ServerContent(self._server, {}, Task())
        self._choice = choose(self._content.collections, WHAT)
        self._batches = list(self._content.batches(self._choice.wanted, Task()))
        self.bytes = sum(len(batch.data) for batch in self._batches)
        self._archive = folder / "all.archive"
        with self._archive.open("wb") as file:
            write_archive(self._content, self._choice, file.write, Task())

    def _fill(self, megabytes: float) -> None:
        chance = Random(1)
        for name in COLLECTIONS:
            size = DOCUMENT_BYTES[name]
            count = int(megabytes * MEGABYTE / len(COLLECTIONS) / size)
            for start in range(0, count, BATCH):
                self._server.client.bench[name].insert_many(
                    {"_id": n, "a": chance.random(), "r": chance.randbytes(size // 4).hex(),
                     "p": "x" * (size // 3)}
                    for n in range(start, min(start + BATCH, count))
                )  # fmt: skip

    def _empty(self) -> None:
        with self._target.client() as client:
            client.drop_database("bench")
            client.admin.command("fsync", 1)

    def _rate(self, work: Callable[[], None]) -> float:
        self._empty()
        started, before = self._clock.monotonic(), process_time()
        work()
        self.cpu_seconds.append(round(process_time() - before, 2))
        return self.bytes / MEGABYTE / (self._clock.monotonic() - started)

    def bare(self) -> float:
        waiting = [batch for batch in self._batches if batch.data]
        lanes = [Thread(target=self._insert, args=(waiting[n::LANES],)) for n in range(LANES)]

        def work() -> None:
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()

        return self._rate(work)

    def _insert(self, batches: list[Batch]) -> None:
        with closing(connect(self._uri)) as connection:
            for batch in batches:
                connection.call(insert_parts("bench", batch.collection.name, batch))

    def live(self) -> float:
        return self._rate(lambda: self._write(ServerContent(self._server, {}, Task())))

    def dump(self) -> float:
        return self._rate(lambda: self._write(ArchiveContent(self._archive)))

    def _write(self, content: Content) -> None:
        primary = Primary(self._uri, self._clock, Task())
        writer = LiveWriter(primary, MemoryNotes(), "bench", overwrite=False)
        with closing(primary):
            writer.documents(content, choose(content.collections, WHAT), Task())

    def close(self) -> None:
        self._target.kill()
        self._server.kill()


def figures(megabytes: float, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mms-", dir="/tmp") as folder:
        run = Run(Path(folder), megabytes)
        try:
            ways = {"bare": run.bare, "live": run.live, "dump": run.dump}
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, way in ways.items():
                    rates[name].append(round(way(), 1))
        finally:
            run.close()
        medians = {name: median(found) for name, found in rates.items()}
        return {
            "megabytes": round(run.bytes / MEGABYTE, 1),
            "rates": rates,
            "cpu seconds of each": run.cpu_seconds,
            "live / bare": round(medians["live"] / medians["bare"], 3),
            "dump / bare": round(medians["dump"] / medians["bare"], 3),
            "crc64 MB/s": crc_rate(),
        }


def crc_rate() -> int:
    clock, data = SystemClock(), os.urandom(64 << 20)
    started = clock.monotonic()
    crc64(data)
    return int(len(data) / MEGABYTE / (clock.monotonic() - started))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.live_restore")
    parser.add_argument("--megabytes", type=float, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = figures(arguments.megabytes, arguments.rounds)
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
