"""What the rules of retention have to know, from the records."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.policy.fates import Outcome, SnapshotFacts

NEVER = datetime.fromtimestamp(0, UTC)


def snapshot_facts(snapshot: Snapshot, used_by: str = "") -> SnapshotFacts:
    """Of any snapshot but one that is being deleted. Pure."""
    return SnapshotFacts(
        id=snapshot.id,
        outcome=Outcome(snapshot.state.value),
        created_at=snapshot.created_at,
        optime=snapshot.optime,
        replay_from=snapshot.replay_from,
        due_at=snapshot.due_at,
        doubt=bool(snapshot.doubt),
        bad=snapshot.verdict is Verdict.BAD,
        verified=snapshot.verdict is Verdict.GOOD,
        hold=snapshot.hold,
        expires_at=snapshot.expires_at,
        used_by=used_by,
    )


def facts_of(
    metadata: Metadata, deployment: str, used_by: Mapping[str, str]
) -> list[SnapshotFacts]:
    """Of all snapshots of a deployment but those that are being deleted. `used_by`: what works
    with a snapshot, by its id.
    """
    return [
        snapshot_facts(snapshot, used_by.get(snapshot.id, ""))
        for snapshot in metadata.snapshots.of(deployment)
        if snapshot.state is not SnapshotState.DELETING
    ]


def observed_time(metadata: Metadata, deployment: str) -> datetime | None:
    """The oplog's time, as far as it is stored; an idle source moves it too, with no-ops.

    It triggers snapshots, and nothing expires by a later time. None: nothing is stored.
    """
    last = metadata.chunks.last(deployment)
    return None if last is None else last.end.time


def retention_now(metadata: Metadata, deployment: str, now: datetime) -> datetime:
    """The time that retention goes by: with a source that is away, or a wall clock that jumps,
    nothing expires.
    """
    return min(now, observed_time(metadata, deployment) or NEVER)
