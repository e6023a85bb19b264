"""A removed deployment's traces: records first, then what they referred to."""

from dataclasses import replace

from mmsconsole.metadata.links import LinkState
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.placing import remove_head
from mmsconsole.task import Task

PHASE = "removing (heads)"
REMOVED = "its deployment was removed"


def remove_deployment(resources: Resources, deployment_id: str, task: Task) -> None:
    """Safe to be called again. Blocks stay until they are groomed; events stay as the audit."""
    metadata = resources.metadata
    deployment = metadata.deployments.find(deployment_id)
    if deployment is None:
        return
    for link in list(metadata.links.open(deployment_id)):
        metadata.links.end(link.id, LinkState.REVOKED, resources.clock.now(), REMOVED)
    heads = list(metadata.heads.of(deployment_id))
    for number, head in enumerate(heads):
        task.report(PHASE, number, len(heads))
        remove_head(resources, head, task)
    blockstore = resources.blockstore(deployment)
    for snapshot in metadata.snapshots.of(deployment_id):
        task.check()
        blockstore.forget(replace(snapshot, leaving=None))
    blockstore.sweep_manifests(deployment_id, task)
    resources.oplog_store.drop(deployment_id, task)
    metadata.window_ends.drop(deployment_id)
    metadata.validations.drop(deployment_id)
    metadata.witnesses.drop(deployment_id)
    metadata.openings.close(deployment_id)
    metadata.policies.remove(deployment_id)
    metadata.alert_rules.drop(deployment_id)
    metadata.tails.remove(deployment_id)
    metadata.lag_samples.drop(deployment_id)
    metadata.members.drop(deployment_id)
    metadata.samples.drop(deployment_id)
    metadata.deployments.remove(deployment_id)
