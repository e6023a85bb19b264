"""What /health and /metrics tell. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

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
    lines += [*member_lines(figures.members), *agent_lines(figures.agents)]
    return "\n".join(lines) + "\n"


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
