"""The stored oplog on top of a materialised snapshot, up to an inclusive point."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from mmsconsole.errors import ObjectMissing, OutsideWindow, StorageError
from mmsconsole.head.applier import NO_SCAN, Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.restore.opening import changing, place_of
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "applying oplog"


def replay(
    resources: Resources, snapshot: Snapshot, restore: Restore, dbpath: Path, task: Task
) -> Optime:
    """Returns the position reached: the last entry at or before the point.

    The files are then those of a mongod that was shut down cleanly, without anything of ours.
    """
    assert restore.point is not None
    place = place_of(resources, snapshot, restore.id, dbpath)
    with changing(resources, place) as server:
        reached, last = replay_onto(resources, server, snapshot, restore.point, task)
    if last is not None:
        _check_still_stored(resources, last)  # that took its time
    return reached


def replay_onto(
    resources: Resources, server: HeadServer, snapshot: Snapshot, point: Optime, task: Task
) -> tuple[Optime, OplogChunk | None]:
    """The position reached, and the last chunk that was applied.

    Raises OutsideWindow where the stored oplog does not reach the point, and what reading and
    applying it raise.
    """
    assert snapshot.optime is not None  # it is complete
    start = snapshot.replay_from or snapshot.optime
    with server.connect() as connection:
        positions = PositionStore(connection)
        positions.write(HeadPosition(snapshot.optime, start))
        spool = FileSpool(server.process.options.dbpath)
        applier = Applier(connection, positions, spool, NO_SCAN, resources.clock)
        done, total = 0, oplog_bytes(resources, snapshot.deployment, start, point)
        task.report(PHASE, 0, total)
        end, last = start, None
        for chunk in _chunks(resources, snapshot.deployment, start, point):
            applier.apply(_read(resources, chunk), point, task)
            _check_still_stored(resources, chunk)
            done, end, last = done + chunk.raw_bytes, chunk.end, chunk
            task.report(PHASE, done, max(done, total))
        if end < point:
            what = f"the stored oplog ends at {end}, before {point}"
            raise OutsideWindow(what, where=snapshot.id)
        return applier.position.applied, last


def _read(resources: Resources, chunk: OplogChunk) -> bytes:
    try:
        return resources.oplog_store.read(chunk)
    except ObjectMissing:
        _check_still_stored(resources, chunk)
        raise


def _check_still_stored(resources: Resources, chunk: OplogChunk) -> None:
    """What was applied must be the source's history still: a rollback cuts it from the store."""
    found = resources.metadata.chunks.find(chunk.id)
    if found is None or found.key != chunk.key:
        raise StorageError(
            f"the stored oplog up to {chunk.end} was cut back while it was replayed: the source "
            "was rolled back",
            where=chunk.key,
            hint="the restore begins again with the history that is left",
        )


def _chunks(
    resources: Resources, deployment: str, start: Optime, point: Optime
) -> Iterator[OplogChunk]:
    """Those with entries after `start`, up to the point; what lies behind it is not looked at."""
    chunks = resources.oplog_store.chunks(deployment, start)
    return takewhile(lambda chunk: chunk.start < point, chunks)


def oplog_bytes(resources: Resources, deployment: str, start: Optime, point: Optime) -> int:
    """Raw, of what a replay from `start` reads, but for the chunk that the point lies in."""
    size = resources.metadata.chunks.size
    return size(deployment, start).raw_bytes - size(deployment, point).raw_bytes
