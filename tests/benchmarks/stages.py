"""The stages of the product, each measured, and the ceilings measured beside them.

Order matters: a snapshot needs the sync, a restore needs the snapshot, and the ceilings of
snapshots and restores work on the restored files, which are the snapshot's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mmsconsole.metadata.connect import connect
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import JobView
from mmsconsole.secret import Secret
from mmsconsole.settings import load_settings
from tests.benchmarks import ceilings, dataset
from tests.benchmarks.meter import MEGABYTE, Measured, Meter
from tests.support.processes import mongods_below
from tests.support.stage import NAME, Stage

SYNC, SNAPSHOT, UNCHANGED, RESTORE = "sync", "snapshot", "unchanged", "restore"
STAGES = (SYNC, SNAPSHOT, UNCHANGED, RESTORE)
BUILDING = ("building", "creating indexes")
"""Phases of a sync that the ceiling "build alone" has both of."""
ROUNDS = 3
"""Of restores and copies; the median counts."""
TREE = "  CPU s of all processes"
CACHE_GB = 0.5
"""Of the ceiling's standalone: what heads.cache_gb is by default."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Ceilings have no ratio and no engine."""

    name: str
    megabytes: float
    seconds: float
    cpu_seconds: Mapping[str, float]
    peak_mb: float = 0.0
    ceiling: str = ""
    """Name of the row that it is held against."""
    stored_mb: float | None = None


