"""What is kept of a deployment, and what goes: one function for who asks and for who deletes."""

from datetime import datetime

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.facts import facts_of, retention_now
from mmsconsole.metadata.in_use import oplog_needed, used_by
from mmsconsole.optime import Optime
from mmsconsole.policy.fates import RetentionPlan
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.policy.retention import oplog_start, plan


def retention_plan(
    metadata: Metadata, deployment: Deployment, policy: SnapshotPolicy, now: datetime
) -> RetentionPlan:
    """`now`: the wall clock's; the plan goes by the observed oplog time where that is earlier."""
    facts = facts_of(metadata, deployment.id, used_by(metadata, deployment.id))
    return plan(policy, facts, retention_now(metadata, deployment.id, now))


def oplog_to_keep(
    metadata: Metadata, deployment: Deployment, policy: SnapshotPolicy, now: datetime
) -> Optime | None:
    """Stored oplog behind this is needed, by the policy or by somebody at work; None: all."""
    facts = facts_of(metadata, deployment.id, used_by(metadata, deployment.id))
    observed = retention_now(metadata, deployment.id, now)
    return oplog_start(policy, facts, observed, oplog_needed(metadata, deployment))
