"""What it costs to list, expire, groom and check, against the length of the history.

    python -m tests.benchmarks.history [BLOCKS ...]          default: 100000 1000000

A snapshot every six hours, each with 1 % of its blocks changed: half of these in whole packs, as
where a collection was written anew, half of them anywhere. The metadata database is a real one;
the store is simulated: packs are sizes alone, and of manifests there is the end. Measured with 10,
30 and 100 snapshots:

    list        `snapshot list`, with what keeps each snapshot and until when
    expire      a tick of the retention that deletes the oldest one
    mark        which blocks are needed: by an engine that has just started, and by one that has
                read all manifests but the newest
    groom       the next groom, which gives back the packs that are dead now
    check       every object is there with its size; the first one reads all manifests, the next one
                those that are new
"""

import os
import random
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmsconsole.clock import SystemClock
from mmsconsole.daemon.retention import Retention
from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.in_use import mark_for_deletion
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.mongod.binaries import find_binaries
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.optime import Optime
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Buffer, StoredObject
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.manifest import PackUse, manifest_key
from mmsconsole.stores.check.checking import Checking, Part
from mmsconsole.stores.groom.grooming import Grooming
from mmsconsole.stores.groom.grooming_plan import Limits
from mmsconsole.stores.groom.uses import KnownUses
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.benchmarks.mark_curve import PACK_BLOCKS, Ends, entry, name
from tests.support import oplog_entries
from tests.support.clock import ManualClock
from tests.support.metadata import empty, private_metadata, settings_of
from tests.support.snapshots import deployment_record

POINTS = (10, 30, 100)
CHANGED_PERCENT = 1
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
INTERVAL = timedelta(hours=6)
EVERYTHING_IS_KEPT = {"base_days": 10_000, "daily": 0, "weekly": 0, "monthly": 0}
DEPLOYMENT = "d1"
BLOCK_STORED_BYTES = 100_000
FULL = (1 << PACK_BLOCKS) - 1
NOTHING_REWRITTEN = Limits(living_percent=0, dead_bytes=0)


