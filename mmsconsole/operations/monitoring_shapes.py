"""Records of monitoring as views. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mmsconsole.alerts.member_judging import Trouble
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.members import MemberState
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.monitoring.schedule import BACK_OFF_SECONDS
from mmsconsole.operations.monitoring_chain import chain_of, elections_of
from mmsconsole.operations.monitoring_health import Seen, warnings_of
from mmsconsole.operations.monitoring_names import machine_of
from mmsconsole.operations.monitoring_views import (
    AgentView,
    CostView,
    ElectionView,
    HealthView,
    HostView,
    LatestView,
    MemberView,
    MetricView,
    TopCollection,
    TopOperation,
    TopView,
)

if TYPE_CHECKING:
    from mmsconsole.monitoring.metrics import Metric

STALE_INTERVALS = 4
STALE_SECONDS_MIN = 30.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is older than `seconds` is told of as old."""

    now: datetime
    seconds: float

    @classmethod
    def of(cls, now: datetime, interval_seconds: float) -> "Freshness":
        return cls(now, max(STALE_SECONDS_MIN, STALE_INTERVALS * interval_seconds))

    def holds(self, at: datetime | None) -> bool:
        return self._holds_for(at, self.seconds)

    def asks(self, member: MemberState) -> bool:
        """Whether somebody still does. One that does not answer is asked seldom."""
        pause = BACK_OFF_SECONDS if member.error else 0.0
        return self._holds_for(member.asked_at, self.seconds + pause)

    def _holds_for(self, at: datetime | None, seconds: float) -> bool:
        return at is not None and self.now - at <= timedelta(seconds=seconds)


def metric_view(metric: "Metric") -> MetricView:
    return MetricView(
        metric.name, metric.title, metric.unit.value, metric.kind.value, metric.scope.value,
        metric.chart,
    )  # fmt: skip


def member_view(state: MemberState, deployment: str, fresh: Freshness) -> MemberView:
    """`deployment`: its name."""
    seen, started = state.seen_at, state.started_at
    window = None
    if state.oplog_first is not None and state.oplog_last is not None:
        window = float(state.oplog_last.t - state.oplog_first.t)
    return MemberView(
        deployment=deployment, host=state.host, set_name=state.set_name, state=state.state,
        up=_is_up(state, fresh), stale=not fresh.asks(state),
        asked_at=state.asked_at, seen_at=seen, error=state.error, since=state.since,
        version=state.version, fcv=state.fcv, storage_engine=state.storage_engine,
        started_at=started,
        uptime_seconds=_between(started, seen),
        optime=state.optime, lag_seconds=state.lag_seconds, sync_source=state.sync_source,
        oplog_first=state.oplog_first, oplog_last=state.oplog_last, oplog_window_seconds=window,
        hidden=state.hidden, arbiter=state.arbiter, locked=state.locked,
        delay_seconds=state.delay_seconds, priority=state.priority, votes=state.votes,
        healthy=state.healthy, elected_at=state.elected_at, term=state.term,
        certificate_ends=state.certificate_ends, certificate_names=state.certificate_names,
        host_info=state.host_info, missing=state.missing, values=state.values,
    )  # fmt: skip


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else (end - begin).total_seconds()


def _is_up(state: MemberState, fresh: Freshness) -> bool:
    return state.seen_at is not None and not state.error and fresh.asks(state)


def agent_view(agent: Agent, fresh: Freshness) -> AgentView:
    return AgentView(
        agent.id, agent.engine, fresh.holds(agent.seen_at), agent.seen_at, agent.members,
        agent.cpu_percent, agent.late, agent.buffered, agent.dropped, agent.dropped_at,
    )  # fmt: skip


def cost_view(member: MemberView) -> CostView:
    values = member.values
    return CostView(
        member.host, values.get("poll_ms"), values.get("poll_cpu_ms"), values.get("poll_server_ms")
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """The deployment that is looked at."""

    name: str
    set_name: str
    monitored: bool
    empty: str
    """Why there is nothing to be seen, in words."""
    now: datetime
    primary: str = ""
    """host:port; also of one that others follow and only we do not reach; "": none is known."""
    troubles: tuple[Trouble, ...] = ()
    """As its alerts have them."""


def in_order(members: Iterable[MemberView]) -> tuple[MemberView, ...]:
    """The primary first, then by name."""
    return tuple(sorted(members, key=lambda member: (member.state != PRIMARY, member.host)))


def health_view(
    shown: Shown, members: tuple[MemberView, ...], elections: Iterable[ElectionView],
    agents: Iterable[AgentView],
) -> HealthView:  # fmt: skip
    """`elections`: those that were noticed."""
    replicated = not any(member.state == "STANDALONE" for member in members)
    return HealthView(
        deployment=shown.name,
        set_name=shown.set_name,
        kind="replica set" if replicated else "standalone",
        monitored=shown.monitored,
        at=shown.now,
        empty=shown.empty,
        primary=shown.primary,
        members=members,
        chain=chain_of(members),
        elections=elections_of(members, elections, shown.now),
        warnings=warnings_of(Seen(members, shown.troubles, replicated)),
        missing=missing_of(members),
        costs=tuple(cost_view(member) for member in members),
        agents=tuple(agents),
    )


def top_view(shown: Shown, states: Sequence[MemberState], fresh: Freshness) -> TopView:
    running = [
        TopOperation(each.host, each.state, one) for each in states for one in each.operations
    ]
    hot = [TopCollection(each.host, each.state, one) for each in states for one in each.hot]
    return TopView(
        deployment=shown.name,
        at=shown.now,
        members=in_order(member_view(each, shown.name, fresh) for each in states),
        operations=tuple(sorted(running, key=lambda one: -one.operation.seconds)),
        hot=tuple(sorted(hot, key=_busy_ms, reverse=True)),
        empty=shown.empty,
    )


def _busy_ms(one: TopCollection) -> float:
    return one.collection.reads_ms + one.collection.writes_ms


def latest_views(
    metrics: Iterable["Metric"], states: Sequence[MemberState], fresh: Freshness
) -> list[LatestView]:
    """In the order of the metrics, without those that nobody has."""
    seen = [state for state in states if fresh.holds(state.seen_at)]
    rows = (
        LatestView(
            metric_view(one),
            {each.host: each.values[one.name] for each in seen if one.name in each.values},
        )
        for one in metrics
    )
    return [row for row in rows if row.values]


def missing_of(members: Iterable[MemberView]) -> tuple[str, ...]:
    """What could not be asked; each thing once, with the members that it is true of."""
    found: dict[str, list[str]] = {}
    for member in members:
        for what in member.missing:
            found.setdefault(what, []).append(member.host)
    return tuple(f"{what} ({', '.join(hosts)})" for what, hosts in found.items())


def hosts_of(states: Iterable[MemberState], measured: Collection[str]) -> list[HostView]:
    """The machines that members run on, by name. `measured`: values that are of a machine."""
    machines: dict[str, list[MemberState]] = {}
    for state in states:
        machines.setdefault(machine_of(state.host), []).append(state)
    return [_host_view(name, on_it, measured) for name, on_it in sorted(machines.items())]


def _host_view(name: str, members: Sequence[MemberState], measured: Collection[str]) -> HostView:
    """As the one tells it that was seen last."""
    seen = [state for state in members if state.seen_at is not None]
    best = max(seen, key=lambda state: (state.seen_at, bool(state.host_info)), default=members[0])
    return HostView(
        name=name,
        members=tuple(state.host for state in members),
        seen_at=best.seen_at,
        info=best.host_info,
        values={key: value for key, value in best.values.items() if key in measured},
        missing=best.missing,
    )
