"""Facts of snapshots, as short as tests want them."""

from datetime import UTC, datetime
from typing import Any

from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Outcome, SnapshotFacts


def at(text: str) -> datetime:
    """2026-03-01 or 2026-03-01T06:00, in UTC; with an offset of its own where it has one."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def snapshot(id_: str, moment: datetime | str, **changes: Any) -> SnapshotFacts:
    """A complete one on time, whose replay begins five seconds earlier."""
    begun = at(moment) if isinstance(moment, str) else moment
    seconds = int(begun.timestamp())
    fields: dict[str, Any] = {
        "outcome": Outcome.COMPLETE, "optime": Optime(seconds, 1), "due_at": begun,
        "replay_from": Optime(seconds - 5, 1),
    }  # fmt: skip
    return SnapshotFacts(id_, created_at=begun, **(fields | changes))


def unfinished(id_: str, moment: str, outcome: Outcome, **changes: Any) -> SnapshotFacts:
    return SnapshotFacts(id_, outcome, at(moment), **changes)
