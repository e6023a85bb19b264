"""A new head: which folder, which mongod, which featureCompatibilityVersion. And its end."""

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.errors import MmsError, SourceError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head
from mmsconsole.mongod.binaries import choose_binary
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.origin import origin_of
from mmsconsole.task import Task

log = logging.getLogger(__name__)


def new_head(resources: Resources, deployment: Deployment) -> Head:
    """Its record, with the deployment pointing to it; the head before it is given up.

    Raises NoSuitableMongod, SourceError, and what asking the source raises.
    """
    source = origin_of(deployment, deployment.sync_from).replica_set()
    if source.fcv_changes:
        what = "its featureCompatibilityVersion is being changed; a head is made when that is done"
        raise SourceError(what, where=source.name)
    binary = choose_binary(resources.binaries, source.server_version, source.fcv)
    id_, path = new_place(resources)
    metadata = resources.metadata
    for earlier in list(metadata.heads.of(deployment.id)):
        metadata.heads.set_where({"_id": earlier.id}, active=False)
    head = metadata.heads.add(
        Head(
            id=id_, deployment=deployment.id, path=str(path),
            mongod_version=str(binary.version), fcv=source.fcv, created_at=resources.clock.now(),
        )
    )  # fmt: skip
    metadata.deployments.set(
        deployment.id, head=id_, server_version=source.server_version, fcv=source.fcv
    )
    return head


def new_place(resources: Resources) -> tuple[str, Path]:
    """The id of a head to be made, and its folder, which is not there yet."""
    id_ = new_id()
    return id_, _roomiest(resources.settings.head_folders) / id_


def remove_replaced(resources: Resources, deployment_id: str | None = None) -> None:
    """Heads that were given up: of one deployment, or all of them. Nothing runs on them.

    What can not be removed is told of, and tried again when the next engine starts.
    """
    query = {"active": False} | ({"deployment": deployment_id} if deployment_id else {})
    for head in list(resources.metadata.heads.all(query)):
        try:
            remove_head(resources, head, Task())
        except MmsError as error:
            log.warning("the replaced head %s could not be removed: %s", head.id, error)


def remove_head(resources: Resources, head: Head, task: Task) -> None:
    """Its files, its slices, then its record: the record is what finds the files again."""
    resources.metadata.heads.set_where({"_id": head.id}, active=False)
    resources.metadata.sync_collections.drop(head.id)
    resources.sync_store.drop(head.id, task)
    path = Path(head.path)
    with disk_errors(head.path):
        if path.is_dir():
            shutil.rmtree(path)
    resources.metadata.heads.remove(head.id)


def _roomiest(folders: Iterable[Path]) -> Path:
    return max(folders, key=_free_bytes)


def _free_bytes(folder: Path) -> int:
    with disk_errors(str(folder)):
        make_folders(folder)
        return shutil.disk_usage(folder).free
