"""The stored oplog on top of a materialised snapshot, up to an inclusive point."""

from pathlib import Path

from mmsconsole.errors import OutsideWindow
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "applying oplog"
NO_SCAN = Optime(0, 0)


def replay(
    resources: Resources, snapshot: Snapshot, restore: Restore, dbpath: Path, task: Task
) -> Optime:
    """Returns the position reached: the last entry at or before the point.

    The files are then those of a mongod that was shut down cleanly, without anything of ours.
    """
    server = HeadServer.start(_place(resources, snapshot, restore, dbpath), resources.clock)
    try:
        reached = _apply(resources, server, snapshot, restore, dbpath, task)
        # The position, and what mongod noted of this start.
        server.client.drop_database("local")
    finally:
        server.stop()
    return reached


def _place(resources: Resources, snapshot: Snapshot, restore: Restore, dbpath: Path) -> HeadPlace:
    return HeadPlace(
        dbpath=dbpath,
        socket=resources.socket(f"r-{restore.id}"),
        log=resources.log(f"restore-{restore.id}"),
        binary=choose_binary(resources.binaries, snapshot.mongod_version, snapshot.fcv),
        cache_gb=resources.settings.tree.heads.cache_gb,
    )


def _apply(
    resources: Resources, server: HeadServer, snapshot: Snapshot, restore: Restore,
    dbpath: Path, task: Task,
) -> Optime:  # fmt: skip
    assert snapshot.optime is not None
    assert restore.point is not None
    start = snapshot.replay_from or snapshot.optime
    connection = server.connect()
    try:
        positions = PositionStore(connection)
        positions.write(HeadPosition(snapshot.optime, start))
        applier = Applier(connection, positions, FileSpool(dbpath), NO_SCAN)
        chunks = [
            chunk
            for chunk in resources.oplog_store.chunks(snapshot.deployment, start)
            if chunk.start < restore.point
        ]
        _check_reaches(chunks[-1].end if chunks else start, restore)
        total, done = sum(chunk.raw_bytes for chunk in chunks), 0
        for chunk in chunks:
            task.report(PHASE, done, total)
            applier.apply(resources.oplog_store.read(chunk), restore.point, task)
            done += chunk.raw_bytes
        task.report(PHASE, total, total)
        return applier.position.applied
    finally:
        connection.close()


def _check_reaches(end: Optime, restore: Restore) -> None:
    assert restore.point is not None
    if end < restore.point:
        raise OutsideWindow(
            f"the stored oplog ends at {end}, before {restore.point}", where=restore.id
        )
