"""What an engine runs beside its backups."""

from mmsconsole.alerts.alerting import Alerting
from mmsconsole.engine.parts import MakeBeside
from mmsconsole.monitoring.agent import MonitoringAgent
from mmsconsole.stores.resources import Resources


def monitoring(resources: Resources, engine: str) -> MonitoringAgent:
    settings = resources.settings.tree.monitoring
    return MonitoringAgent(settings, resources.metadata, resources.clock, engine)


BESIDE: tuple[MakeBeside, ...] = (monitoring, Alerting)
"""Started in this order, behind the daemon, and stopped before it."""
