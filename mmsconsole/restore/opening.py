"""A mongod on restored files, over a unix socket in a folder of ours."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.durable import disk_errors
from mmsconsole.errors import MongodFailed
from mmsconsole.head.files import SKIPPED_FILES, SKIPPED_FOLDERS
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.restore.dropped import files_of, wait_until_gone
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

LOCAL = "local"
STOP_SECONDS = 600
"""A shutdown writes down all that was changed; nobody waits for the files meanwhile."""


def place_on(
    resources: Resources, snapshot: Snapshot, dbpath: Path, *, socket: str, log: str, nice: int = 0
) -> HeadPlace:
    """That of a mongod on a materialised snapshot. Raises NoSuitableMongod."""
    return HeadPlace(
        dbpath=dbpath,
        socket=resources.socket(socket),
        log=resources.log(log),
        binary=choose_binary(resources.binaries, snapshot.mongod_version, snapshot.fcv),
        cache_gb=resources.settings.tree.heads.cache_gb,
        nice=nice,
    )


def place_of(resources: Resources, snapshot: Snapshot, restore_id: str, dbpath: Path) -> HeadPlace:
    """The one of a restore: it has one mongod at a time."""
    socket, log = f"r-{restore_id}", f"restore-{restore_id}"
    return place_on(resources, snapshot, dbpath, socket=socket, log=log)


@contextmanager
def changing(resources: Resources, place: HeadPlace) -> Iterator[HeadServer]:
    """For files that are changed: shut down cleanly at the end, and without anything of ours.

    Raises what HeadServer.start and its errors() raise, and MongodFailed.
    """
    server = HeadServer.start(place, resources.clock)
    try:
        with server.errors():
            yield server
            _drop_local(server, resources.clock)
    except BaseException:
        server.kill()
        raise
    _shut_down(server)
    _remove_journal(place.dbpath)
    place.log.unlink(missing_ok=True)


def _drop_local(server: HeadServer, clock: Clock) -> None:
    """The position, and what mongod noted of this start."""
    names = server.client[LOCAL].list_collection_names()
    files = [file for name in names for file in files_of(server.client, LOCAL, name)]
    server.client.drop_database(LOCAL)
    wait_until_gone(server, files, clock, Task())


def _remove_journal(dbpath: Path) -> None:
    """Nothing of it is needed after a clean end, and it tells of what was dropped."""
    with disk_errors(str(dbpath)):
        for name in SKIPPED_FOLDERS:
            if (dbpath / name).exists():
                shutil.rmtree(dbpath / name)
        for name in SKIPPED_FILES:
            (dbpath / name).unlink(missing_ok=True)


def _shut_down(server: HeadServer) -> None:
    server.stop(STOP_SECONDS)
    log = server.process.options.log
    if server.process.exit_code != 0:
        what = f"did not shut down cleanly (status {server.process.exit_code})"
        raise MongodFailed(what, where=str(server.process.options.dbpath), hint=f"see {log}")


@contextmanager
def reading(resources: Resources, place: HeadPlace) -> Iterator[HeadServer]:
    """For files of ours that are read, and removed afterwards: it is killed at the end."""
    server = HeadServer.start(place, resources.clock)
    try:
        yield server
    finally:
        server.kill()
    place.log.unlink(missing_ok=True)
