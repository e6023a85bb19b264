"""Applying stored oplog, held against bare applyOps of the same bytes.

Two equal heads get the same oplog, chunk by chunk, in turn: one through the applier, which
begins with the bytes of a stored chunk and keeps its position in the head; the other gets the
same entries as applyOps commands that were put together before the clock was started. What the
machine does meanwhile meets both.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.head.applier import NO_SCAN, Applier
from mmsconsole.head.batch import ENTRIES_MAX, Batch
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import entries
from mmsconsole.optime import Optime
from mmsconsole.rawbson import array_of
from mmsconsole.task import Task
from tests.benchmarks.meter import cpu_seconds
from tests.benchmarks.oplog_load import DATABASE, Client, Load, write
from tests.support.oplog_reader import read_arrays

CACHE_GB = 0.5
SETUP = "setup"
KINDS = ("inserts", "updates", "deletes", "mixed")


@dataclass(frozen=True, slots=True)
class Turn:
    """One chunk through one of the two ways."""

    entries: int
    seconds: float
    python_seconds: float
    """CPU time of this process."""
    mongod_seconds: float

    @property
    def rate(self) -> float:
        return self.entries / self.seconds


@dataclass(slots=True)
class Kind:
    """Turns of one kind of writes; the n-th of both have the same bytes."""

    name: str
    applier: list[Turn] = field(default_factory=list)
    bare: list[Turn] = field(default_factory=list)

    @property
    def document(self) -> dict[str, object]:
        both = list(zip(self.applier, self.bare, strict=True))
        python = sum(turn.python_seconds for turn in self.applier)
        mongod = sum(turn.mongod_seconds for turn in self.applier)
        done = sum(turn.entries for turn in self.applier)
        return {
            "name": self.name,
            "entries": done,
            "entries_per_second": round(median(turn.rate for turn in self.applier)),
            "bare_entries_per_second": round(median(turn.rate for turn in self.bare)),
            "ratio": round(median(mine.rate / bare.rate for mine, bare in both), 3),
            "ratio_of_best": round(best(self.applier) / best(self.bare), 3),
            "ratios": [round(mine.rate / bare.rate, 2) for mine, bare in both],
            "best_entries_per_second": round(best(self.applier)),
            "python_us_per_entry": round(python / done * 1e6, 2),
            "mongod_us_per_entry": round(mongod / done * 1e6, 2),
            "python_share_of_cpu": round(python / (python + mongod), 3) if mongod else None,
        }


def best(turns: list[Turn]) -> float:
    """The rate of the fastest: the one that the neighbours have disturbed least."""
    return max(turn.rate for turn in turns)


class ApplyBench:
    """Everything lies below `folder`, whose path is short."""

    def __init__(self, folder: Path, binary: Path, chunk_entries: int, chunks: int) -> None:
        self._folder = folder
        self._binary = binary
        self._chunk_entries = chunk_entries
        self._chunks = chunks
        self._clock = SystemClock()

    def run(self, tell: Callable[[str], None]) -> list[Kind]:
        recorded = self._recorded(tell)
        heads = [self._start_head(name) for name in ("applier", "bare")]
        try:
            with _connected(heads[0]) as ours, _connected(heads[1]) as bare:
                return _in_turn(recorded, _Ours(ours, heads[0]), _Bare(bare, heads[1]), tell)
        finally:
            for head in heads:
                head.kill()

    def _recorded(self, tell: Callable[[str], None]) -> dict[str, list[bytes]]:
        """The oplog of each kind of writes, in chunks, in the order of the kinds."""
        tell("writing on a source")
        with (
            LocalReplicaSet(self._binary, self._folder / "source", self._clock, 1) as source,
            source.client() as client,
            WireConnection.connect(source.addresses[0], None) as connection,
        ):
            client.admin.command({"replSetResizeOplog": 1, "size": 8000.0})
            return self._written(client, connection)

    def _written(self, client: Client, connection: WireConnection) -> dict[str, list[bytes]]:
        load, count = Load(), self._chunk_entries * self._chunks
        client[DATABASE].create_collection(load.collection)
        first = read_arrays(connection)
        recorded, after = {SETUP: [b"".join(first)]}, _last(first)
        # Deletes last would leave nothing to mix, so twice as much is inserted before.
        for name in KINDS:
            times = 2 if name == "inserts" else 1
            write(load.of(client), getattr(load, name)(count * times))
            found = read_arrays(connection, after)
            recorded[name] = list(_chunks(found, self._chunk_entries))
            after = _last(found)
        return recorded

    def _start_head(self, name: str) -> MongodProcess:
        options = MongodOptions(
            binary=self._binary,
            dbpath=self._folder / name,
            listen=Address.unix(self._folder / f"{name}.sock"),
            log=self._folder / f"{name}.log",
            cache_gb=CACHE_GB,
            extra=HEAD_FLAGS,
        )
        return MongodProcess.start(options, self._clock)


class _Way:
    def __init__(self, connection: WireConnection, head: MongodProcess) -> None:
        self.connection = connection
        self._head = head
        positions = PositionStore(connection)
        positions.write(HeadPosition(Optime(1, 0), Optime(1, 0)))
        self.applier = Applier(
            connection, positions, FileSpool(head.options.dbpath), NO_SCAN, SystemClock()
        )

    def timed(self, count: int, work: Callable[[], object]) -> Turn:
        mongod, python = cpu_seconds(self._head.pid) or 0.0, time.process_time()
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        return Turn(
            count, seconds, time.process_time() - python,
            (cpu_seconds(self._head.pid) or 0.0) - mongod,
        )  # fmt: skip


class _Ours(_Way):
    def turn(self, chunk: bytes) -> Turn:
        count = sum(1 for _ in entries(chunk))
        return self.timed(count, lambda: self.applier.apply(chunk, None, Task()))


class _Bare(_Way):
    def turn(self, chunk: bytes) -> Turn:
        commands = commands_of(chunk)
        count = sum(1 for _ in entries(chunk))
        return self.timed(count, lambda: [self.connection.call([one]) for one in commands])


def _in_turn(
    recorded: dict[str, list[bytes]], ours: _Ours, bare: _Bare, tell: Callable[[str], None]
) -> list[Kind]:
    kinds = []
    for way in (ours, bare):
        way.applier.apply(recorded[SETUP][0], None, Task())
    for name in KINDS:
        chunks = recorded[name]
        tell(f"applying {name}")
        kind = Kind(name)
        for number, chunk in enumerate(chunks):
            # Whoever is second finds the machine warmer: the two take turns at that too.
            if number % 2:
                kind.bare.append(bare.turn(chunk))
            kind.applier.append(ours.turn(chunk))
            if not number % 2:
                kind.bare.append(bare.turn(chunk))
        kinds.append(kind)
    return kinds


def commands_of(chunk: bytes) -> list[bytes]:
    """applyOps of its entries, ENTRIES_MAX in each."""
    return [b"".join(batch.command) for batch in _batches(chunk)]


def _batches(chunk: bytes) -> Iterator[Batch]:
    found = entries(chunk)
    while part := list(islice(found, ENTRIES_MAX)):
        yield Batch(part)


def _last(arrays: list[bytes]) -> Optime:
    return list(entries(arrays[-1]))[-1].optime


def _chunks(arrays: list[bytes], size: int) -> Iterator[bytes]:
    """Of the load's own entries: what a server writes for itself is not for bare applyOps."""
    ours = DATABASE.encode() + b"."
    found = (e.raw for array in arrays for e in entries(array) if e.ns.startswith(ours))
    while part := list(islice(found, size)):
        yield array_of(part)


def _connected(head: MongodProcess) -> WireConnection:
    return WireConnection.connect(head.options.listen, None, timeout_seconds=300)
