"""replSetGetStatus."""

from datetime import UTC, datetime
from typing import Any

from bson.timestamp import Timestamp

SECONDS = 1_772_366_400
STATES = {"PRIMARY": 1, "SECONDARY": 2, "RECOVERING": 3, "STARTUP2": 5, "ARBITER": 7}


def member(
    host: str, state: str = "SECONDARY", at: int | None = SECONDS, *, own: bool = False,
    source: str = "", elected: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`at`: seconds of its optime; None as of an arbiter, 0 as of one before its initial sync."""
    told: dict[str, Any] = {
        "_id": 0, "name": host, "health": 1.0, "state": STATES[state], "stateStr": state,
        "syncSourceHost": source,
    }  # fmt: skip
    if at is not None:
        told["optime"] = {"ts": Timestamp(at, 1 if at else 0), "t": 3 if at else -1}
        told["optimeDate"] = datetime.fromtimestamp(at, UTC)
    if elected is not None:
        told["electionDate"] = datetime.fromtimestamp(elected, UTC)
    return {**told, "self": True} if own else told


def gone(host: str) -> dict[str, Any]:
    """One that does not answer the others."""
    return {
        **member(host, at=0), "health": 0.0, "state": 8, "stateStr": "(not reachable/healthy)",
    }  # fmt: skip


def set_status(*members: dict[str, Any], term: int = 3) -> dict[str, Any]:
    return {"set": "rs0", "term": term, "members": list(members), "ok": 1.0}
