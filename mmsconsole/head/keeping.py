"""A head that runs: its mongod, its position, and the oplog applied to it as it is stored."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.errors import ApplyFailed, HeadLost
from mmsconsole.head.applier import NO_SCAN, Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

FILE_OF_EACH_HEAD = "WiredTiger.wt"
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


def check_files(head: Head) -> None:
    """Raises HeadLost where a head in sync has no files: mongod would begin an empty one."""
    if head.phase is SyncPhase.IN_SYNC and not Path(head.path, FILE_OF_EACH_HEAD).exists():
        raise HeadLost("its folder or its files are missing", where=head.path)


def was_killed(head: Head) -> bool:
    """Whether the mongod that last had the files did not shut down: it empties its lock file."""
    lock = Path(head.path, "mongod.lock")
    with disk_errors(str(lock)):
        return lock.exists() and lock.stat().st_size > 0


class KeptHead:
    """Belongs to one thread at a time. Close it when done.

    Whatever asks its mongod raises MongodFailed when that does not answer: close it then, and
    open it anew.
    """

    def __init__(
        self, resources: Resources, head: Head, server: HeadServer, connection: WireConnection
    ) -> None:
        self.head = head
        self.server = server
        self.connection = connection
        self._resources = resources
        self._positions = PositionStore(connection)
        self._applier: Applier | None = None
        self._next = NO_SCAN
        """Reading goes on after this entry: the applier remembers what is open before it."""
        self._recorded_at = 0.0
        self.bytes_applied = 0
        """Of oplog, raw, since this head was opened."""

    @classmethod
    def open(cls, resources: Resources, head: Head) -> "KeptHead":
        """Start its mongod. Raises MongodError (HeadLost where a head in sync has lost what it
        needs, FilesDamaged), NoSuitableMongod; nothing runs then.
        """
        check_files(head)
        killed = was_killed(head)
        server = HeadServer.start(place_of(resources, head), resources.clock)
        with ExitStack() as undo:
            undo.callback(server.stop)
            with server.errors():
                connection = undo.enter_context(server.connect())
            kept = cls(resources, head, server, connection)
            kept._take_back_position()
            kept._check_position()
            if killed:
                kept._note_killed()
            undo.pop_all()
        return kept

    @property
    def alive(self) -> bool:
        return self.server.alive

    def position(self) -> HeadPosition | None:
        """None in a fresh head."""
        with self.server.errors():
            return self._positions.read()

    def begin_at(self, start: Optime, replay_from: Optime | None = None) -> None:
        """A fresh head: nothing after `start` is applied yet. `replay_from`: where reading must
        begin, if transactions were open at `start`.
        """
        with self.server.errors():
            self._positions.write(HeadPosition(start, replay_from or start))

    # -- the oplog on top ---------------------------------------------------------------------

    def applier(
        self, tolerate_until: Optime = NO_SCAN, catalogue: IndexCatalogue | None = None
    ) -> Applier:
        """A new applier from the position in the head. Raises ApplyFailed if there is none."""
        spool = FileSpool(Path(self.head.path))
        with self.server.errors():
            made = Applier(
                self.connection, self._positions, spool, tolerate_until, self._resources.clock,
                catalogue,
            )  # fmt: skip
        self._applier, self._next = made, made.position.replay_from
        return made

    def applied(self) -> Optime:
        """Everything up to and including this is applied."""
        return (self._applier or self.applier()).position.applied

    def apply_stored(self, task: Task) -> Iterator[HeadPosition]:
        """Apply what the oplog store holds beyond the position; yields after each chunk.

        Whoever leaves before the end leaves a head that is whole, somewhere on the way. Raises
        what Applier.apply and OplogStore.entries raise; the next call goes on from the position.
        """
        applied = self.applied()
        for _, arrays in self._resources.oplog_store.entries(self.head.deployment, self._next):
            position = self._apply(arrays, task)
            applied = position.applied
            if self._resources.clock.monotonic() - self._recorded_at >= RECORD_SECONDS:
                self._record(position)
            yield position
        if applied != self.head.optime:
            self.record()

    def _apply(self, arrays: bytes, task: Task) -> HeadPosition:
        applier = self._applier or self.applier()
        try:
            with self.server.errors():
                position = applier.apply(arrays, None, task)
        except ApplyFailed as error:
            self._applier = None  # it is spent
            self.server.check_running(error)
            raise
        except BaseException:
            self._applier = None
            raise
        self._next = position.applied
        self.bytes_applied += len(arrays)
        return position

    def bytes_ahead(self) -> int:
        """Of stored oplog, raw, that is not applied yet."""
        return self._resources.metadata.chunks.size(self.head.deployment, self._next).raw_bytes

    def record(self) -> None:
        """Write the position into the head's record, for people to see."""
        position = self.position()
        if position is not None:
            self._record(position)

    def _record(self, position: HeadPosition) -> None:
        self._recorded_at = self._resources.clock.monotonic()
        self.head = self._resources.metadata.heads.set(
            self.head.id, optime=position.applied, replay_from=position.replay_from,
            applied_at=self._resources.clock.now(),
        )  # fmt: skip

    # -- its files ----------------------------------------------------------------------------

    @contextmanager
    def frozen(self) -> Iterator[HeadPosition]:
        """Meanwhile the head's files stand still, equal the source at the position given, and
        hold nothing of ours: the position is in the head's record instead.
        """
        position = self.position()
        if position is None or position.applying_until is not None:
            raise ApplyFailed("the head is in the middle of a batch", where=self.head.id)
        try:
            self._park(position)
            with self._locked():
                yield position
        finally:
            self._put_back(position)

    def _park(self, position: HeadPosition) -> None:
        self.head = self._resources.metadata.heads.set(
            self.head.id, optime=position.applied, parked_at=position.applied,
            replay_from=position.replay_from,
        )  # fmt: skip
        with self.server.errors():
            self.server.client.drop_database("local")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        admin = self.server.client.admin
        with self.server.errors():
            admin.command("fsync", 1, lock=True)
        try:
            yield
        finally:
            with self.server.errors():
                admin.command("fsyncUnlock")

    def _put_back(self, position: HeadPosition) -> None:
        """First into the head, durably: without it a head is lost, while a record that still
        tells of it does no harm.
        """
        with self.server.errors():
            self._positions.write(position)
        self.server.make_durable()
        self.head = self._resources.metadata.heads.set(self.head.id, parked_at=None)

    def _take_back_position(self) -> None:
        """A snapshot that was broken off by a crash left the position in the record alone."""
        self.head = self._resources.metadata.heads.get(self.head.id)
        parked = self.head.parked_at
        if parked is not None:
            told = HeadPosition(parked, self.head.replay_from or parked)
            self._put_back(self.position() or told)

    def _check_position(self) -> None:
        if self.head.phase is SyncPhase.IN_SYNC and self.position() is None:
            raise HeadLost("it has lost its position", where=self.head.path)

    def _note_killed(self) -> None:
        """Its files are to be validated soon."""
        now = self._resources.clock.now()
        self.head = self._resources.metadata.heads.set(self.head.id, unclean_at=now)

    def close(self) -> None:
        """Shut its mongod down cleanly."""
        self.connection.close()
        self.server.stop()
