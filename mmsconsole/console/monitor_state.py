"""What the pages of monitoring show, and the questions that fill it."""

from dataclasses import dataclass

from mmsconsole.console import actions
from mmsconsole.console.charts import Chart
from mmsconsole.console.ports import Reading
from mmsconsole.console.state import Query, Reader, State
from mmsconsole.operations.monitoring_views import (
    HealthView,
    HostView,
    MetricView,
    SeriesView,
    TopView,
)

REQUESTS, LAG, CPU = "network_requests", "replication_lag", "host_cpu_percent"
"""What is drawn small beside members and machines."""
SPARK_POINTS = 60

Series = tuple[SeriesView, ...]


@dataclass(frozen=True, slots=True)
class HealthState(State):
    health: HealthView
    requests: Series
    """Of the last hour, by member."""
    lag: Series


@dataclass(frozen=True, slots=True)
class ChartState(State):
    """Also of the pinned charts. The series are asked for apart, when they are needed."""

    health: HealthView
    metrics: tuple[MetricView, ...]


@dataclass(frozen=True, slots=True)
class TopState(State):
    top: TopView


@dataclass(frozen=True, slots=True)
class HostState(State):
    hosts: tuple[HostView, ...]
    empty: str
    """Why nothing is known, in words."""
    cpu: Series


def read_health(operations: Reading, query: Query) -> State:
    name = query.place.deployment
    return HealthState(
        operations.engine(),
        operations.deployment(name),
        operations.health(name),
        _small(operations, query, REQUESTS),
        _small(operations, query, LAG),
    )


def read_chart(operations: Reading, query: Query) -> State:
    name = query.place.deployment
    return ChartState(
        operations.engine(),
        operations.deployment(name),
        operations.health(name),
        tuple(operations.metrics()),
    )


def read_top(operations: Reading, query: Query) -> State:
    name = query.place.deployment
    return TopState(
        operations.engine(), operations.deployment(name), operations.operations_now(name)
    )


def read_host(operations: Reading, query: Query) -> State:
    name = query.place.deployment
    return HostState(
        operations.engine(),
        operations.deployment(name),
        tuple(operations.hosts(name)),
        operations.health(name).empty,
        _small(operations, query, CPU),
    )


def _small(operations: Reading, query: Query, metric: str) -> Series:
    """The last hour; it begins at a round moment, so that the answer changes with a point alone."""
    since, until = Chart().window(query.now)
    return tuple(
        operations.metric_series(
            query.place.deployment, metric, since=since, until=until, points=SPARK_POINTS
        )
    )


READERS: dict[str, Reader] = {
    actions.HEALTH: read_health,
    actions.CHART: read_chart,
    actions.PINS: read_chart,
    actions.TOP: read_top,
    actions.HOST: read_host,
}
