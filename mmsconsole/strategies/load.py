"""What the source of a deployment may be burdened with, as its record and the settings say."""

from mmsconsole.agent.pressure import PressureLimits
from mmsconsole.agent.source_load import LoadLimits
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.rate import MEGABYTE
from mmsconsole.stores.resources import Resources


def load_limits(resources: Resources, deployment: Deployment) -> LoadLimits:
    """As the deployment's record is now: it may be edited while a copy runs."""
    settings = resources.settings.tree.backup
    newest = resources.metadata.deployments.find(deployment.id) or deployment
    return LoadLimits(
        newest.sync_mb_per_second * MEGABYTE,
        PressureLimits(
            cache_dirty_percent=settings.pause_cache_dirty_percent,
            cache_used_percent=settings.pause_cache_used_percent,
            tickets_percent=settings.pause_tickets_percent,
            lag_seconds=settings.pause_lag_seconds,
        ),
    )
