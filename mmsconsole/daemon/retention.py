"""Retention: what the policy keeps no longer is deleted, and nothing else.

A tick goes on with what was marked (by a person, or before a crash), and looks now and then what
has expired. What is to go is marked first, then users are looked for (metadata/in_use.py):

    snapshot   DELETING, no user, the event, the record, the manifests
    oplog      `oplog_from` raised, nobody needs what lies before it, the chunks from the oldest on

Blocks that nobody refers to any more stay until they are groomed.
"""

import logging

from mmsconsole.errors import AlreadyExists, Cancelled, MetadataError, MmsError, Refused
from mmsconsole.metadata.codec import to_value
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.in_use import BEGINNING, check_unused, mark_for_deletion
from mmsconsole.metadata.retaining import oplog_to_keep, retention_plan
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Fate
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.stores.deleting import retry_deletions
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

PLAN_SECONDS = 30.0
"""Between two looks at what has expired; what is marked goes sooner."""
EXPIRED_MAX = 20
"""Snapshots of one deployment in one tick: others get their turn."""


class Retention:
    """tick() is called again and again, by one thread."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._metadata = resources.metadata
        self._stopping = Cancellation()
        self._planned_at: float | None = None

    def cancel(self) -> None:
        """A tick that is under way ends soon."""
        self._stopping.cancel()

    def tick(self) -> None:
        """Raises MetadataError, Cancelled; what else fails at one deployment is tried again."""
        task = Task(self._stopping)
        retry_deletions(self._metadata, self._resources.storages, self._resources.clock.now())
        planning = self._planning()
        for deployment in list(self._metadata.deployments.listed()):
            task.check()
            try:
                self._finish(deployment)
                if planning:
                    self._expire(deployment, task)
            except (MetadataError, Cancelled):
                raise
            except MmsError as error:
                log.warning("retention of %s waits: %s", deployment.name, error)

    def _planning(self) -> bool:
        now = self._resources.clock.monotonic()
        if self._planned_at is not None and now - self._planned_at < PLAN_SECONDS:
            return False
        self._planned_at = now
        return True

    # -- snapshots

    def _finish(self, deployment: Deployment) -> None:
        for marked in list(self._metadata.snapshots.deleting(deployment.id)):
            self._remove(deployment, marked)

    def _expire(self, deployment: Deployment, task: Task) -> None:
        policy = self._policy(deployment)
        now = self._resources.clock.now()
        expired = retention_plan(self._metadata, deployment, policy, now).expired
        for fate in expired[:EXPIRED_MAX]:
            task.check()
            self._delete(deployment, fate)
        self._trim(deployment, policy, task)

    def _delete(self, deployment: Deployment, fate: Fate) -> None:
        try:
            marked = mark_for_deletion(self._metadata, fate.id, fate.why)
        except Refused as error:
            log.info("an expired snapshot stays for now: %s", error)  # somebody was faster
        else:
            self._remove(deployment, marked)

    def _remove(self, deployment: Deployment, marked: Snapshot) -> None:
        try:
            check_unused(self._metadata, marked)
        except Refused as error:
            log.info("a snapshot that was to be deleted stays: %s", error)
            return
        self._tell(marked)
        self._resources.blockstore(deployment).forget(marked)

    def _tell(self, marked: Snapshot) -> None:
        """Once, also when it is begun again after a crash. A person's decision was told of."""
        leaving = marked.leaving
        if leaving is None or leaving.by:
            return
        of = "" if marked.optime is None else f" of {marked.optime.time:%Y-%m-%d %H:%M}Z"
        event = Event(
            leaving.id, self._resources.clock.now(), "snapshot expired",
            f"snapshot {marked.id}{of} has expired: {leaving.why}", deployment=marked.deployment,
            details={"snapshot": marked.id, "before": leaving.state.value, "after": "deleted"},
        )  # fmt: skip
        try:
            self._metadata.events.add(event)
        except AlreadyExists:
            log.debug("told before: %s", event.text)

    # -- stored oplog

    def _trim(self, deployment: Deployment, policy: SnapshotPolicy, task: Task) -> None:
        keep = self._keep(deployment, policy)
        given_up = deployment.oplog_from
        if keep > (given_up or BEGINNING):
            given_up = self._move(deployment, keep)
        # Who began to need some before it was raised is seen now; who begins later sees it.
        keep = self._keep(deployment, policy)
        if given_up is not None and keep < given_up:
            given_up = self._move(self._metadata.deployments.get(deployment.id), keep)
        if given_up is not None:
            self._resources.oplog_store.cut_front(deployment.id, given_up, task)

    def _keep(self, deployment: Deployment, policy: SnapshotPolicy) -> Optime:
        now = self._resources.clock.now()
        return oplog_to_keep(self._metadata, deployment, policy, now) or BEGINNING

    def _move(self, seen: Deployment, position: Optime) -> Optime | None:
        """Where it then stands; None where somebody else has moved it."""
        moved = self._metadata.deployments.set_where(
            {"_id": seen.id, "removed": False, "oplog_from": to_value(seen.oplog_from)},
            oplog_from=position,
        )
        return None if moved is None else moved.oplog_from

    def _policy(self, deployment: Deployment) -> SnapshotPolicy:
        defaults = self._resources.settings.tree.policy.policy
        return self._metadata.policies.of(deployment, defaults)
