"""Monitoring, answered from memory: the part of FakeOperations that is about it.

`orders` has three members and a day of samples; orders-2 did not answer for a while, five hours
ago. The views are made by what makes them in the product.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zlib import crc32

from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.members import HotCollection, MemberState, Operation, member_id
from mmsconsole.metadata.samples import Sample
from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.monitoring.metrics import METRICS, Kind, Metric, Scope, Unit
from mmsconsole.monitoring.metrics import metric as metric_named
from mmsconsole.operations import monitoring_shapes as shapes
from mmsconsole.operations.monitoring_names import member_named
from mmsconsole.operations.monitoring_series import POINTS, Reading, kept_grains, merged, planned
from mmsconsole.operations.monitoring_views import (
    AgentView,
    ElectionView,
    HealthView,
    HostView,
    LatestView,
    MemberView,
    MetricView,
    SeriesView,
    TopView,
)
from tests.support import fake_data as data
from tests.support.fake_data import GB, NOW
from tests.support.fake_desk import FakeDesk
from tests.support.judged import judged

FRESH = shapes.Freshness.of(NOW, 10.0)
GRAINS = kept_grains(10.0, 24, 7, 730)
SILENT = (NOW - timedelta(hours=5, minutes=40), NOW - timedelta(hours=5))
"""When orders-2 did not answer."""
BEGAN = NOW - timedelta(days=1)
PORT = 27017
MOST = {
    Unit.PERCENT: 100.0, Unit.BYTES: 8.0 * GB, Unit.BYTES_PER_SECOND: 4e6, Unit.PER_SECOND: 900.0,
    Unit.COUNT: 120.0, Unit.SECONDS: 9.0, Unit.MILLISECONDS: 12.0,
}  # fmt: skip
LOW = {"cache_dirty_percent": 25.0}
"""A rule of every group is about it, and all is well."""
FIXED = {"oplog_window": 187_000.0, "oplog_headroom": 186_998.0, "restarts": 0.0}


def value_at(one: Metric, host: str, at: datetime) -> float:
    """The same whenever it is asked: a day's wave, with a tremble."""
    if one.name in FIXED:
        return FIXED[one.name]
    seed = crc32(f"{one.name} {host}".encode())
    wave = 0.5 + 0.4 * math.sin(at.timestamp() / 86_400 * math.tau + seed % 7 * 0.3)
    tremble = crc32(f"{seed} {at.timestamp():.0f}".encode()) % 1000 / 1000
    found = (
        LOW.get(one.name, MOST[one.unit]) * (0.25 + seed % 50 / 100) * wave * (0.9 + 0.2 * tremble)
    )
    if one.name == "replication_lag":
        return 0.0 if host.startswith("orders-1") else round(found / 3)
    return round(found) if one.kind is Kind.GAUGE and one.unit is Unit.COUNT else found


def values_now(host: str) -> dict[str, float]:
    whole = (one for one in METRICS if one.scope in (Scope.MEMBER, Scope.HOST))
    return {one.name: value_at(one, host, NOW) for one in whole}


