"""The stored oplog on top of a materialised snapshot, up to an inclusive point."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from mmsconsole.errors import MongodFailed, ObjectMissing, OutsideWindow, StorageError
from mmsconsole.head.applier import NO_SCAN, Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "applying oplog"
STOP_SECONDS = 600
"""A shutdown writes down all that was replayed; nobody waits for the files meanwhile."""


def replay(
    resources: Resources, snapshot: Snapshot, restore: Restore, dbpath: Path, task: Task
) -> Optime:
    """Returns the position reached: the last entry at or before the point.

    The files are then those of a mongod that was shut down cleanly, without anything of ours.
    """
    place = _place(resources, snapshot, restore, dbpath)
    server = HeadServer.start(place, resources.clock)
    try:
        with server.errors():
            reached, last = _apply(resources, server, snapshot, restore, task)
            # The position, and what mongod noted of this start.
            server.client.drop_database("local")
    except BaseException:
        server.kill()
        raise
    _shut_down(server)
    if last is not None:
        _check_still_stored(resources, last)  # that took its time
    place.log.unlink(missing_ok=True)
    return reached


def _shut_down(server: HeadServer) -> None:
    server.stop(STOP_SECONDS)
    log = server.process.options.log
    if server.process.exit_code != 0:
        what = f"did not shut down cleanly (status {server.process.exit_code})"
        raise MongodFailed(what, where=str(server.process.options.dbpath), hint=f"see {log}")


def _place(resources: Resources, snapshot: Snapshot, restore: Restore, dbpath: Path) -> HeadPlace:
    return HeadPlace(
        dbpath=dbpath,
        socket=resources.socket(f"r-{restore.id}"),
        log=resources.log(f"restore-{restore.id}"),
        binary=choose_binary(resources.binaries, snapshot.mongod_version, snapshot.fcv),
        cache_gb=resources.settings.tree.heads.cache_gb,
    )


def _apply(
    resources: Resources, server: HeadServer, snapshot: Snapshot, restore: Restore, task: Task
) -> tuple[Optime, OplogChunk | None]:
    """The position reached, and the last chunk that was applied."""
    assert snapshot.optime is not None  # it is complete
    assert restore.point is not None
    start = snapshot.replay_from or snapshot.optime
    with server.connect() as connection:
        positions = PositionStore(connection)
        positions.write(HeadPosition(snapshot.optime, start))
        spool = FileSpool(server.process.options.dbpath)
        applier = Applier(connection, positions, spool, NO_SCAN)
        done, total = 0, _raw_bytes(resources, snapshot.deployment, start, restore.point)
        task.report(PHASE, 0, total)
        end, last = start, None
        for chunk in _chunks(resources, snapshot.deployment, start, restore.point):
            applier.apply(_read(resources, chunk), restore.point, task)
            _check_still_stored(resources, chunk)
            done, end, last = done + chunk.raw_bytes, chunk.end, chunk
            task.report(PHASE, done, max(done, total))
        if end < restore.point:
            what = f"the stored oplog ends at {end}, before {restore.point}"
            raise OutsideWindow(what, where=restore.id)
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


def _raw_bytes(resources: Resources, deployment: str, start: Optime, point: Optime) -> int:
    """Of those chunks, but for the one that the point lies in."""
    size = resources.metadata.chunks.size
    return size(deployment, start).raw_bytes - size(deployment, point).raw_bytes
