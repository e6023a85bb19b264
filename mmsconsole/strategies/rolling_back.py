"""What follows when the source has taken back a part of what was stored of its oplog.

    snapshots that hold some of it       invalid from now on, with the reason: kept and shown
    a head that has applied some of it   is to be rebuilt; one that is being built begins anew
    links to restored files with some    end, as those to such snapshots do
    people                               learn what is lost, and what was restored of it
    the stored oplog                     is cut back

In this order, each step safe to be done again: until the last one is done the tail finds the
same rollback once more.
"""

from dataclasses import replace

from mmsconsole.metadata.collection import Query
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.links import LinkState
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources

COMPLETE, DELETING = SnapshotState.COMPLETE.value, SnapshotState.DELETING.value
LASTING = (SyncPhase.REBUILDING, SyncPhase.ENDED)
"""Of heads that nobody takes a step with any more."""
SHOWN_MAX = 20


class RollBack:
    """Whoever runs it has the head for itself."""

    def __init__(self, resources: Resources, deployment: str, common: Optime, reason: str) -> None:
        """`common`: the newest stored entry that the source still has."""
        self._resources = resources
        self._deployment = deployment
        self._common = common
        self._reason = reason

    def run(self, head: Head | None, *, beyond: bool) -> None:
        """`beyond`: the head may have applied entries after the common point."""
        metadata = self._resources.metadata
        invalid = self._invalidate_snapshots()
        if head is not None and head.phase is SyncPhase.IN_SYNC and beyond:
            metadata.heads.set(
                head.id, phase=SyncPhase.REBUILDING, reason=self._reason, rebuild_past=None
            )
        elif head is not None and head.phase not in (*LASTING, SyncPhase.IN_SYNC):
            # The scan may have read what was taken back: its job makes another one.
            metadata.heads.set(head.id, active=False)
        metadata.window_ends.drop(self._deployment, after=self._common)
        metadata.witnesses.drop(self._deployment, after=self._common)
        restored = self._restored()
        self._end_links(restored)
        self._tell(invalid, restored)
        self._resources.oplog_store.cut_back(self._deployment, self._common)

    def _invalidate_snapshots(self) -> list[Snapshot]:
        found = self._resources.metadata.snapshots.all(
            {"deployment": self._deployment, "state": {"$in": [COMPLETE, DELETING]}}
        )
        beyond = [one for one in found if one.optime is not None and one.optime > self._common]
        return [one for one in beyond if self._invalidate(one.id)]

    def _invalidate(self, id_: str) -> bool:
        """One that is being deleted may be put back to what it was before. False for those that
        were not complete.
        """
        snapshots = self._resources.metadata.snapshots
        while (seen := snapshots.find(id_)) is not None:
            as_seen: Query = {"_id": id_, "state": seen.state.value}
            if seen.state is SnapshotState.COMPLETE:
                changes: dict[str, object] = {"state": SnapshotState.INVALID}
            elif seen.leaving is not None and seen.leaving.state is SnapshotState.COMPLETE:
                as_seen["leaving.id"] = seen.leaving.id
                changes = {"leaving": replace(seen.leaving, state=SnapshotState.INVALID)}
            else:
                return False
            if snapshots.set_where(as_seen, reason=self._reason, **changes) is not None:
                return True
        return False

    def _restored(self) -> list[Restore]:
        """Of what is given up, also those that are being made, are downloaded or are open."""
        given_up = {"$nin": [RestoreState.FAILED.value, RestoreState.CANCELLED.value]}
        found = self._resources.metadata.restores.all(
            {"deployment": self._deployment, "state": given_up}, sort=[("created_at", 1)]
        )
        moments = [(one, one.optime or one.point) for one in found]
        return [one for one, moment in moments if moment is not None and moment > self._common]

    def _end_links(self, restored: list[Restore]) -> None:
        now = self._resources.clock.now()
        for one in restored:
            if one.where.kind is TargetKind.LINK:
                self._resources.metadata.links.end(one.id, LinkState.FAILED, now, self._reason)

    def _tell(self, invalid: list[Snapshot], restored: list[Restore]) -> None:
        last = self._resources.metadata.chunks.last(self._deployment)
        until = "" if last is None else f" up to {last.end}"
        names = ", ".join(snapshot.id for snapshot in invalid)
        text = (
            f"{self._reason}. {self._lost_entries()} stored entries after {self._common}{until} "
            f"are given up; invalid snapshots: {names or 'none'}"
        )
        if restored:
            ids = ", ".join(one.id for one in restored[:SHOWN_MAX])
            more = f" and {len(restored) - SHOWN_MAX} more" if restored[SHOWN_MAX:] else ""
            text += f"; restores that hold some of them: {ids}{more}"
        self._resources.event(
            "rolled back", text, deployment=self._deployment, severity=Severity.ERROR
        )

    def _lost_entries(self) -> int:
        """How many are stored behind the common point."""
        chunks = self._resources.metadata.chunks
        behind = [
            chunk
            for chunk in chunks.after(self._deployment, self._common)
            if chunk.start >= self._common
        ]
        return sum(chunk.entries for chunk in behind) + self._lost_of_last()

    def _lost_of_last(self) -> int:
        """Of the chunk that holds the common point."""
        last = self._resources.metadata.chunks.holding(self._deployment, self._common)
        if last is None or last.end <= self._common:
            return 0
        return len(self._resources.oplog_store.optimes(self._deployment, self._common, last.end))