def state(name: str, number: int, role: str, **more: object) -> MemberState:
    host = f"{name}-{number}:{PORT}"
    made = MemberState(
        id=member_id(f"id-{name}", host), deployment=f"id-{name}", host=host, set_name=f"rs-{name}",
        state=role, asked_at=NOW - timedelta(seconds=3), seen_at=NOW - timedelta(seconds=3),
        version="6.0.5", fcv="6.0", storage_engine="wiredTiger",
        started_at=NOW - timedelta(days=40 + number, hours=3), optime=data.optime(NOW, 4),
        lag_seconds=0.0 if role == "PRIMARY" else float(number - 1),
        sync_source="" if role == "PRIMARY" else f"{name}-{max(1, number - 1)}:{PORT}",
        oplog_first=data.optime(NOW - timedelta(seconds=187_000)), oplog_last=data.optime(NOW, 4),
        elected_at=NOW - timedelta(hours=5, minutes=39) if role == "PRIMARY" else None,
        term=7, host_info={
            "operating system": "Ubuntu 22.04", "cores": "8", "memory": "16 GB", "cpu": "x86_64",
        },
        values=values_now(host),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def running(number: int, namespace: str, seconds: float, **more: object) -> Operation:
    made = Operation(
        id=f"{48_000 + number}", op="query", namespace=namespace, seconds=seconds,
        client="10.0.4.17:51822", app="shop-api", plan="IXSCAN { customer: 1 }", waiting=False,
        text="find orders filter={customer: ?}",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def states(name: str = "orders") -> list[MemberState]:
    """A set of three that is well; the third copies from the second."""
    return [
        state(
            name, 1, "PRIMARY",
            operations=(
                running(1, "shop.orders", 42.6, op="command", plan="COLLSCAN", app="report",
                        text="aggregate orders pipeline=[$match, $group]"),
                running(2, "shop.orders", 0.4),
                running(3, "shop.stock", 0.2, op="update", plan="IDHACK", waiting=True,
                        text="update stock q={_id: 7}"),
            ),
            hot=(
                HotCollection("shop.orders", 312.5, 84.0, 840.2, 96.0),
                HotCollection("shop.stock", 12.0, 140.3, 61.0, 210.4),
            ),
        ),
        state(name, 2, "SECONDARY", hot=(HotCollection("shop.orders", 20.1, 80.2, 12.0, 96.0),)),
        state(name, 3, "SECONDARY", hidden=True, priority=0.0,
              missing=("hostInfo: the user lacks the role clusterMonitor",)),
    ]  # fmt: skip


def troubled_states(name: str = "orders") -> list[MemberState]:
    """A member that does not answer, one that is locked and behind, and another version."""
    first, second, third = states(name)
    return [
        first,
        replace(second, seen_at=NOW - timedelta(minutes=14), asked_at=NOW - timedelta(seconds=4),
                error="connection refused", since=NOW - timedelta(minutes=14)),
        replace(third, locked=True, lag_seconds=412.0, version="5.0.14", sync_source=first.host),
    ]  # fmt: skip


def agent() -> Agent:
    return Agent("embedded engine-1", "engine-1", NOW - timedelta(seconds=2), 3, 0.4)


def hostile_states(evil: str) -> list[MemberState]:
    """Members whose every text comes from somebody who means no good."""
    wild = running(9, evil, 7.0, client=evil, app=evil, plan=evil, text=evil, op=evil, id=evil)
    first, *_ = states("orders")
    return [
        replace(
            first, host=f"{evil}:{PORT}", set_name=evil, state=evil, error=evil, since=NOW,
            version=evil, fcv=evil, storage_engine=evil, sync_source=evil, missing=(evil,),
            host_info={evil: evil}, operations=(wild,),
            hot=(replace(first.hot[0], namespace=evil),), certificate_ends=NOW,
            certificate_names=(evil,),
        )
    ]  # fmt: skip


@dataclass
class FakeMonitoring(FakeDesk):
    """By name of the deployment; what has no members was never seen."""

    kept_members: dict[str, list[MemberState]] = field(default_factory=dict)
    kept_agents: list[Agent] = field(default_factory=lambda: [agent()])
    monitoring_empty: str = "no samples yet: monitoring began 3 s ago"

    def metrics(self) -> list[MetricView]:
        self._reach("metrics")
        return [shapes.metric_view(one) for one in METRICS]

    def members(self, name: str) -> list[MemberView]:
        self._reach("members")
        return list(self._member_views(name))

    def member(self, name: str, host: str) -> MemberView:
        self._reach("member")
        wanted = member_named([each.host for each in self._states_of(name)], host)
        return next(each for each in self._member_views(name) if each.host == wanted)

    def health(self, name: str) -> HealthView:
        self._reach("health")
        states = self._states_of(name)
        primary = next((each.host for each in states if each.state == PRIMARY), "")
        shown = replace(self._shown_of(name), primary=primary, troubles=judged(states, NOW))
        return shapes.health_view(
            shown, self._member_views(name),
            [ElectionView(NOW - timedelta(hours=5, minutes=39), f"{name}-1:{PORT}", 7)]
            if states else [],
            self._agent_views(),
        )  # fmt: skip

    def metric_series(
        self, name: str, metric: str, *, member: str | None = None,
        since: datetime | None = None, until: datetime | None = None, points: int = POINTS,
    ) -> list[SeriesView]:  # fmt: skip
        self._reach("metric_series")
        asked, until = metric_named(metric), until or NOW
        reading = planned(GRAINS, since or until - timedelta(hours=1), until, NOW, points=points)
        hosts = [each.host for each in self._states_of(name)]
        chosen = hosts if member is None else [member_named(hosts, member)]
        return [
            SeriesView(
                name, asked.name, asked.unit.value, host, "", reading.kept.grain.value,
                reading.step_seconds, reading.since, reading.until,
                merged(_samples(asked, host, reading), asked.name, reading),
            )
            for host in chosen
        ]  # fmt: skip

    def metrics_now(self, name: str, member: str | None = None) -> list[LatestView]:
        self._reach("metrics_now")
        return shapes.latest_views(METRICS, self._chosen(name, member), FRESH)

    def operations_now(self, name: str, member: str | None = None) -> TopView:
        self._reach("operations_now")
        return shapes.top_view(self._shown_of(name), self._chosen(name, member), FRESH)

    def agents(self) -> list[AgentView]:
        self._reach("agents")
        return self._agent_views()

    def hosts(self, name: str) -> list[HostView]:
        self._reach("hosts")
        measured = {one.name for one in METRICS if one.scope is Scope.HOST}
        return shapes.hosts_of(self._states_of(name), measured)

    def _states_of(self, name: str) -> list[MemberState]:
        self.deployment(name)
        return self.kept_members.get(name, [])

    def _chosen(self, name: str, member: str | None) -> list[MemberState]:
        found = self._states_of(name)
        if member is None:
            return found
        wanted = member_named([each.host for each in found], member)
        return [each for each in found if each.host == wanted]

    def _member_views(self, name: str) -> tuple[MemberView, ...]:
        return shapes.in_order(
            shapes.member_view(each, name, FRESH) for each in self._states_of(name)
        )

    def _agent_views(self) -> list[AgentView]:
        return [shapes.agent_view(each, FRESH) for each in self.kept_agents]

    def _shown_of(self, name: str) -> shapes.Shown:
        empty = "" if self._states_of(name) else self.monitoring_empty
        return shapes.Shown(name, f"rs-{name}", True, empty, NOW)


def _samples(one: Metric, host: str, reading: Reading) -> Iterator[Sample]:
    """As many as there will be points; none from before it began, and where it was silent."""
    step = timedelta(seconds=reading.step_seconds)
    at = reading.since
    while at < reading.until:
        silent = "-2:" in host and SILENT[0] <= at <= SILENT[1]
        if BEGAN <= at <= NOW and not silent:
            value = value_at(one, host, at)
            values = {
                one.name: value, f"{one.name}__min": value * 0.9, f"{one.name}__max": value * 1.1,
            }  # fmt: skip
            yield Sample(f"id-{host}", host, at, values)
        at += step
