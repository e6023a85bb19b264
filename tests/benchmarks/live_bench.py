"""A backup that follows a source under load: how late it is, and what that costs.

live   a writer at a steady rate beside the engine: from each acknowledged write (w: majority) to
       its durable oplog chunk, and to the head; CPU and memory meanwhile
away   the engine is stopped, the source is written to, the engine is started again: how fast it
       has caught up, reading from the source and storing chunks included
"""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmsconsole.errors import MmsError
from mmsconsole.metadata.connect import connect
from mmsconsole.metadata.database import Metadata
from mmsconsole.settings import Settings, load_settings
from tests.benchmarks.meter import Meter
from tests.benchmarks.watching import (
    Chunks,
    HeadPositions,
    Memory,
    Reached,
    Time,
    Watch,
    delays,
    quantiles,
)
from tests.benchmarks.writing import Acknowledged, read_acknowledged
from tests.support.processes import mongods_below
from tests.support.stage import Stage

SETTLE_SECONDS = 120.0
"""After the last write, for the last chunk and the head."""
CATCH_UP_SECONDS = 3600.0
WRITING_SECONDS = 24 * 3600.0
OPLOG_MB = 8000.0

Document = dict[str, Any]


class LiveBench:
    """On a stage whose source runs. The engine is started, and a backup brought in sync."""

    def __init__(self, stage: Stage, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._tell = tell
        self._settings: Settings = load_settings(stage.environ)

    def begin(self) -> None:
        self._tell("the first sync")
        self._stage.client.admin.command({"replSetResizeOplog": 1, "size": OPLOG_MB})
        self._stage.client.bench.first.insert_one({"_id": 1})
        self._stage.start_engine()
        self._stage.add_deployment()
        self._stage.start_backup()
        self._stage.wait_in_sync()

    # -- live

    def live(self, rate: int, seconds: int) -> Document:
        self._tell(f"{rate} writes/s for {seconds} s")
        with ExitStack() as stack:
            metadata = self._metadata(stack)
            chunks, head = Chunks(metadata), HeadPositions(self._head_socket(metadata))
            memory = Memory(self._engine_pid)
            for watching in (chunks.watch, head.watch, memory.watch):
                stack.enter_context(Watch(watching))
            with Meter(self._groups, self._engine_pid).measure() as measured:
                written = self._written(rate, seconds)
            self._wait_for(written[-1].time, head, chunks)
        writes, took = sum(one.writes for one in written), written[-1].at - written[0].at
        bulks = sorted((Reached(one.at, one.time) for one in written), key=lambda one: one.time)
        return {
            "members": len(self._stage.source.addresses),
            "asked_writes_per_second": rate,
            "writes": writes,
            "writes_per_second": round(writes / took),
            "durable_after_seconds": quantiles(delays(bulks, chunks.reached)),
            "applied_after_seconds": quantiles(delays(bulks, head.reached)),
            "chunks": len(chunks.reached),
            "cpu_seconds": {name: round(used, 1) for name, used in measured.cpu_seconds.items()},
            "engine_memory": memory.document,
        }

    def _wait_for(self, last: Time, head: HeadPositions, chunks: Chunks) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            both = (head.reached, chunks.reached)
            if all(reached and reached[-1].time >= last for reached in both):
                return
            time.sleep(0.1)

    # -- away

    def away(self, entries: int) -> Document:
        self._tell(f"{entries} writes while the engine is away")
        assert self._stage.engine is not None
        self._stage.engine.stop()
        written = self._written(0, entries)
        last, writes = written[-1].time, sum(one.writes for one in written)
        self._tell("catching up")
        began = time.monotonic()
        self._stage.start_engine()
        with Meter(self._groups, self._engine_pid).measure() as measured, ExitStack() as stack:
            metadata = self._metadata(stack)
            first = self._wait(lambda: self._stored(metadata))
            begun = time.monotonic()
            self._wait(lambda: _at(self._stored(metadata), last))
            stored = time.monotonic()
            self._wait(lambda: _at(self._applied(metadata), last))
            done = time.monotonic()
        assert first is not None
        return {
            "entries": writes,
            "hour_at_writes_per_second": round(writes / 3600),
            "seconds_from_start_of_engine": round(done - began, 1),
            "seconds_until_stored": round(stored - begun, 1),
            "entries_per_second": round(writes / (done - begun)),
            "stored_entries_per_second": round(writes / (stored - begun)),
            "cpu_seconds": {name: round(used, 1) for name, used in measured.cpu_seconds.items()},
            "engine_peak_mb": round(measured.peak_mb),
        }

    def _stored(self, metadata: Metadata) -> Time | None:
        last = metadata.chunks.last(self._deployment(metadata))
        return None if last is None else (last.end.t, last.end.i)

    def _applied(self, metadata: Metadata) -> Time | None:
        head = metadata.heads.one({"deployment": self._deployment(metadata), "active": True})
        return None if head is None or head.optime is None else (head.optime.t, head.optime.i)

    def _wait(self, look: Callable[[], Any]) -> Any:
        return self._stage.wait("it did not catch up", look, seconds=CATCH_UP_SECONDS)

    # -- where things are

    def _written(self, rate: int, amount: int) -> list[Acknowledged]:
        path = self._stage.folder / "acknowledged"
        command = [sys.executable, "-m", "tests.benchmarks.writing", self._stage.source.uri]
        arguments = [str(rate), str(amount), str(path)]
        subprocess.run([*command, *arguments], check=True, timeout=WRITING_SECONDS)
        return read_acknowledged(path)

    def _metadata(self, stack: ExitStack) -> Metadata:
        def look() -> Metadata | None:
            try:
                return connect(self._settings)
            except MmsError:
                return None

        metadata = self._stage.wait("the metadata database did not answer", look)
        stack.callback(metadata.close)
        return metadata

    def _deployment(self, metadata: Metadata) -> str:
        return next(iter(metadata.deployments.all())).id

    def _head_socket(self, metadata: Metadata) -> Path:
        head = metadata.heads.one({"deployment": self._deployment(metadata), "active": True})
        assert head is not None
        return self._settings.home.run / f"h-{head.id}.sock"

    @property
    def _engine_pid(self) -> int:
        assert self._stage.engine is not None
        return self._stage.engine.pid

    def _groups(self) -> dict[str, list[int]]:
        """`heads` are all mongods of the engine, its metadata database among them."""
        return {
            "engine": [self._engine_pid],
            "source": mongods_below(self._stage.folder / "source"),
            "heads": mongods_below(self._stage.folder / "home"),
        }


def _at(reached: Time | None, last: Time) -> bool | None:
    return True if reached is not None and reached >= last else None
