"""Members of a set as views, for tests of what is told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.members import MemberState, member_id
from mmsconsole.operations.monitoring_shapes import Freshness, member_view
from mmsconsole.operations.monitoring_views import MemberView
from mmsconsole.optime import Optime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
FRESH = Freshness.of(NOW, 10.0)


def state(number: int, role: str = "SECONDARY", **changes: Any) -> MemberState:
    host = f"db{number}:27017"
    made = MemberState(
        member_id("d1", host), "d1", host, "rs0", role,
        asked_at=NOW - timedelta(seconds=5), seen_at=NOW - timedelta(seconds=5),
        version="6.0.5", fcv="6.0", storage_engine="wiredTiger",
        started_at=NOW - timedelta(days=3), optime=Optime(NOON, 1),
        lag_seconds=0.0, sync_source="" if role == "PRIMARY" else "db1:27017",
        oplog_first=Optime(NOON - 100_000, 1), oplog_last=Optime(NOON, 1), term=4,
    )  # fmt: skip
    return replace(made, **changes)


def member(number: int, role: str = "SECONDARY", **changes: Any) -> MemberView:
    return member_view(state(number, role, **changes), "shop", FRESH)


def three(**changes: Any) -> list[MemberView]:
    """`changes`: of the third."""
    return [member(1, "PRIMARY"), member(2), member(3, **changes)]
