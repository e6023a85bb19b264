"""How it stands with the verifications of a deployment, as its records say."""

from datetime import datetime, timedelta

from mmsconsole.agent.tail_warnings import Warned
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.settings import Settings
from mmsconsole.strategies.witnessing import verify_of
from mmsconsole.verification.warning import warning_of


def verification_warning(
    metadata: Metadata, settings: Settings, deployment: Deployment, now: datetime
) -> Warned:
    return warning_of(
        verify_of(metadata, settings, deployment),
        list(metadata.snapshots.complete(deployment.id)),
        metadata.witnesses.of(deployment.id),
        timedelta(hours=settings.tree.verification.warn_hours),
        now,
    )


def last_verified(metadata: Metadata, deployment_id: str) -> Snapshot | None:
    """The newest snapshot that was found good."""
    complete = list(metadata.snapshots.complete(deployment_id))
    good = [one for one in complete if one.verdict is Verdict.GOOD]
    return good[-1] if good else None
