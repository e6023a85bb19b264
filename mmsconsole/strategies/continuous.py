"""The continuous strategy: a tail that never ends, and a head that follows it.

Two threads for as long as the backup is started: the tail stores the oplog, the follower applies
what is stored to the head. An initial sync or a rebuild, while one runs, has the head to itself;
a snapshot has it between two chunks.

Neither thread writes down how it ends or what it waits for: `failure`, `fallen` and `trouble`
say so, and the keeper, which looks after every backup again and again, tells people and does
what follows. So a metadata database that is away for a while loses nothing of it.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from mmsconsole.errors import (
    Cancelled,
    MetadataError,
    MmsError,
    MongodError,
    Refused,
)
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.validations import Validation
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.catching_up import CatchUp
from mmsconsole.strategies.consequences import GO_ON, Consequence
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.strategies.held_head import HEAD_SECONDS_MAX, WAIT_SECONDS, HeldHead
from mmsconsole.strategies.initial_sync import HeadSync, forget_slices
from mmsconsole.strategies.judging import Fallen, HeadJudge
from mmsconsole.strategies.placing import new_head, remove_replaced
from mmsconsole.strategies.rebuilding import Rebuilding
from mmsconsole.strategies.rolling_back import RollBack
from mmsconsole.strategies.snapshotting import take_snapshot
from mmsconsole.strategies.tailing import Tailing
from mmsconsole.strategies.validating import HeadValidation
from mmsconsole.strategies.witnessing import Witnessing
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

AGAIN_SECONDS = 3.0
AGAIN_MAX = 20
"""What fails again and again is tried again ever more seldom, down to this many times."""
STOP_SECONDS = 60.0
SNAPSHOT_PATIENCE_SECONDS = 6 * 3600.0
"""A validation has the head for as long as one collection takes."""


class ContinuousBackup:
    """One deployment's backup while it is started. Methods may be called from any thread.

    After stop(), and when `failure` is set, it is spent.
    """

    def __init__(self, resources: Resources, deployment: Deployment) -> None:
        self._resources = resources
        self._deployment = deployment
        self._uplink = OplogIngest(resources, deployment.id, self._roll_back)
        self._stopping = Cancellation()
        self._starting = threading.Lock()
        self._tailing: Tailing | None = None
        self._follower: threading.Thread | None = None
        self._held = HeldHead(resources, deployment.id, self._check)
        self._syncing: HeadSync | None = None
        self._judge = HeadJudge(resources, deployment.id)
        self._witnessing = Witnessing(resources, deployment.id)
        self.trouble = ""
        """What the head waits for just now; empty when it follows."""

    @property
    def fallen(self) -> Fallen | None:
        """Until mended() is called nobody works on this head; the tail goes on."""
        return self._judge.fallen

    def mended(self) -> None:
        """What follows has been written down."""
        self._judge.fallen = None

    @property
    def failure(self) -> MmsError | None:
        """Why nothing can go on from what is stored: a resync is required."""
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
                if in_sync and self.fallen is None:
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
        with self._held.lock:
            self._held.close()

    @property
    def _may_run(self) -> bool:
        return not self._stopping.requested and self.failure is None

    def _check(self) -> None:
        """For who works on the head. One that is opened behind stop() would be closed by nobody."""
        if self._stopping.requested:
            raise Cancelled("the backup was stopped", where=self._deployment.name)
        if self._uplink.interruption is not None:
            raise self._uplink.interruption

    def _watched(self, task: Task) -> Task:
        """A task that ends with the backup, too, where it tells how far it is."""

        def report(phase: str, done: int, total: int | None) -> None:
            self._check()
            task.report(phase, done, total)

        return Task(task.cancellation, report, task.remark)

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
        with self._held.lock:
            self._check()
            head = self._head_to_sync()
            if head.phase not in (SyncPhase.IN_SYNC, SyncPhase.REBUILDING):
                head = self._synced(head, task)
            forget_slices(self._resources, head)
            return head

    def _head_to_sync(self) -> Head:
        metadata = self._resources.metadata
        self._deployment = metadata.deployments.get(self._deployment.id)
        known = metadata.heads.find(self._deployment.head)
        if known is not None and known.active and known.phase is not SyncPhase.ENDED:
            return known
        head = new_head(self._resources, self._deployment)
        remove_replaced(self._resources, self._deployment.id)
        self._deployment = metadata.deployments.get(self._deployment.id)
        return head

    def _synced(self, head: Head, task: Task) -> Head:
        """After an error its mongod is stopped; the tail goes on meanwhile."""
        try:
            kept = self._held.open(head)
            self._sync(kept, task)
        except MmsError as error:
            self._sync_failed(head, error)
            raise
        except BaseException:
            self._held.close()
            raise
        self._judge.failed.clear()
        text = "the initial sync is complete"
        self._resources.event("in sync", text, deployment=self._deployment.id)
        return kept.head

    def _sync(self, kept: KeptHead, task: Task) -> None:
        sync = self._syncing = HeadSync(self._resources, self._deployment, kept)
        try:
            start = sync.begin(task)
            with self._starting:
                self._check()
                self._keep_tailing(start)
            sync.run(self._uplink, task)
        finally:
            self._syncing = None
            sync.close()

    def _sync_failed(self, head: Head, error: MmsError) -> None:
        """The job's next attempt goes on with this head, or makes another one."""
        self._held.close()
        if self._judge.judge_unfinished(head, error) is Consequence.RESYNC:
            self._give_up(error)

    # -- following ----------------------------------------------------------------------------

    def _follow(self) -> None:
        task = Task(self._stopping)
        while not self._stopping.requested:
            try:
                self._follow_head(task)
            except Cancelled:
                return
            except MmsError as error:
                if not self._goes_on_after(error):
                    return
            except Exception as error:
                log.exception("a fault at the head of %s", self._deployment.name)
                self._judge.failed[type(error)] += 1
                self._waits(f"a fault of ours: {type(error).__name__} (see the engine's log)")
                self._restart_head()
            times = min(self._judge.failed.total() or 1, AGAIN_MAX)
            self._resources.clock.wait(self._stopping.event, AGAIN_SECONDS * times)

    def _follow_head(self, task: Task) -> None:
        """Never returns."""
        while True:
            task.check()
            self._uplink.arrived.clear()
            with self._held.lock:
                kept = self._held.opened()
                for _ in kept.apply_stored(task):
                    self._judge.failed.clear()
                    if self._held.wanted.is_set():
                        break
                self._witnessing.of_moment_if_due(kept, self._is_wanted)
            self.trouble = ""
            left = self._held.wanted.is_set()
            wake = self._stopping.event if left else self._uplink.arrived
            self._resources.clock.wait(wake, WAIT_SECONDS)

    def _is_wanted(self) -> bool:
        return self._held.wanted.is_set() or self._must_leave()

    def _must_leave(self) -> bool:
        """Whether the backup stops, or a rollback waits for the head."""
        return self._stopping.requested or self._uplink.interruption is not None

    def _waits(self, trouble: str) -> None:
        log.warning("the head of %s waits: %s", self._deployment.name, trouble)
        self.trouble = trouble

    def _restart_head(self) -> None:
        """It is opened anew by who needs it next."""
        with self._held.lock:
            self._held.close()

    def _goes_on_after(self, error: MmsError) -> bool:
        with self._held.lock:
            try:
                consequence = self._judged(error)
            except MetadataError as away:
                self._waits(str(away))
                return True
            if consequence is not Consequence.WAIT:
                self._held.close()
        if consequence in GO_ON:
            self._waits(str(error))
        return consequence in GO_ON

    def _judged(self, error: MmsError) -> Consequence:
        """For who has the head's lock."""
        consequence = self._judge.judge(error, self._held.position())
        if consequence is Consequence.RESYNC:
            self._give_up(error)
        return consequence

    # -- a rebuild, and a rollback ------------------------------------------------------------

    def rebuild(self, task: Task) -> Head:
        """Another head in the place of one whose phase is REBUILDING. For the job of that name."""
        watched = self._watched(task)
        with self._held.taken(task):
            self._held.close()
            self._check()
            self._deployment = self._resources.metadata.deployments.get(self._deployment.id)
            head = Rebuilding(self._resources, self._deployment).run(watched)
            self._judge.failed.clear()
            return head

    def _roll_back(self, common: Optime, reason: str) -> None:
        """In the tail's thread; who works on the head is asked to leave it."""
        error = MongodError("the source was rolled back meanwhile", where=self._deployment.name)
        self._uplink.interruption = error
        if (syncing := self._syncing) is not None:
            syncing.refuse(error)
        try:
            with self._held.taken(Task(self._stopping), patience=float("inf")):
                self._uplink.interruption = None
                deployment = self._resources.metadata.deployments.get(self._deployment.id)
                head = self._resources.metadata.heads.find(deployment.head)
                beyond = head is not None and self._held.may_be_beyond(head, common)
                if beyond:
                    self._held.close()
                rollback = RollBack(self._resources, deployment.id, common, reason)
                rollback.run(head, beyond=beyond)
        finally:
            self._uplink.interruption = None

    # -- snapshots and validations ------------------------------------------------------------

    def take_snapshot(self, snapshot: Snapshot, task: Task) -> Snapshot:
        """Of what was stored when it began. Raises Refused when there is no head in sync."""
        if snapshot.state is SnapshotState.COMPLETE:
            return snapshot
        metadata = self._resources.metadata
        deployment = metadata.deployments.get(self._deployment.id)
        _check_in_sync(metadata.heads.find(deployment.head), deployment)
        with self._head(task, SNAPSHOT_PATIENCE_SECONDS) as kept:
            last = metadata.chunks.last(self._deployment.id)
            if last is not None:
                CatchUp(kept, self._uplink, self._resources.clock).apply_until(last.end, task)
            taken = take_snapshot(self._resources, kept, snapshot, task)
            self._witnessing.of_snapshot(kept, taken, lambda: self._leaves(task))
            return taken

    def _leaves(self, task: Task) -> bool:
        return task.cancellation.requested or self._must_leave()

    def validate(self, task: Task) -> Validation:
        """Of the head's files, between its other work. Raises HeadSuspect if they are damaged,
        Refused when there is no head in sync.
        """
        metadata = self._resources.metadata
        deployment = metadata.deployments.get(self._deployment.id)
        _check_in_sync(metadata.heads.find(deployment.head), deployment)
        take = partial(self._head, patience=float("inf"))
        return HeadValidation(self._resources, take).run(task)

    @contextmanager
    def _head(self, task: Task, patience: float = HEAD_SECONDS_MAX) -> Iterator[KeptHead]:
        """Taken from the follower; started anew afterwards if it fails meanwhile."""
        with self._held.taken(task, patience):
            try:
                yield self._held.opened()
            except MongodError as error:
                try:
                    self._judged(error)
                finally:
                    self._held.close()
                raise


def _check_in_sync(head: Head | None, deployment: Deployment) -> None:
    if head is not None and head.phase is SyncPhase.REBUILDING:
        what = f"the head is being rebuilt ({head.reason})"
        raise Refused(what, where=deployment.name, hint="take one when that is done")
    if head is None or head.phase is not SyncPhase.IN_SYNC:
        raise Refused("there is no head in sync", where=deployment.name)
