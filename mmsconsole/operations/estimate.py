"""Whether what is about to be stored fits the disks. Pure.

The factors are measured (433 MB and 1193 MB of BSON, snappy heads, zstd level 1): slices take
0.42 of the source's data, the blocks of a first snapshot 0.71 of it; a head is about as large
on disk as the source's files, with some slack of a fresh build.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.metadata.jobs import PhaseProgress
from mmsconsole.rate import MEGABYTE
from mmsconsole.restore.room import MB as MB
from mmsconsole.restore.room import SPARE_BYTES as SPARE_BYTES
from mmsconsole.restore.room import Disk as Disk
from mmsconsole.restore.room import Need as Need
from mmsconsole.restore.room import check_room as check_room
from mmsconsole.restore.room import megabytes as megabytes

HEAD_FACTOR = 1.2
SLICES_FACTOR = 0.45
BLOCKS_FACTOR = 0.75


def backup_needs(files_bytes: int, data_bytes: int, head: Path, storage: Path | None) -> list[Need]:
    """Of an initial sync and its first snapshot. Slices go when the head is built, so the
    storage holds the larger of slices and blocks, not both. None: it is no folder."""
    blocks = int(max(SLICES_FACTOR, BLOCKS_FACTOR) * data_bytes)
    needs = [Need("the head", head, int(HEAD_FACTOR * files_bytes))]
    return [*needs, Need("the storage", storage, blocks)] if storage else needs


MATERIALISING, REPLAYING, DELIVERING = "materialising", "applying oplog", "delivering"
CONSERVATIVE = {MATERIALISING: 60e6, REPLAYING: 4e6, DELIVERING: 30e6}
"""Bytes per second of each phase, of a home that has not restored yet: a slow machine's."""
TELLING_BYTES = 4 * MB
"""A phase with less tells nothing of a rate."""
MONGOD_SECONDS = 2.0
"""A start and a clean end of one."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a restore does, in bytes."""

    files: int
    oplog: int
    delivered: int
    """0: the files are in their place at once."""
    mongods: int = 0
    """Starts of one."""


def rates_of(restores: Iterable[Iterable[PhaseProgress]]) -> dict[str, float]:
    """Bytes per second, of each phase that earlier restores tell of. Pure."""
    done: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for phases in restores:
        for phase in phases:
            took = (phase.updated_at - phase.started_at).total_seconds()
            if phase.finished and phase.done >= TELLING_BYTES and took > 0:
                done[phase.phase] += phase.done
                seconds[phase.phase] += took
    return {phase: done[phase] / seconds[phase] for phase in done}


def seconds_of(
    work: Work, measured: dict[str, float], mb_per_second: float = 0, delivering: float = 0
) -> float:
    """`mb_per_second`: what all of it is limited to, `delivering`: that phase alone; 0: nothing.
    Pure.
    """
    rates = CONSERVATIVE | measured
    limit = mb_per_second * MEGABYTE or float("inf")
    limits = dict.fromkeys(rates, limit)
    limits[DELIVERING] = min(limit, delivering * MEGABYTE or float("inf"))
    parts = {MATERIALISING: work.files, REPLAYING: work.oplog, DELIVERING: work.delivered}
    busy = sum(size / min(rates[phase], limits[phase]) for phase, size in parts.items())
    return busy + work.mongods * MONGOD_SECONDS
