"""A removed deployment's traces: records first, then what they referred to."""

import shutil
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.metadata.heads import Head
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "removing"
"""Counts heads, then snapshots and oplog chunks."""


def remove_deployment(resources: Resources, deployment_id: str, task: Task) -> None:
    """Safe to be called again. Blocks stay until they are groomed; events stay as the audit."""
    metadata = resources.metadata
    deployment = metadata.deployments.find(deployment_id)
    if deployment is None:
        return
    heads = list(metadata.heads.of(deployment_id))
    for number, head in enumerate(heads):
        task.report(PHASE, number, len(heads))
        remove_head(resources, head, task)
    blockstore = resources.blockstore(deployment.group)
    for snapshot in metadata.snapshots.of(deployment_id):
        task.check()
        blockstore.forget(snapshot)
    resources.oplog_store.drop(deployment_id, task)
    metadata.tails.remove(deployment_id)
    metadata.lag_samples.collection.delete_many({"deployment": deployment_id})
    metadata.deployments.remove(deployment_id)


def remove_head(resources: Resources, head: Head, task: Task) -> None:
    """Its files, its slices, then its record: the record is what finds the files again."""
    resources.metadata.heads.set(head.id, active=False)
    resources.metadata.sync_collections.drop(head.id)
    resources.sync_store.drop(head.id, task)
    path = Path(head.path)
    with disk_errors(head.path):
        if path.is_dir():
            shutil.rmtree(path)
    resources.metadata.heads.remove(head.id)