class Simulated(Ends):
    """A storage in memory; of packs it has the sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.packs: dict[str, int] = {}

    def put(self, key: str, parts: Iterable[Buffer]) -> int:
        self.objects[key] = b"".join(bytes(part) for part in parts)
        return len(self.objects[key])

    def get(self, key: str) -> bytes:
        return self.objects[key]

    def size(self, key: str) -> int:
        if key not in self.objects and key not in self.packs:
            raise ObjectMissing("is not in the storage", where=key)
        return self.packs.get(key) or len(self.objects[key])

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        if key not in self.objects:
            raise ObjectMissing("is not in the storage", where=key)
        return super().get_range(key, offset, length)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        keys = sorted({*self.objects, *self.packs})
        for key in keys[bisect_left(keys, max(prefix, after)) :]:
            if not key.startswith(prefix):
                return
            if key != after:
                yield StoredObject(key, self.size(key))

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)
        self.packs.pop(key, None)

    def free_bytes(self) -> int | None:
        return None

    def sweep(self) -> int:
        return 0


class Growing:
    """A deployment whose history grows by one snapshot after another."""

    def __init__(self, metadata: Metadata, settings: Settings, blocks: int) -> None:
        self.storage = Simulated()
        self.metadata = empty(metadata)
        self.clock = ManualClock(BEGIN)
        self.resources = Resources(settings, metadata, Storages.one(self.storage), self.clock, [])
        metadata.deployments.add(deployment_record(DEPLOYMENT))
        metadata.policies.change(DEPLOYMENT, EVERYTHING_IS_KEPT, BEGIN, "a benchmark")
        self.pool = metadata.pools.ensure("default", "default")
        self._chance = random.Random(1)
        self._living: dict[str, int] = {}
        self._names = iter(range(sys.maxsize))
        self._stored_until = Optime(int(BEGIN.timestamp()) - 1, 1, 1)
        self._changed_packs = max(1, blocks // PACK_BLOCKS * CHANGED_PERCENT // 200)
        self._add_packs(blocks // PACK_BLOCKS)

    def take(self) -> None:
        """Of the blocks as they are now, changed a little."""
        self._change()
        self.clock.advance(INTERVAL.total_seconds())
        at = Optime(int(self.clock.now().timestamp()), 1, 1)
        id_ = f"s{at.t}"
        key = manifest_key(DEPLOYMENT, id_, "a1")
        uses = [PackUse(entry(pack), bits) for pack, bits in self._living.items()]
        whole = self.storage.add(key, uses)
        self.metadata.snapshots.add(
            Snapshot(
                id_, DEPLOYMENT, "h1", self.clock.now(), SnapshotState.COMPLETE, optime=at,
                replay_from=at, manifest_key=key, manifest_sha256=sha256_hex([whole]),
                manifest_bytes=len(whole), finished_at=self.clock.now(),
            )
        )  # fmt: skip
        arrays = [oplog_entries.array(oplog_entries.noop(at.t))]
        self.resources.oplog_store.put(
            DEPLOYMENT, ChunkBody(self._stored_until, at, 1, arrays, self.clock.now())
        )
        self._stored_until = at

    def _change(self) -> None:
        """So many packs whole, and as many blocks anywhere; new packs hold what came."""
        packs = sorted(self._living)
        for pack in self._chance.sample(packs, self._changed_packs):
            del self._living[pack]
        left = sorted(self._living)
        for _ in range(self._changed_packs * PACK_BLOCKS):
            pack = self._chance.choice(left)
            self._living[pack] &= ~(1 << self._chance.randrange(PACK_BLOCKS))
        self._add_packs(2 * self._changed_packs)
        self._living = {pack: bits for pack, bits in self._living.items() if bits}

    def _add_packs(self, count: int) -> None:
        for _ in range(count):
            pack = entry(name(next(self._names)))
            stored = PACK_BLOCKS * BLOCK_STORED_BYTES
            sizes = BLOCK_STORED_BYTES.to_bytes(4, "little") * PACK_BLOCKS
            self.storage.packs[pack.key] = stored
            self.metadata.packs.add(
                Pack(pack.id, self.pool.id, pack.key, pack.sha256, PACK_BLOCKS, stored, sizes=sizes)
            )
            self._living[pack.id] = FULL


@dataclass(frozen=True, slots=True)
class Point:
    snapshots: int
    packs: int
    listed: float
    expired: float
    marked_first: float
    marked: float
    groomed: float
    dropped: int
    """Packs, by that groom."""
    checked: float
    """By the first check of a store."""
    checked_again: float
    """By the next one, which has one new manifest to read. All in seconds."""


class Measuring:
    def __init__(self, growing: Growing, settings: Settings) -> None:
        self._growing = growing
        self._metadata = growing.metadata
        self._operations = Operations(
            growing.metadata, settings, growing.clock, Actor("a benchmark")
        )
        self._known = KnownUses()

    def point(self) -> Point:
        """One snapshot more is taken after all manifests were read, and the oldest one goes."""
        growing, task = self._growing, Task()
        marked_first = seconds(lambda: self._grooming(KnownUses()).look(NOTHING_REWRITTEN, task))
        self._grooming(self._known).look(NOTHING_REWRITTEN, task)
        growing.take()
        views = self._operations.snapshots(deployment_record(DEPLOYMENT).name)
        listed = seconds(lambda: self._operations.snapshots(deployment_record(DEPLOYMENT).name))
        marked = seconds(lambda: self._grooming(self._known).look(NOTHING_REWRITTEN, task))
        mark_for_deletion(self._metadata, views[0].id, "a benchmark")
        expired = seconds(Retention(growing.resources).tick)
        before = len(growing.storage.packs)
        groomed = seconds(lambda: self._grooming(self._known).run(NOTHING_REWRITTEN, task))
        checked = seconds(lambda: self._check(None))
        checked_again = seconds(lambda: self._check(growing.clock.now()))
        left = len(growing.storage.packs)
        return Point(
            len(views) - 1, left, listed, expired, marked_first, marked, groomed, before - left,
            checked, checked_again,
        )  # fmt: skip

    def _check(self, since: datetime | None) -> None:
        storage, nothing = self._growing.storage, Part(0.0, 0.0)
        checking = Checking(storage, self._metadata, "default", nothing, since)
        _none(checking.run(Task()))

    def _grooming(self, known: KnownUses) -> Grooming:
        pool = self._metadata.pools.get(self._growing.pool.id)
        return Grooming(self._growing.storage, self._metadata, pool, known)


def _none(found: Iterable[object]) -> None:
    assert not (wrong := list(found)), wrong


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def curve(
    metadata: Metadata, settings: Settings, blocks: int, points: Sequence[int] = POINTS
) -> Iterator[Point]:
    growing = Growing(metadata, settings, blocks)
    measuring = Measuring(growing, settings)
    taken = 0
    for wanted in points:
        while taken < wanted:
            growing.take()
            taken += 1
        yield measuring.point()  # takes one, and lets one go


def main() -> None:
    sizes = [int(given) for given in sys.argv[1:]] or [100_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="mms-", dir="/tmp") as folder:
        settings = settings_of(Path(folder) / "home")
        with private_metadata(
            settings, find_binaries([], os.environ)[-1], SystemClock()
        ) as metadata:
            for blocks in sizes:
                print(f"\n{blocks:,} blocks, {CHANGED_PERCENT} % changed by each; seconds")
                print(
                    "snapshots   packs    list  expire  mark, new  mark   groom (packs)  "
                    "check, first  next"
                )
                for one in curve(metadata, settings, blocks):
                    print(
                        f"{one.snapshots:9} {one.packs:7,}  {one.listed:6.3f}  {one.expired:6.3f}  "
                        f"{one.marked_first:9.3f}  {one.marked:5.3f}  {one.groomed:5.3f} "
                        f"({one.dropped:3})  {one.checked:12.3f}  {one.checked_again:5.3f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
