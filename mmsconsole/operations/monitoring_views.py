"""What Operations answers of monitoring: frozen, complete, without secrets.

All of it is read from the metadata database: nobody who looks asks a member.
"""

from dataclasses import dataclass, field
from datetime import datetime

from mmsconsole.metadata.members import HotCollection, Operation
from mmsconsole.optime import Optime

WARNING, CRITICAL = "warning", "critical"
WORKING = ("PRIMARY", "SECONDARY", "ARBITER", "STANDALONE")
"""States of members in which they do what they are there for."""


@dataclass(frozen=True, slots=True)
class MetricView:
    """One line of the catalogue."""

    name: str
    title: str
    unit: str
    kind: str
    """gauge, rate or ratio."""
    scope: str
    """member, host, database or collection."""
    chart: str
    """Those of one chart share it."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member as it was last seen."""

    deployment: str
    """The deployment's name."""
    host: str
    """host:port."""
    set_name: str
    state: str
    """PRIMARY, SECONDARY, ARBITER … or STANDALONE; as it was last seen; "": never seen."""
    up: bool
    """It answered when it was asked last, and that was not long ago."""
    stale: bool
    """Nobody has asked it for several intervals: what is told of it is old."""
    asked_at: datetime | None
    seen_at: datetime | None
    """When it answered last; None: never."""
    error: str
    """Why it did not answer, or only half; empty when all is well."""
    since: datetime | None
    """When the error began."""
    version: str
    fcv: str
    storage_engine: str
    started_at: datetime | None
    uptime_seconds: float | None
    """When it was last seen."""
    optime: Optime | None
    lag_seconds: float | None
    """Behind the primary; None where that is not known."""
    sync_source: str
    oplog_first: Optime | None
    oplog_last: Optime | None
    oplog_window_seconds: float | None
    hidden: bool
    arbiter: bool
    locked: bool
    """By fsyncLock."""
    delay_seconds: int
    priority: float
    votes: int
    healthy: bool
    """It answers, and the primary reaches it, as far as that is known."""
    elected_at: datetime | None
    term: int | None
    certificate_ends: datetime | None
    certificate_names: tuple[str, ...] = ()
    host_info: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """What could not be asked, and why, in words."""
    values: dict[str, float] = field(default_factory=dict)
    """By metric: of the newest sample."""


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A member, and those that copy the oplog from it."""

    host: str
    state: str
    lag_seconds: float | None
    up: bool
    followers: "tuple[ChainNode, ...]" = ()


@dataclass(frozen=True, slots=True)
class ElectionView:
    at: datetime
    host: str
    """Who was elected."""
    term: int | None


@dataclass(frozen=True, slots=True)
class HealthWarning:
    kind: str
    """For programs: one of ORDER in monitoring_health.py."""
    level: str
    """warning or critical."""
    text: str
    host: str = ""
    """The member that it is about; empty: the whole deployment."""


@dataclass(frozen=True, slots=True)
class CostView:
    """What the last poll of a member cost; None: not known."""

    host: str
    poll_ms: float | None
    """From the question to the answer."""
    cpu_ms: float | None
    """On our side."""
    server_ms: float | None
    """That the server says it worked for us."""


@dataclass(frozen=True, slots=True)
class AgentView:
    """A monitoring agent: one is a part of every engine."""

    id: str
    engine: str
    up: bool
    """It was seen not long ago."""
    seen_at: datetime
    members: int
    """That it polls."""
    cpu_percent: float
    """Of one core."""
    late: int
    """Polls that began late, so far."""
    buffered: int
    """Samples that wait for the metadata database."""
    dropped: int
    """Samples that were given up, so far: the buffer was full."""
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True)
class HealthView:
    deployment: str
    set_name: str
    kind: str
    """replica set or standalone."""
    monitored: bool
    at: datetime
    """When this was put together."""
    empty: str
    """Why there is nothing to be seen, in words; "" where there is something."""
    primary: str
    """host:port, also where others follow it and only we do not reach it; "": none is known."""
    members: tuple[MemberView, ...]
    """The primary first, then by name."""
    chain: tuple[ChainNode, ...]
    """Roots: the primary, and members of which nobody knows whom they follow."""
    elections: tuple[ElectionView, ...]
    """Of the last day, newest first."""
    warnings: tuple[HealthWarning, ...]
    """The critical ones first."""
    missing: tuple[str, ...]
    """What could not be asked, and why; each thing once, with the members that it is true of."""
    costs: tuple[CostView, ...]
    agents: tuple[AgentView, ...]

    @property
    def well(self) -> bool:
        """Something is known, and nothing is wrong."""
        return not self.warnings and not self.empty


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    at: datetime
    value: float | None
    """The mean of what it stands for; None: here nothing is known, and no line shall be drawn."""
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One metric of one member, oldest point first."""

    deployment: str
    metric: str
    unit: str
    member: str
    """host:port."""
    part: str
    """Database or db.collection, of metrics that are of such; else empty."""
    grain: str
    """10s, 1m or 1h: what it was read from."""
    seconds: float
    """That one point stands for."""
    since: datetime
    until: datetime
    points: tuple[SeriesPoint, ...]

    @property
    def last(self) -> float | None:
        return next(
            (point.value for point in reversed(self.points) if point.value is not None), None
        )


@dataclass(frozen=True, slots=True)
class TopOperation:
    host: str
    state: str
    """Of the member."""
    operation: Operation


@dataclass(frozen=True, slots=True)
class TopCollection:
    host: str
    state: str
    collection: HotCollection


@dataclass(frozen=True, slots=True)
class TopView:
    """What runs now: as of the last poll, of all members or one."""

    deployment: str
    at: datetime
    members: tuple[MemberView, ...]
    operations: tuple[TopOperation, ...]
    """The longest first."""
    hot: tuple[TopCollection, ...]
    """Collections, by the time that they take."""
    empty: str = ""
    """As in HealthView."""


@dataclass(frozen=True, slots=True)
class HostView:
    """A machine that members run on."""

    name: str
    """Without a port."""
    members: tuple[str, ...]
    """host:port of those that run on it."""
    seen_at: datetime | None
    info: dict[str, str]
    """As hostInfo tells it: operating system, cores, memory …"""
    values: dict[str, float]
    """By metric of the scope "host"; empty where the server tells nothing of its machine."""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LatestView:
    """The newest values of all members, one metric: a row of `metrics NAME`."""

    metric: MetricView
    values: dict[str, float]
    """By member, or member/part; without those that are too old."""
