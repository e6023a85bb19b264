"""What a daemon would have written, for operations to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from mmsconsole.errors import MmsError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.operations.sources import Identity, Size
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support.clock import ManualClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SYNCED = Optime(1, 1)
URI = Secret("mongodb://backup:hunter2@source:27017/?replicaSet=rs0")


@dataclass
class FakeSources:
    """Sources of which a test says what they are; `error` is raised instead."""

    identity: Identity = field(default_factory=lambda: Identity("rs0", "5eed", "6.0.5", "6.0"))
    size: Size = field(default_factory=lambda: Size(data_bytes=1_000, files_bytes=1_000))
    error: MmsError | None = None
    preflights: int = 0

    def identify(self, uri: Secret) -> Identity:
        if self.error is not None:
            raise self.error
        return self.identity

    def recognise(self, uri: Secret) -> Identity:
        """Whatever stands in the way of a backup."""
        return self.identity

    def preflight(self, deployment: Deployment) -> Size:
        self.preflights += 1
        if self.error is not None:
            raise self.error
        return self.size


class SteppingClock(ManualClock):
    """No two looks at it see the same time, so that what is done is in order."""

    def now(self) -> datetime:
        self.advance(0.001)
        return super().now()


@dataclass(frozen=True, slots=True)
class Daemon:
    """Writes what the daemon writes, when a test says so."""

    metadata: Metadata

    def head(
        self,
        name: str,
        phase: SyncPhase = SyncPhase.IN_SYNC,
        optime: Optime = SYNCED,
    ) -> Head:
        """Ends the initial sync that was asked for, too, if the head is in sync."""
        deployment = self.metadata.deployments.named(name)
        head = Head(
            new_id(), deployment.id, f"/heads/{name}", "6.0.5", "6.0", NOW, phase, optime=optime
        )
        self.metadata.heads.add(head)
        self.metadata.deployments.set(deployment.id, head=head.id)
        if phase is SyncPhase.IN_SYNC:
            for job in self.metadata.jobs.open(deployment.id):
                self.end(job)
        return head

    def end(self, job: Job, state: JobState = JobState.DONE, **changes: Any) -> None:
        self.metadata.jobs.set(job.id, state=state, finished_at=NOW, **changes)

    def snapshot(self, name: str, optime: Optime, **changes: Any) -> Snapshot:
        """A complete one."""
        deployment = self.metadata.deployments.named(name)
        fields: Mapping[str, Any] = {
            "state": SnapshotState.COMPLETE, "optime": optime, "replay_from": optime,
            "bytes": 1_000, "new_bytes": 100, "files": 3, "created_at": NOW, **changes,
        }  # fmt: skip
        return self.metadata.snapshots.add(
            Snapshot(new_id(), deployment.id, deployment.head, **fields)
        )

    def chunks(self, name: str, *ends: Optime) -> None:
        """Without a gap, from the first to the last; behind a gap, if it is one."""
        deployment = self.metadata.deployments.named(name)
        for start, end in pairwise(ends):
            last = self.metadata.chunks.last(deployment.id)
            self.metadata.chunks.add(
                OplogChunk(
                    new_id(), deployment.id, start, end, 1, "key", "00", 10, 5, None, NOW,
                    after_gap=last is None or last.end != start,
                )
            )  # fmt: skip

    def open_jobs(self) -> list[Job]:
        return list(self.metadata.jobs.open())
