"""What /health and /metrics tell. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mmsconsole.metadata.events import Severity
from mmsconsole.service.exposition import gauge, labels
from mmsconsole.service.member_figures import AgentFigures, MemberFigures, agent_lines, member_lines


@dataclass(frozen=True, slots=True)
class DeploymentFigures:
    name: str
    state: str
    """inactive, started, stopped or resync required."""
    wrong: tuple[str, ...] = ()
    """Kinds of what is wrong with it, in a word or two; no text from outside, no secrets."""
    last_snapshot: datetime | None = None
    """That is complete."""
    last_verified: datetime | None = None
    window_start: float | None = None
    window_end: float | None = None
    """Seconds of the optimes between which any moment can be restored."""
    lag_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    version: str = ""
    deployments: tuple[DeploymentFigures, ...] = ()
    wrong: tuple[str, ...] = field(default=())
    """With the engine itself."""
    members: tuple[MemberFigures, ...] = ()
    agents: tuple[AgentFigures, ...] = ()
    alerts_open: Mapping[str, int] | None = None
    """By severity; None: not known."""
    alerts_judged: datetime | None = None
    """When this engine looked at the rules last."""


def health(figures: Figures) -> tuple[bool, str]:
    """Whether all is well, and the JSON that says so."""
    wrong = [*figures.wrong]
    wrong += [f"{one.name}: {what}" for one in figures.deployments for what in one.wrong]
    said: dict[str, object] = {"ok": not wrong}
    if wrong:
        said["wrong"] = wrong
    return not wrong, json.dumps(said) + "\n"


Of = Callable[[DeploymentFigures], float | None]

GAUGES: tuple[tuple[str, str, Of], ...] = (
    ("backup_started", "1 while the backup is started.", lambda one: float(one.state == "started")),
    (
        "last_snapshot_timestamp_seconds", "When the newest complete snapshot was taken.",
        lambda one: _seconds(one.last_snapshot),
    ),
    (
        "last_verification_timestamp_seconds", "When the newest good verification ended.",
        lambda one: _seconds(one.last_verified),
    ),
    (
        "window_start_timestamp_seconds", "First moment of the newest window.",
        lambda one: one.window_start,
    ),
    (
        "window_end_timestamp_seconds", "Last moment of the newest window.",
        lambda one: one.window_end,
    ),
    ("lag_seconds", "How far the head is behind its source.", lambda one: one.lag_seconds),
    ("problems", "Things that are wrong with the backup.", lambda one: float(len(one.wrong))),
)  # fmt: skip


def metrics(figures: Figures) -> str:
    """In the text format of Prometheus, version 0.0.4."""
    lines = [
        "# HELP mmsconsole_up 1 while the engine answers.",
        "# TYPE mmsconsole_up gauge",
        f"mmsconsole_up{labels(version=figures.version)} 1",
    ]
    for name, help_, of in GAUGES:
        values = [(labels(deployment=one.name), of(one)) for one in figures.deployments]
        lines += gauge(f"mmsconsole_{name}", help_, values)
    lines += _alert_lines(figures)
    lines += [*member_lines(figures.members), *agent_lines(figures.agents)]
    return "\n".join(lines) + "\n"


def _alert_lines(figures: Figures) -> list[str]:
    """How many, and nothing of what they say: that names hosts."""
    found = figures.alerts_open
    counts = [] if found is None else [
        (labels(severity=severity), float(found.get(severity, 0))) for severity in Severity
    ]  # fmt: skip
    judged = [("", _seconds(figures.alerts_judged))]
    return [
        *gauge("mmsconsole_alerts_open", "Open alerts that nobody acknowledged.", counts),
        *gauge(
            "mmsconsole_alerts_judged_timestamp_seconds",
            "When this engine looked at the rules of alerts last.", judged,
        ),
    ]  # fmt: skip


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
