"""The continuous strategy: a tail that never ends, and a head that follows it.

Two threads for as long as the backup is started: the tail stores the oplog, the follower applies
what is stored to the head. An initial sync, while one runs, has the head to itself; a snapshot
has it between two batches.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mmsconsole.errors import (
    Cancelled,
    MmsError,
    MongodError,
    OplogError,
    Refused,
    ResyncRequired,
)
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.strategies.initial_sync import HeadSync
from mmsconsole.strategies.placing import new_head
from mmsconsole.strategies.snapshotting import take_snapshot
from mmsconsole.strategies.tailing import Tailing
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.5
AGAIN_SECONDS = 3.0
STOP_SECONDS = 60.0
HEAD_SECONDS_MAX = 120.0
"""How long a snapshot waits for a head that is just starting."""


class ContinuousBackup:
    """One deployment's backup while it is started. Methods may be called from any thread."""

    def __init__(self, resources: Resources, deployment: Deployment) -> None:
        self._resources = resources
        self._deployment = deployment
        self._uplink = OplogIngest(resources, deployment.id)
        self._stopping = Cancellation()
        self._starting = threading.Lock()
        self._tailing: Tailing | None = None
        self._follower: threading.Thread | None = None
        self._kept: KeptHead | None = None
        self._syncing: HeadSync | None = None
        self._head_lock = threading.Lock()
        self._wanted = threading.Event()
        """Somebody waits for the head: the follower lets go of it between two chunks."""

    # -- started and stopped ------------------------------------------------------------------

    def go_on(self, deployment: Deployment) -> None:
        """See to it that a head in sync is followed; called every round, cheap when it is."""
        self._deployment = deployment
        head = self._in_sync()
        if head is None or self._stopping.requested:
            return
        with self._starting:
            self._tail(None)
            if self._follower is None:
                self._follower = threading.Thread(
                    target=self._follow, name=f"head-{deployment.name}", daemon=True
                )
                self._follower.start()

    def stop(self) -> None:
        """At the end of the current batch; the head is shut down cleanly."""
        self._stopping.cancel()
        self._uplink.arrived.set()
        with self._starting:
            tailing, follower = self._tailing, self._follower
        if tailing is not None:
            tailing.stop()
        if follower is not None:
            follower.join(STOP_SECONDS)
        with self._head_lock:
            self._close_head()

    def _tail(self, start: Optime | None) -> None:
        if self._tailing is None:
            self._tailing = Tailing(
                self._resources, self._deployment, self._uplink, self._resync_required, start
            )
            self._tailing.start()

    def _in_sync(self) -> Head | None:
        head = self._resources.metadata.heads.find(self._deployment.head)
        return head if head is not None and head.phase is SyncPhase.IN_SYNC else None

    # -- the initial sync ---------------------------------------------------------------------

    def sync(self, task: Task) -> Head:
        """A new head, or the unfinished one, brought in sync. For the job of that name."""
        with self._head_lock:
            head = self._head_to_sync()
            if head.phase is SyncPhase.IN_SYNC:
                return head
            self._kept = KeptHead.open(self._resources, head)
            sync = self._syncing = HeadSync(self._resources, self._deployment, self._kept)
            try:
                start = sync.begin(task)
                with self._starting:
                    self._tail(start)
                sync.run(self._uplink, task)
            finally:
                self._syncing = None
                sync.close()
            head = self._kept.head
        self._resources.event(
            "in sync", "the initial sync is complete", deployment=self._deployment.id
        )
        return head

    def _head_to_sync(self) -> Head:
        self._deployment = self._resources.metadata.deployments.get(self._deployment.id)
        known = self._resources.metadata.heads.find(self._deployment.head)
        if known is not None and known.active:
            return known
        head = new_head(self._resources, self._deployment)
        self._deployment = self._resources.metadata.deployments.get(self._deployment.id)
        return head

    # -- following ----------------------------------------------------------------------------

    def _follow(self) -> None:
        task = Task(self._stopping)
        while not self._stopping.requested:
            try:
                self._follow_head(task)
            except Cancelled:
                return
            except (OplogError, ResyncRequired) as error:
                self._resync_required(error)
                return
            except MmsError as error:
                log.warning("the head of %s is started anew: %s", self._deployment.name, error)
            except Exception:
                log.exception("a fault at the head of %s", self._deployment.name)
            self._resources.clock.wait(self._stopping.event, AGAIN_SECONDS)

    def _follow_head(self, task: Task) -> None:
        """Until stopped. An error closes the head: the next round opens it anew."""
        try:
            while True:
                task.check()
                self._uplink.arrived.clear()
                with self._head_lock:
                    applied = self._opened().apply_stored(task)
                if not applied or self._wanted.is_set():
                    self._resources.clock.wait(self._uplink.arrived, WAIT_SECONDS)
        except BaseException:
            with self._head_lock:
                self._close_head()
            raise

    def _opened(self) -> KeptHead:
        if self._kept is not None and not self._kept.alive:
            raise MongodError("the head's mongod has died", where=self._kept.head.id)
        if self._kept is None:
            head = self._in_sync()
            if head is None:
                raise Cancelled
            self._kept = KeptHead.open(self._resources, head)
        return self._kept

    def _close_head(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _resync_required(self, error: MmsError) -> None:
        """The head can not go on from what is stored: people must know why, at once."""
        reason = str(error)
        self._uplink.failure = error
        if (syncing := self._syncing) is not None:
            syncing.refuse(error)
        log.error("resync required for %s: %s", self._deployment.name, reason)
        changed = self._resources.metadata.deployments.set_where(
            {"_id": self._deployment.id, "backup": BackupState.STARTED.value},
            backup=BackupState.RESYNC_REQUIRED, reason=reason,
        )  # fmt: skip
        if changed is not None:
            self._resources.event(
                "resync required", reason, deployment=self._deployment.id, severity=Severity.ERROR
            )

    # -- snapshots ----------------------------------------------------------------------------

    def take_snapshot(self, snapshot: Snapshot, task: Task) -> Snapshot:
        """Between two batches of the follower. Raises Refused when there is no head in sync."""
        if snapshot.state is SnapshotState.COMPLETE:
            return snapshot
        if self._in_sync() is None:
            raise Refused("there is no head in sync", where=self._deployment.name)
        with self._head(task) as kept:
            kept.apply_stored(task)
            return take_snapshot(self._resources, kept, snapshot, task)

    @contextmanager
    def _head(self, task: Task) -> Iterator[KeptHead]:
        clock = self._resources.clock
        deadline = clock.monotonic() + HEAD_SECONDS_MAX
        self._wanted.set()
        try:
            while not self._head_lock.acquire(timeout=WAIT_SECONDS):
                task.check()
                if clock.monotonic() > deadline:
                    raise MongodError("the head is busy", where=self._deployment.name)
            try:
                yield self._opened()
            finally:
                self._head_lock.release()
        finally:
            self._wanted.clear()
