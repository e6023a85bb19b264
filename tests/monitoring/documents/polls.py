"""Whole answers of one poll."""

from datetime import timedelta
from typing import Any

from mmsconsole.monitoring.answers import Answers
from mmsconsole.optime import Optime
from tests.monitoring.documents.hosts import system_metrics
from tests.monitoring.documents.server_status import AT, server_status
from tests.monitoring.documents.sets import SECONDS, member, set_status

HOST = "db1.example:27017"


def answers(
    version: str = "6.0", seconds: float = 0.0, counter: int = 1000, **parts: Any
) -> Answers:
    """Of a secondary, 5 s behind, whose oplog reaches back two hours; `seconds` after the first."""
    told: dict[str, Any] = {
        "server_status": server_status(version, counter, 86_400.0 + seconds),
        "set_status": set_status(
            member("db0.example:27017", "PRIMARY", SECONDS), member(HOST, at=SECONDS - 5, own=True)
        ),
        "oplog_first": Optime(SECONDS - 7205, 1, 3), "oplog_last": Optime(SECONDS - 5, 1, 3),
        "oplog_stats": {"size": 3_600_000, "maxSize": 9_000_000},
        "system_metrics": system_metrics(counter),
        "options": {"storage": {"dbPath": "/data/db"}},
        "ms": 12.5, "cpu_ms": 1.5, "server_ms": 10.0,
    }  # fmt: skip
    when = AT + timedelta(seconds=seconds)
    return Answers(HOST, when, 5000.0 + seconds, **{**told, **parts})
