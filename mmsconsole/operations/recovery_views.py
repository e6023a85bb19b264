"""What is answered about a store without its metadata."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.operations.views import Gap, JobView, SnapshotView, Window
from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class StoreRebuildView:
    """A rebuild of the metadata from a store; the figures are there when it is done."""

    job: JobView
    store: str
    deployments: tuple[str, ...]
    """Their names."""
    snapshots: int
    """Complete ones."""
    found: int
    """Snapshots of which no catalogue knew."""
    chunks: int
    packs: int
    blocks: int
    told: tuple[str, ...]
    """What is missing, damaged, or has to be done; one sentence each."""


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """What a store alone tells of a deployment."""

    name: str
    set_name: str
    server_version: str
    snapshots: tuple[SnapshotView, ...]
    """Complete ones, oldest first."""
    windows: tuple[Window, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class StoreContents:
    url: str
    """Without what is secret in it."""
    deployments: tuple[StoredDeployment, ...]
    told: tuple[str, ...]
    """What is missing or damaged."""


@dataclass(frozen=True, slots=True)
class StoreRestored:
    """What a restore from a store alone has made."""

    deployment: str
    snapshot: str
    optime: Optime | None
    """Of the data."""
    path: str
    bytes: int
    finished_at: datetime | None
