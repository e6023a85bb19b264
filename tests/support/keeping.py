"""A deployment with days of history, for tests of what is kept of it: no source and no head."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.daemon.retention import Retention
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.retaining import retention_plan
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.policy.fates import RetentionPlan
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.stores.blocks.manifest import manifest_key
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from tests.support import oplog_entries as made
from tests.support.clock import ManualClock
from tests.support.snapshots import deployment_record

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
BASE_ALONE = {"base_days": 2, "daily": 0, "weekly": 0, "monthly": 0, "oplog_hours": 24}
"""Two days of everything, and nothing else."""


def optime(hour: int) -> Optime:
    return Optime(int(time(hour).timestamp()), 1, 1)


def time(hour: int) -> datetime:
    return BEGIN + timedelta(hours=hour)


class Days:
    """Hours are counted from BEGIN. Ids are those of the deployment with the hour behind."""

    def __init__(self, resources: Resources, id_: str = "d1", **policy: Any) -> None:
        self.clock = ManualClock(BEGIN)
        self.resources = replace(resources, clock=self.clock)
        self.metadata = resources.metadata
        self.id = id_
        if self.metadata.deployments.find(id_) is None:
            record = replace(deployment_record(id_), name=id_, group=f"g-{id_}")
            self.metadata.deployments.add(record)
        self.metadata.policies.change(id_, BASE_ALONE | policy, BEGIN, "ada")
        self._stored_until: int | None = None

    # -- what is there

    def passes(self, hour: int, step: int = 12) -> None:
        """A chunk of stored oplog for every `step` hours up to it; the wall clock is there too."""
        last = -step if self._stored_until is None else self._stored_until
        for end in [*range(last + step, hour, step), hour] if hour > last else []:
            entry = made.noop(int(time(end).timestamp()))
            body = ChunkBody(optime(last), optime(end), 1, [made.array(entry)], None)
            self.resources.oplog_store.put(self.id, body)
            last = end
        self._stored_until = last
        self.clock.set(time(hour))

    def snapshot(self, hour: int, **changes: Any) -> str:
        """A complete one with a manifest of two attempts."""
        id_ = self.name(hour)
        keys = [manifest_key(self.id, id_, attempt) for attempt in ("a1", "a2")]
        for key in keys:
            self.resources.storage.put(key, [b"blocks"])
        fields = {
            "state": SnapshotState.COMPLETE, "optime": optime(hour), "manifest_key": keys[1],
            "finished_at": time(hour), **changes,
        }  # fmt: skip
        self.metadata.snapshots.add(Snapshot(id_, self.id, "h1", time(hour), **fields))
        return id_

    def restore(self, hour: int, **changes: Any) -> Restore:
        """From the snapshot of that hour."""
        made = Restore(f"r-{self.id}", self.id, self.name(hour), "/to", time(hour), **changes)
        return self.metadata.restores.add(made)

    # -- what is done

    def retention(self) -> Retention:
        """As of a daemon that has just been started: it looks at once."""
        return Retention(self.resources)

    def tick(self) -> None:
        self.retention().tick()

    def plan(self) -> RetentionPlan:
        policy = self.metadata.policies.of(self.deployment, SnapshotPolicy())
        return retention_plan(self.metadata, self.deployment, policy, self.clock.now())

    # -- what is left

    @property
    def deployment(self) -> Deployment:
        return self.metadata.deployments.get(self.id)

    def name(self, hour: int) -> str:
        return f"{self.id}-{hour}"

    def hours(self) -> list[int]:
        """Of the snapshots that have a record."""
        return [int(one.id.rpartition("-")[2]) for one in self.metadata.snapshots.of(self.id)]

    def manifests(self) -> list[int]:
        """The hours of snapshots that have objects."""
        listed = self.resources.storage.list(f"manifests/{self.id}")
        names = {stored.key.rpartition("/")[2].partition(".")[0] for stored in listed}
        return sorted(int(name.rpartition("-")[2]) for name in names)

    def oplog_begins(self) -> int:
        """The hour at which the stored oplog begins."""
        first = self.metadata.chunks.first(self.id)
        assert first is not None
        return (first.start.t - int(BEGIN.timestamp())) // 3600

    def chunk_keys(self) -> list[str]:
        return [stored.key for stored in self.resources.storage.list(f"oplog/{self.id}")]

    def told(self) -> list[str]:
        """Texts of the events, oldest first."""
        return [event.text for event in self.metadata.events.recent(self.id)][::-1]
