"""Why there is nothing to be seen of a deployment, in words. Pure."""

from dataclasses import dataclass

from mmsconsole.agent.tail_warnings import said


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a deployment of which no member was ever asked."""

    name: str
    enabled: bool
    """In the settings."""
    monitored: bool
    running: bool
    """An engine."""
    begun_seconds: float
    """Since when it could have been monitored."""


def why_empty(standing: Standing) -> str:
    if not standing.enabled:
        return "monitoring is off in the settings: [monitoring] enabled = false"
    if not standing.monitored:
        begin = f"mmsconsole deployment edit {standing.name} --monitored"
        return f"it is not monitored; to change that: {begin}"
    if not standing.running:
        return "the engine does not run, so nothing is asked: mmsconsole engine"
    return f"no samples yet: monitoring began {said(standing.begun_seconds)} ago"
