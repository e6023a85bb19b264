"""Records for tests of what is decided about verifications."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def snapshot(id_: str, hours: float, verdict: str = "", **fields: Any) -> Snapshot:
    """Complete, taken so many hours ago, and verified an hour later, if it is."""
    taken = ago(hours)
    verified = {"verdict": Verdict(verdict), "verified_at": taken + timedelta(hours=1)}
    return Snapshot(
        id_, "d1", "h1", taken, SnapshotState.COMPLETE, optime=Optime(int(taken.timestamp()), 1),
        finished_at=taken, **(verified if verdict else {}), **fields,
    )  # fmt: skip


def witness(id_: str, hours: float, of: str = "", verdict: str = "", **fields: Any) -> Witness:
    taken = ago(hours)
    verified = {"verdict": Verdict(verdict), "verified_at": taken + timedelta(hours=1)}
    return Witness(
        id_, "d1", "h1", Optime(int(taken.timestamp()), 1), taken, of,
        **(verified if verdict else {}), **fields,
    )  # fmt: skip
