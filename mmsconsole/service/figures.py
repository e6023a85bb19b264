"""What /health and /metrics tell. Pure."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime


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
        f'mmsconsole_up{{version="{_escaped(figures.version)}"}} 1',
    ]
    for name, help_, of in GAUGES:
        values = [(one.name, of(one)) for one in figures.deployments]
        lines += _gauge(f"mmsconsole_{name}", help_, values)
    return "\n".join(lines) + "\n"


def _gauge(name: str, help_: str, values: Iterable[tuple[str, float | None]]) -> list[str]:
    """Nothing stands where nothing is known: 0 would be a lie."""
    lines = [
        f'{name}{{deployment="{_escaped(label)}"}} {value!r}'
        for label, value in values
        if value is not None
    ]
    return [f"# HELP {name} {help_}", f"# TYPE {name} gauge", *lines] if lines else []


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
