"""The continuous strategy: a tail that never ends, and a head that follows it.

Two threads for as long as the backup is started: the tail stores the oplog, the follower applies
what is stored to the head. An initial sync, while one runs, has the head to itself; a snapshot
has it between two chunks.

Neither thread writes down how it ends or what it waits for: `failure` and `trouble` say so, and
the keeper, which looks after every backup again and again, tells people. So a metadata database
that is away for a while loses nothing of it.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mmsconsole.errors import (
    Cancelled,
    MetadataError,
    MmsError,
    MongodError,
    OplogError,
    Refused,
    ResyncRequired,
    StorageError,
)
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.catching_up import CatchUp
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.strategies.initial_sync import HeadSync, forget_slices
from mmsconsole.strategies.placing import new_head, remove_replaced
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
    """One deployment's backup while it is started. Methods may be called from any thread.

    After stop(), and when `failure` is set, it is spent.
    """

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
        self.trouble = ""
        """What the head waits for just now; empty when it follows."""

    @property
    def failure(self) -> MmsError | None:
        """Why the head can not go on from what is stored: a resync is required."""
        return self._uplink.failure

    # -- started and stopped ------------------------------------------------------------------

    def go_on(self, deployment: Deployment) -> bool:
        """See to it that the oplog is stored, and that a head in sync follows it.

        Called every round, cheap when all is well. Returns whether the head is in sync.
        """
        head = self._resources.metadata.heads.find(deployment.head)
        in_sync = head is not None and head.phase is SyncPhase.IN_SYNC
        with self._starting:
            self._deployment = deployment
            if head is not None and head.sync_start is not None and self._may_run:
                self._keep_tailing(head.sync_start)
                if in_sync:
                    self._keep_following()
        return in_sync

    def stop(self) -> None:
        """At the end of the current batch; the head is shut down cleanly."""
        self._stopping.cancel()
        self._uplink.arrived.set()
        with self._starting:
            tailing, follower = self._tailing, self._follower
        if tailing is not None:
            tailing.cancel()
        if follower is not None:
            follower.join(STOP_SECONDS)
        if tailing is not None:
            tailing.stop()
        with self._head_lock:
            self._close_head()

    @property
    def _may_run(self) -> bool:
        return not self._stopping.requested and self.failure is None

    def _keep_tailing(self, start: Optime) -> None:
        if self._tailing is not None and self._tailing.is_outdated_by(self._deployment):
            self._tailing.cancel()
        if self._tailing is None or not self._tailing.alive:
            self._tailing = Tailing(
                self._resources, self._deployment, self._uplink, self._give_up, start
            )
            self._tailing.start()

    def _keep_following(self) -> None:
        if self._follower is None or not self._follower.is_alive():
            name = f"head-{self._deployment.name}"
            self._follower = threading.Thread(target=self._follow, name=name, daemon=True)
            self._follower.start()

    def _give_up(self, error: MmsError) -> None:
        log.error("resync required for %s: %s", self._deployment.name, error)
        self._uplink.failure = error
        self._uplink.arrived.set()
        if (syncing := self._syncing) is not None:
            syncing.refuse(error)

    # -- the initial sync ---------------------------------------------------------------------

    def sync(self, task: Task) -> Head:
        """A new head, or the unfinished one, brought in sync. For the job of that name."""
        with self._head_lock:
            self._check_not_stopped()
            head = self._head_to_sync()
            if head.phase is not SyncPhase.IN_SYNC:
                head = self._synced(head, task)
            forget_slices(self._resources, head)
            return head

    def _head_to_sync(self) -> Head:
        metadata = self._resources.metadata
        self._deployment = metadata.deployments.get(self._deployment.id)
        known = metadata.heads.find(self._deployment.head)
        if known is not None and known.active:
            return known
        head = new_head(self._resources, self._deployment)
        remove_replaced(self._resources, self._deployment.id)
        self._deployment = metadata.deployments.get(self._deployment.id)
        return head

    def _synced(self, head: Head, task: Task) -> Head:
        """After an error its mongod is stopped; the tail goes on meanwhile."""
        try:
            self._kept = KeptHead.open(self._resources, head)
            self._sync(self._kept, task)
        except BaseException as error:
            if isinstance(error, OplogError | ResyncRequired):
                self._give_up(error)
            self._close_head()
            raise
        text = "the initial sync is complete"
        self._resources.event("in sync", text, deployment=self._deployment.id)
        return self._kept.head

    def _sync(self, kept: KeptHead, task: Task) -> None:
        sync = self._syncing = HeadSync(self._resources, self._deployment, kept)
        try:
            start = sync.begin(task)
            with self._starting:
                self._check_not_stopped()
                self._keep_tailing(start)
            sync.run(self._uplink, task)
        finally:
            self._syncing = None
            sync.close()

    # -- following ----------------------------------------------------------------------------

    def _follow(self) -> None:
        task = Task(self._stopping)
        while not self._stopping.requested:
            try:
                self._follow_head(task)
            except Cancelled:
                return
            except (OplogError, ResyncRequired) as error:
                self._give_up(error)
                return
            except (MetadataError, StorageError) as error:
                self._waits(str(error))
            except MmsError as error:
                self._waits(str(error))
                self._restart_head()
            except Exception as error:
                log.exception("a fault at the head of %s", self._deployment.name)
                self._waits(f"a fault of ours: {type(error).__name__} (see the engine's log)")
                self._restart_head()
            self._resources.clock.wait(self._stopping.event, AGAIN_SECONDS)

    def _follow_head(self, task: Task) -> None:
        """Never returns."""
        while True:
            task.check()
            self._uplink.arrived.clear()
            with self._head_lock:
                for _ in self._opened().apply_stored(task):
                    if self._wanted.is_set():
                        break
            self.trouble = ""
            left = self._wanted.is_set()
            wake = self._stopping.event if left else self._uplink.arrived
            self._resources.clock.wait(wake, WAIT_SECONDS)

    def _waits(self, trouble: str) -> None:
        log.warning("the head of %s waits: %s", self._deployment.name, trouble)
        self.trouble = trouble

    def _restart_head(self) -> None:
        """It is opened anew by who needs it next."""
        with self._head_lock:
            self._close_head()

    def _opened(self) -> KeptHead:
        """For who has the head's lock. Raises MongodError, Cancelled."""
        self._check_not_stopped()
        if self._kept is not None and not self._kept.alive:
            self._close_head()
            raise MongodError("the head's mongod has died", where=self._deployment.name)
        if self._kept is None:
            head = self._resources.metadata.heads.find(self._deployment.head)
            if head is None or head.phase is not SyncPhase.IN_SYNC:
                raise Cancelled("there is no head in sync", where=self._deployment.name)
            self._kept = KeptHead.open(self._resources, head)
        return self._kept

    def _check_not_stopped(self) -> None:
        """A head that is opened behind stop() would be closed by nobody."""
        if self._stopping.requested:
            raise Cancelled("the backup was stopped", where=self._deployment.name)

    def _close_head(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    # -- snapshots ----------------------------------------------------------------------------

    def take_snapshot(self, snapshot: Snapshot, task: Task) -> Snapshot:
        """Of what was stored when it began. Raises Refused when there is no head in sync."""
        if snapshot.state is SnapshotState.COMPLETE:
            return snapshot
        metadata = self._resources.metadata
        head = metadata.heads.find(self._deployment.head)
        if head is None or head.phase is not SyncPhase.IN_SYNC:
            raise Refused("there is no head in sync", where=self._deployment.name)
        with self._head(task) as kept:
            last = metadata.chunks.last(self._deployment.id)
            if last is not None:
                CatchUp(kept, self._uplink, self._resources.clock).apply_until(last.end, task)
            return take_snapshot(self._resources, kept, snapshot, task)

    @contextmanager
    def _head(self, task: Task) -> Iterator[KeptHead]:
        """Taken from the follower; started anew afterwards if it fails meanwhile."""
        self._acquire_head(task)
        try:
            yield self._opened()
        except MongodError:
            self._close_head()
            raise
        finally:
            self._head_lock.release()

    def _acquire_head(self, task: Task) -> None:
        clock = self._resources.clock
        deadline = clock.monotonic() + HEAD_SECONDS_MAX
        self._wanted.set()
        try:
            while not self._head_lock.acquire(timeout=WAIT_SECONDS):
                task.check()
                if clock.monotonic() > deadline:
                    raise MongodError("the head is busy", where=self._deployment.name)
        finally:
            self._wanted.clear()
