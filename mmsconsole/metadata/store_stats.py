"""Figures of pools, as the last look at them found."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class PoolFigures:
    packs: int
    stored_bytes: int
    """Of the packs that are there."""
    living_bytes: int
    """What of them snapshots need."""

    @property
    def dead_bytes(self) -> int:
        return self.stored_bytes - self.living_bytes


@dataclass(frozen=True, slots=True)
class DeploymentFigures:
    deployment: str
    snapshots: int
    raw_bytes: int
    """Of the files of all its snapshots."""
    living_bytes: int
    """What of the packs these snapshots need; other deployments may need the same."""


@dataclass(frozen=True, slots=True)
class PoolStats:
    id: str
    """The pool's."""
    group: str
    store: str
    at: datetime
    now: PoolFigures
    deployments: tuple[DeploymentFigures, ...]
    before: PoolFigures | None = None
    """Before the last groom."""
    groomed_at: datetime | None = None
    orphans: int = 0
    """Objects in the store that no record refers to: they go after a while."""
    orphan_bytes: int = 0


class StoreStats(Records[PoolStats]):
    name = "store_stats"
    record = PoolStats
    noun = "statistics"

    @metadata_errors()
    def put(self, stats: PoolStats) -> PoolStats:
        self.collection.replace_one({"_id": stats.id}, to_document(stats), upsert=True)
        return stats
