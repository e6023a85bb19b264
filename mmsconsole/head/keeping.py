"""A head that runs: its mongod, its position, and the oplog applied to it as it is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsconsole.errors import ApplyFailed
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.heads import Head
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

NO_SCAN = Optime(0, 0)
RECORD_SECONDS = 1.0
"""How often the head's optime is written into its record, for people to see."""


def place_of(resources: Resources, head: Head) -> HeadPlace:
    """Raises NoSuitableMongod."""
    return HeadPlace(
        dbpath=Path(head.path),
        socket=resources.socket(f"h-{head.id}"),
        log=resources.log(f"head-{head.id}"),
        binary=choose_binary(resources.binaries, head.mongod_version, head.fcv),
        cache_gb=resources.settings.tree.heads.cache_gb,
    )


class KeptHead:
    """Belongs to one thread at a time. Close it when done."""

    def __init__(self, resources: Resources, head: Head, server: HeadServer) -> None:
        self.head = head
        self.server = server
        self._resources = resources
        self._connection = server.connect()
        self._positions = PositionStore(self._connection)
        self._applier: Applier | None = None
        self._next = NO_SCAN
        """Reading goes on after this entry: the applier remembers what is open before it."""
        self._recorded_at = 0.0

    @classmethod
    def open(cls, resources: Resources, head: Head) -> "KeptHead":
        """Start its mongod. Raises MongodError, NoSuitableMongod."""
        server = HeadServer.start(place_of(resources, head), resources.clock)
        try:
            kept = cls(resources, head, server)
            kept._take_back_position()
        except BaseException:
            server.stop()
            raise
        return kept

    @property
    def connection(self) -> WireConnection:
        return self._connection

    @property
    def alive(self) -> bool:
        return self.server.alive

    def position(self) -> HeadPosition | None:
        """None in a fresh head."""
        return self._positions.read()

    def applied(self) -> Optime:
        applier = self._applier or self.applier()
        return applier.position.applied

    def begin_at(self, start: Optime) -> None:
        """A fresh head: nothing after `start` is applied yet."""
        if self._positions.read() is None:
            self._positions.write(HeadPosition(start, start))

    def applier(
        self, tolerate_until: Optime = NO_SCAN, catalogue: IndexCatalogue | None = None
    ) -> Applier:
        """A new applier from the position in the head; after an error the old one is spent."""
        spool = FileSpool(Path(self.head.path))
        self._applier = Applier(self._connection, self._positions, spool, tolerate_until, catalogue)
        self._next = self._applier.position.replay_from
        return self._applier

    def apply_stored(self, task: Task) -> bool:
        """Apply what the oplog store holds beyond the position; False when there was nothing.

        Raises what Applier.apply and OplogStore.entries raise; the head is then to be closed.
        """
        applier = self._applier or self.applier()
        position = None
        for _, arrays in self._resources.oplog_store.entries(self.head.deployment, self._next):
            position = applier.apply(arrays, None, task)
            self._next = position.applied
            if self._resources.clock.monotonic() - self._recorded_at >= RECORD_SECONDS:
                self._record(position)
        if position is None:
            return False
        self._record(position)
        return True

    def record(self) -> None:
        """Write the position into the head's record, for people to see."""
        position = self._positions.read()
        if position is not None:
            self._record(position)

    def _record(self, position: HeadPosition) -> None:
        self._recorded_at = self._resources.clock.monotonic()
        self.head = self._resources.metadata.heads.set(
            self.head.id, optime=position.applied, replay_from=position.replay_from,
            applied_at=self._resources.clock.now(),
        )  # fmt: skip

    @contextmanager
    def frozen(self) -> Iterator[HeadPosition]:
        """Meanwhile the head's files stand still, equal the source at the position given, and
        hold nothing of ours: the position is in the head's record instead.
        """
        position = self._park()
        try:
            self.server.client.admin.command("fsync", 1, lock=True)
            try:
                yield position
            finally:
                self.server.client.admin.command("fsyncUnlock")
        finally:
            self._take_back_position()

    def _park(self) -> HeadPosition:
        position = self._positions.read()
        if position is None or position.applying_until is not None:
            raise ApplyFailed("the head is in the middle of a batch", where=self.head.id)
        self.head = self._resources.metadata.heads.set(
            self.head.id, optime=position.applied, parked_at=position.applied,
            replay_from=position.replay_from,
        )  # fmt: skip
        self.server.client.drop_database("local")
        return position

    def _take_back_position(self) -> None:
        """A snapshot that was broken off by a crash left the position in the record alone."""
        parked = self._resources.metadata.heads.get(self.head.id)
        if parked.parked_at is None:
            return
        if self._positions.read() is None:
            replay_from = parked.replay_from or parked.parked_at
            self._positions.write(HeadPosition(parked.parked_at, replay_from))
        self.head = self._resources.metadata.heads.set(self.head.id, parked_at=None)

    def close(self) -> None:
        """Shut its mongod down cleanly."""
        self._connection.close()
        self.server.stop()
