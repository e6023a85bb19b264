"""What /metrics tells of the members that are monitored, and of the agents. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmsconsole.monitoring.metrics import METRICS
from mmsconsole.service.exposition import Value, family, gauge, labels

MEMBERS_MAX = 1000
"""Of more, nothing is told but how many there are: the answer must end."""
PREFIX = "mmsconsole_member"


@dataclass(frozen=True, slots=True)
class MemberFigures:
    deployment: str
    member: str
    """host:port."""
    up: bool | None = None
    """None: nobody asks it."""
    seen_age_seconds: float | None = None
    primary: bool | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    """By metric; none that are old."""


@dataclass(frozen=True, slots=True)
class AgentFigures:
    agent: str
    seen_age_seconds: float
    members: int
    cpu_percent: float
    buffered: int
    dropped: int


Of = Callable[[MemberFigures], float | None]
STANDING: tuple[tuple[str, str, Of], ...] = (
    (
        "up", "1 while the member answers, 0 while it does not.",
        lambda one: None if one.up is None else float(one.up),
    ),
    (
        "seen_age_seconds", "How long ago the member answered last.",
        lambda one: one.seen_age_seconds,
    ),
    (
        "primary", "1 while the member is the primary.",
        lambda one: None if one.primary is None else float(one.primary),
    ),
)  # fmt: skip


def member_lines(members: Sequence[MemberFigures]) -> Iterator[str]:
    told = [(labels(deployment=one.deployment, member=one.member), one)
            for one in members[:MEMBERS_MAX]]  # fmt: skip
    for name, help_, of in STANDING:
        yield from gauge(f"{PREFIX}_{name}", help_, ((label, of(one)) for label, one in told))
    for metric in METRICS:
        values = ((label, one.values.get(metric.name)) for label, one in told)
        yield from gauge(f"{PREFIX}_{metric.name}", f"{metric.title}, {metric.unit}.", values)
    left_out: list[Value] = [("", float(len(members) - len(told)))] if members else []
    yield from gauge("mmsconsole_members_left_out", "Members beyond what is told here.", left_out)


def agent_lines(agents: Sequence[AgentFigures]) -> Iterator[str]:
    told = [(labels(agent=one.agent), one) for one in agents]

    def lines(name: str, help_: str, of: Callable[[AgentFigures], float]) -> list[str]:
        kind = "counter" if name.endswith("_total") else "gauge"
        values = [(label, of(one)) for label, one in told]
        return family(f"mmsconsole_monitoring_agent_{name}", help_, kind, values)

    yield from lines("seen_age_seconds", "How long ago it reported.", _age)
    yield from lines("members", "Members that it polls.", lambda one: one.members)
    yield from lines("cpu_percent", "Of one core.", lambda one: one.cpu_percent)
    yield from lines("samples_waiting", "For the metadata database.", lambda one: one.buffered)
    yield from lines(
        "samples_dropped_total", "Given up, as they had waited too long.", lambda one: one.dropped
    )


def _age(one: AgentFigures) -> float:
    return one.seen_age_seconds
