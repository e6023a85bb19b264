"""The mongods of opened snapshots: they run while their records want them, and no longer."""

import logging
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from mmsconsole.errors import MetadataError, MmsError, MongodFailed
from mmsconsole.metadata.openings import WANTED, Opening, OpeningState
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.mongod.process import MongodProcess, port_was_taken, sweep_orphans
from mmsconsole.restore.opened.read_only import start_read_only
from mmsconsole.restore.staging import remove_staging
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

PORTS = range(27700, 27720)
"""Those of queryable snapshots in Ops Manager."""


class OpenedKeeper:
    """tick() is called again and again by one thread; stop() by any."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._openings = resources.metadata.openings
        self._running: dict[str, MongodProcess] = {}
        self._stopped = False

    def tick(self) -> None:
        now, known = self._resources.clock.now(), self._openings.unfinished()
        for opening in known:
            if self._stopped:
                return
            try:
                self._tend(opening, over=opening.until <= now)
            except MetadataError:
                raise
            except MmsError as error:  # the others are tended all the same
                log.warning("opened snapshot %s waits: %s", opening.id, error)
        for id_ in self._running.keys() - {opening.id for opening in known}:
            self._running.pop(id_).kill()

    def _tend(self, opening: Opening, *, over: bool) -> None:
        if over or opening.state not in WANTED:
            self._close(opening)
        elif not self._runs(opening):
            self._start(opening)

    def stop(self) -> None:
        """The records stay: the next engine goes on with them."""
        self._stopped = True
        while self._running:
            self._running.popitem()[1].kill()  # nothing in it can be lost

    def _runs(self, opening: Opening) -> bool:
        process = self._running.get(opening.id)
        if process is None or process.alive:
            return process is not None
        log.warning("the mongod of opened snapshot %s ended, and is begun again", opening.id)
        del self._running[opening.id]
        return False

    def _start(self, opening: Opening) -> None:
        sweep_orphans([Path(opening.staging)], self._resources.clock)
        try:
            process, port = self._started(opening)
        except MetadataError:
            raise  # it says nothing of the files
        except MmsError as error:
            self._give_up(opening, str(error))
            return
        self._running[opening.id] = process
        self._openings.set_where(
            {"_id": opening.id, "state": {"$in": list(WANTED)}}, state=OpeningState.OPEN, port=port
        )

    def _started(self, opening: Opening) -> tuple[MongodProcess, int]:
        """On the first port that is free. Raises MongodFailed, NotFound, NoSuitableMongod."""
        resources = self._resources
        binary = choose_binary(resources.binaries, *self._needed(opening))
        cache_gb = resources.settings.tree.heads.cache_gb
        data, written = Path(opening.folder), resources.log(f"opened-{opening.id}")
        for port in free_ports(PORTS):
            try:
                process = start_read_only(
                    binary.path, data, written, port, cache_gb, resources.clock
                )
            except MongodFailed as error:
                if port_was_taken(error):
                    continue  # somebody was faster
                raise
            return process, port
        what = f"none of the ports {PORTS[0]} to {PORTS[-1]} is free"
        raise MongodFailed(what, where=opening.id, hint="close another opened snapshot first")

    def _needed(self, opening: Opening) -> tuple[str, str]:
        """Version and featureCompatibilityVersion."""
        if opening.mongod_version:
            return opening.mongod_version, opening.fcv
        snapshot = self._resources.metadata.snapshots.get(opening.snapshot)
        return snapshot.mongod_version, snapshot.fcv

    def _give_up(self, opening: Opening, reason: str) -> None:
        log.error("opened snapshot %s: %s", opening.id, reason)
        self._end(opening, OpeningState.FAILED, reason)

    def _close(self, opening: Opening) -> None:
        over = opening.state in WANTED
        self._end(opening, OpeningState.CLOSED, "its time was over" if over else opening.reason)
        text = f"opened snapshot {opening.id} ({opening.optime}) was closed"
        self._resources.event("snapshot closed", text, deployment=opening.deployment)

    def _end(self, opening: Opening, state: OpeningState, reason: str) -> None:
        """The files go first: a record that says so is right."""
        process = self._running.pop(opening.id, None)
        if process is not None:
            process.kill()
        remove_staging(Path(opening.staging), self._resources.clock)
        self._resources.log(f"opened-{opening.id}").unlink(missing_ok=True)
        self._resources.metadata.restores.set_where({"_id": opening.id}, staging="")
        self._openings.set(
            opening.id, state=state, reason=reason, port=0,
            closed_at=self._resources.clock.now(),
        )  # fmt: skip


def free_ports(ports: Iterable[int]) -> Iterable[int]:
    return filter(is_free, ports)


def is_free(port: int) -> bool:
    """Of loopback, now."""
    with closing(socket.socket()) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
