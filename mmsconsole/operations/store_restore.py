"""Restores from a store alone: no engine, no home, no record but those that the store gives."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.errors import NotFound
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.recovery_views import StoreContents, StoredDeployment, StoreRestored
from mmsconsole.recovery.rebuilding import Extent, Oplog, Rebuilding
from mmsconsole.recovery.report import Report
from mmsconsole.recovery.temporary import STORE
from mmsconsole.restore.restoring import Restoring
from mmsconsole.storage.urls import shown_url
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

LATEST = "latest"
WHAT_IT_HOLDS = "what it holds: mmsconsole store restore URL --list"


@dataclass(frozen=True, slots=True)
class StoreWish:
    """A snapshot as it is, or a moment; neither: the newest moment."""

    deployment: str
    target: Path
    snapshot: str | None = None
    at: str | None = None

    @property
    def extent(self) -> Extent:
        """A snapshot needs nothing of the stored oplog; a moment no place of a block."""
        oplog = Oplog.HEADERS if self.snapshot is None else Oplog.NONE
        return Extent(oplog, blocks=False, deployment=self.deployment)


def contents(resources: Resources, task: Task) -> StoreContents:
    """What the store holds. Raises StorageError, MetadataError, Cancelled."""
    report = _found(resources, Extent(Oplog.HEADERS, blocks=False), task)
    operations = _operations(resources)
    url = resources.settings.store(STORE).url.get_secret_value()
    listed = resources.metadata.deployments.listed()
    return StoreContents(
        shown_url(url),
        tuple(_told(operations, deployment) for deployment in listed),
        tuple(report.told),
    )


def _told(operations: Operations, deployment: Deployment) -> StoredDeployment:
    status = operations.backup_status(deployment.name)
    snapshots = operations.snapshots(deployment.name)
    return StoredDeployment(
        name=deployment.name,
        set_name=deployment.set_name,
        server_version=deployment.server_version,
        snapshots=tuple(one for one in snapshots if one.state == "complete"),
        windows=status.windows,
        gaps=status.gaps,
    )


def restore(
    resources: Resources, wish: StoreWish, tell: Callable[[str], None], task: Task
) -> StoreRestored:
    """Nothing is left in the target when it fails or is cancelled. `tell`: what people should
    know of it.

    Raises NotFound, OutsideWindow and what else Operations.plan_restore raises, and what
    Restoring.run raises.
    """
    report = _found(resources, wish.extent, task)
    for told in report.told:
        tell(told)
    if wish.deployment not in report.deployments:
        raise NotFound(f"the store has no deployment {wish.deployment!r}", hint=WHAT_IT_HOLDS)
    if wish.snapshot is not None and resources.metadata.snapshots.find(wish.snapshot) is None:
        raise NotFound(f"the store has no snapshot {wish.snapshot!r}", hint=WHAT_IT_HOLDS)
    operations = _operations(resources)
    at = wish.at or (LATEST if wish.snapshot is None else None)
    planned = operations.plan_restore(
        wish.deployment, snapshot=wish.snapshot, at=at, target=wish.target
    )
    tell(f"restoring to {planned.target}: {planned.in_words}")
    asked = operations.start_restore(
        wish.deployment, snapshot=wish.snapshot, at=at, target=wish.target
    )
    done = Restoring(resources, resources.metadata.restores.get(asked.id)).run(task)
    return StoreRestored(
        wish.deployment, done.snapshot, done.optime, done.target, done.bytes, done.finished_at
    )


def _found(resources: Resources, extent: Extent, task: Task) -> Report:
    return Rebuilding(resources, STORE, extent).run(task)


def _operations(resources: Resources) -> Operations:
    return Operations(resources.metadata, resources.settings, resources.clock, Actor.of_process())
