"""What monitoring answers, one of every view."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.cli.series import PointRow
from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.members import HotCollection, MemberState, Operation
from mmsconsole.operations import monitoring_shapes as shapes
from mmsconsole.operations.monitoring_views import (
    HostView,
    LatestView,
    MetricView,
    SeriesPoint,
    SeriesView,
)
from mmsconsole.optime import Optime
from tests.support.judged import judged

NOW = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
NOON = int(NOW.timestamp())
FRESH = shapes.Freshness.of(NOW, 10.0)
SHOWN = shapes.Shown("shop", "rs0", True, "", NOW, primary="db1:27017")


def state(number: int, role: str, **changes: Any) -> MemberState:
    host = f"db{number}:27017"
    made = MemberState(
        f"d1/{host}", "d1", host, "rs0", role, NOW, NOW, version="6.0.5", fcv="6.0",
        storage_engine="wiredTiger", started_at=NOW - timedelta(days=3), optime=Optime(NOON, 1),
        lag_seconds=0.0, sync_source="" if role == "PRIMARY" else "db1:27017",
        oplog_first=Optime(NOON - 100_000, 1), oplog_last=Optime(NOON, 1), term=4,
    )  # fmt: skip
    return replace(made, **changes)


STATES = (
    state(
        1, "PRIMARY", elected_at=NOW - timedelta(hours=2), certificate_names=("db1", "db1.example"),
        certificate_ends=NOW + timedelta(days=200), host_info={"cores": "8", "memory": "16 GB"},
        values={"poll_ms": 3.5, "poll_cpu_ms": 1.25, "poll_server_ms": 0.5},
        operations=(
            Operation("77", "command", "shop.orders", 42.6, "10.0.4.17:51822", "report", "COLLSCAN",
                      False, "aggregate orders pipeline=[$match]"),
            Operation("78", "update", "shop.stock", 0.25, "10.0.4.18:4", "", "IDHACK", True,
                      "update"),
        ),
        hot=(HotCollection("shop.orders", 312.5, 84.0, 840.2, 96.0),),
    ),
    state(2, "SECONDARY", lag_seconds=412.0, locked=True, hidden=True, delay_seconds=60,
          priority=0.0, missing=("hostInfo: not allowed",)),
    state(3, "SECONDARY", seen_at=NOW - timedelta(minutes=14), error="connection refused",
          since=NOW - timedelta(minutes=14), sync_source="db2:27017"),
)  # fmt: skip
MEMBERS = shapes.in_order(shapes.member_view(each, "shop", FRESH) for each in STATES)
AGENTS = (
    shapes.agent_view(
        Agent("embedded e1", "e1", NOW, 3, 0.4, late=2, buffered=5, dropped=7, dropped_at=NOW),
        FRESH,
    ),
)
WELL = tuple(
    shapes.member_view(state(number, role), "shop", FRESH)
    for number, role in ((1, "PRIMARY"), (2, "SECONDARY"), (3, "SECONDARY"))
)
QUERIES = MetricView(
    "opcounters_query", "Queries", "per second", "rate", "member", "Opcounters"
)  # fmt: skip
LAG = MetricView("replication_lag", "Replication lag", "seconds", "gauge", "member", "Lag")
SERIES = SeriesView(
    "shop", "opcounters_query", "per second", "db1:27017", "", "10s", 10.0,
    NOW - timedelta(minutes=1), NOW,
    (
        SeriesPoint(NOW - timedelta(seconds=55), 12.5, 12.5, 12.5),
        SeriesPoint(NOW - timedelta(seconds=45), None, None, None),
        SeriesPoint(NOW - timedelta(seconds=5), 20.0, 20.0, 20.0),
    ),
)  # fmt: skip

VIEWS: dict[str, Any] = {
    "members": list(MEMBERS),
    "member": MEMBERS[0],
    "health": shapes.health_view(replace(SHOWN, troubles=judged(STATES, NOW)), MEMBERS, (), AGENTS),
    "health-well": shapes.health_view(SHOWN, WELL, (), AGENTS),
    "health-empty": shapes.health_view(
        replace(SHOWN, empty="no samples yet: monitoring began 3 s ago", primary=""), (), (), ()
    ),
    "top": shapes.top_view(SHOWN, STATES, FRESH),
    "metrics": [QUERIES, LAG],
    "metrics-now": [
        LatestView(QUERIES, {"db1:27017": 1250.0, "db2:27017": 0.25}),
        LatestView(LAG, {"db2:27017": 412.0}),
    ],
    "points": [PointRow(NOW, "opcounters_query", "db1:27017", "", "per second", 12.5, 10.0, 15.0)],
}
JSON_ONLY: dict[str, Any] = {
    "series": [SERIES],
    "hosts": [HostView("db1", ("db1:27017",), NOW, {"cores": "8"}, {"host_cpu_percent": 12.5})],
}
"""Nobody sees these as a table."""