class Bench:
    """Runs stages on a stage; `rows` is what came of them."""

    def __init__(self, stage: Stage, scale: float, tell: Callable[[str], None]) -> None:
        self.stage = stage
        self.scale = scale
        self.tell = tell
        self.rows: list[Row] = []
        self.data_bytes = 0
        self._packing = 0.0
        """CPU seconds of hashing and compressing all slices, and back."""

    def fill(self) -> None:
        self.tell("writing the data set")
        self.stage.client.admin.command({"replSetResizeOplog": 1, "size": 8000.0})
        with self._source() as connection:
            self.data_bytes = dataset.fill(self.stage.client, connection, self.scale)

    def run(self, wanted: tuple[str, ...]) -> None:
        """Stages in order; what a wanted one needs is run too."""
        last = max(STAGES.index(name) for name in wanted)
        self._sync_ceilings()
        self.stage.start_engine()
        self.operations = self._operations()
        for name in STAGES[: last + 1]:
            getattr(self, f"_{name}")()
        self._file_ceilings()

    # -- stages

    def _sync(self) -> None:
        uri = Secret(self.stage.source.uri)
        self.operations.add_deployment(NAME, uri, snapshot_interval_minutes=0)

        def start() -> str:
            self.operations.start_backup(NAME)
            return next(job.id for job in self.operations.jobs(NAME) if job.kind == "initial sync")

        job = self._stage("initial sync", start, self.data_bytes, "read and build")
        phases = {
            phase.phase: (phase.updated_at - phase.started_at).total_seconds()
            for phase in job.progress
        }
        size = self.data_bytes / MEGABYTE
        for name, seconds in phases.items():
            read = name == "transferring"
            self.rows.append(Row(f"  {name}", size * read, seconds, {}, ceiling="read" * read))
        both = sum(phases.get(name, 0.0) for name in BUILDING)
        self.rows.append(Row("  " + " and ".join(BUILDING), size, both, {}, ceiling="build alone"))
        self._share_of_engine()

    def _share_of_engine(self) -> None:
        """CPU seconds of the sync: of the whole process tree, and of the engine beside hashing
        and compression.
        """
        cpu = next(row for row in self.rows if row.name == "initial sync").cpu_seconds
        beside = max(cpu["engine"] - self._packing, 0.0)
        self.rows.append(Row(TREE, 0, sum(cpu.values()), {}))
        self.rows.append(
            Row("  CPU s of the engine but for hashing and zstd", 0, beside, {}, ceiling=TREE)
        )

    def _snapshot(self) -> None:
        self._take_snapshot("first snapshot", "sha256 and zstd 1 on one core")

    def _unchanged(self) -> None:
        self._take_snapshot("unchanged snapshot", "sha256 on one core")

    def _take_snapshot(self, name: str, ceiling: str) -> None:
        taken: list[str] = []

        def start() -> str:
            taken.append(self.operations.take_snapshot(NAME).id)
            return self._job_of(taken[0])

        self._stage(name, start, None, ceiling)
        snapshot = self.operations.snapshot(taken[0])
        self._mend_last(megabytes=snapshot.bytes / MEGABYTE, stored=snapshot.new_bytes / MEGABYTE)

    def _restore(self) -> None:
        """Restores and copies in turn, because the disk is not the same from minute to minute."""
        newest = [one for one in self.operations.snapshots(NAME) if one.state == "complete"][-1]
        restored, copied = self.stage.folder / "restored", self.stage.folder / "copied"
        rounds: list[list[Row]] = []
        for _ in range(ROUNDS):
            if restored.exists():
                ceilings.remove(restored)
            before = len(self.rows)
            self._stage(
                "restore of a snapshot", lambda: self._restore_to(restored, newest.id),
                newest.bytes, "cp and sync of the files",
            )  # fmt: skip
            for name, copy in (("cp", ceilings.copy), ("cp and sync", ceilings.copy_and_sync)):
                self._ceiling(f"{name} of the files", partial(copy, restored, copied))
                ceilings.remove(copied)
            rounds.append(self.rows[before:])
            del self.rows[before:]
        self.rows += [
            sorted(rows, key=lambda row: row.seconds)[ROUNDS // 2]
            for rows in zip(*rounds, strict=True)
        ]

    def _restore_to(self, target: Path, snapshot: str) -> str:
        asked = self.operations.start_restore(NAME, snapshot=snapshot, target=target)
        return self._job_of(asked.id)

    def _stage(
        self, name: str, start: Callable[[], str], size: int | None, ceiling: str
    ) -> JobView:
        """Measured from the request to the end of its job, as the job's record tells."""
        self.tell(name)
        assert self.stage.engine is not None
        with Meter(self._groups, self.stage.engine.pid).measure() as measured:
            job = self._ended(start())
        assert job.finished_at is not None
        self.rows.append(
            Row(
                name,
                (size or 0) / MEGABYTE,
                (job.finished_at - job.created_at).total_seconds(),
                measured.cpu_seconds,
                measured.peak_mb,
                ceiling,
            )
        )
        return job

    def _ended(self, job_id: str) -> JobView:
        def look() -> JobView | None:
            job = self.operations.job(job_id)
            assert job.state not in ("failed", "cancelled"), job.error
            return job if job.state == "done" else None

        return self.stage.wait("the job did not end", look, seconds=1800)

    def _job_of(self, subject: str) -> str:
        return next(job.id for job in self.operations.jobs(NAME) if job.subject == subject)

    def _mend_last(self, *, megabytes: float, stored: float) -> None:
        last = self.rows.pop()
        self.rows.append(
            Row(
                last.name, megabytes, last.seconds, last.cpu_seconds, last.peak_mb,
                last.ceiling, stored,
            )
        )  # fmt: skip

    # -- ceilings

    def _sync_ceilings(self) -> None:
        with self._source() as connection:
            read = self._ceiling("read", lambda: ceilings.read(connection))
            packed = self._ceiling(
                "read, hash and compress", lambda: ceilings.read_and_pack(connection)
            )
            self._packing = packed.cpu_seconds["ceiling"] - read.cpu_seconds["ceiling"]
            both = self._ceiling("read and build", lambda: self._build(connection))
        cpu = {name: both.cpu_seconds[name] for name in ("ceiling", "heads")}
        alone = max(both.seconds - read.seconds, 0.0)
        self.rows.append(Row("build alone", self.data_bytes / MEGABYTE, alone, cpu))

    def _build(self, source: WireConnection) -> int:
        folder = self.stage.folder / "home" / "ceiling"
        options = MongodOptions(
            binary=self.stage.binary.path,
            dbpath=folder / "head",
            listen=Address.unix(folder / "head.sock"),
            log=folder / "head.log",
            cache_gb=CACHE_GB,
            extra=HEAD_FLAGS,
        )
        folder.mkdir(parents=True)
        head = MongodProcess.start(options, self.stage.clock)
        try:
            return ceilings.build(source, head)
        finally:
            head.kill()
            ceilings.remove(folder)

    def _file_ceilings(self) -> None:
        restored = self.stage.folder / "restored"
        if restored.exists():
            for cores in (1, ceilings.CPUS):
                on = "one core" if cores == 1 else "every core"
                self._ceiling(f"sha256 on {on}", partial(ceilings.hash_files, restored, cores))
                self._ceiling(
                    f"sha256 and zstd 1 on {on}", partial(ceilings.hash_and_pack, restored, cores)
                )

    def _ceiling(self, name: str, work: Callable[[], int]) -> Measured:
        self.tell(f"ceiling: {name}")
        with Meter(self._groups).measure() as measured:
            size = work()
        measured.cpu_seconds.pop("engine")  # idle just now, and no part of this
        self.rows.append(Row(name, size / MEGABYTE, measured.seconds, measured.cpu_seconds))
        return measured

    # -- where things are

    def _groups(self) -> dict[str, list[int]]:
        """`heads` are all mongods of the engine, its metadata database among them."""
        engine = self.stage.engine
        return {
            "engine": [] if engine is None else [engine.pid],
            "ceiling": [_own_pid()],
            "source": mongods_below(self.stage.folder / "source"),
            "heads": mongods_below(self.stage.folder / "home"),
        }

    def _source(self) -> WireConnection:
        return WireConnection.connect(self.stage.source.addresses[0], None, timeout_seconds=300)

    def _operations(self) -> Operations:
        settings = load_settings(self.stage.environ)
        return Operations(connect(settings), settings, self.stage.clock, Actor("benchmark"))


def _own_pid() -> int:
    return int(Path("/proc/self").resolve().name)


def as_document(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}
