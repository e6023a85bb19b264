"""What is answered about stores and the space in them."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.operations.views import CopyView


@dataclass(frozen=True, slots=True)
class StoreView:
    name: str
    url: str
    """Without what is secret in it."""
    free_bytes: int | None
    """None where the place does not know."""
    deployments: tuple[str, ...]
    """Names of those that are kept there."""
    copies: tuple[str, ...]
    """Names of those that have their second copy there."""
    stored_bytes: int
    """Of packs, when it was looked last."""
    dead_bytes: int
    """What of them no snapshot needs."""
    error: str
    """Why the place does not answer; empty when it does, or was not asked."""
    copy_states: tuple[CopyView, ...] = ()
    """How far the second copies in it are."""
    looked_at: datetime | None = None
    """When stored and dead bytes were looked at; None: never yet."""


@dataclass(frozen=True, slots=True)
class DeploymentSpace:
    deployment: str
    """Its name."""
    snapshots: int
    raw_bytes: int
    """Of the files of all its snapshots."""
    stored_bytes: int
    """What of the packs these snapshots need."""
    saved_bytes: int
    ratio: float
    """Raw bytes for each stored one."""


@dataclass(frozen=True, slots=True)
class PoolSpace:
    """What shares blocks: one group in one store."""

    pool: str
    group: str
    at: datetime
    """When it was looked."""
    packs: int
    stored_bytes: int
    living_bytes: int
    dead_bytes: int
    raw_bytes: int
    saved_bytes: int
    ratio: float
    """Raw bytes of all snapshots for each living one."""
    deployments: tuple[DeploymentSpace, ...]
    groomed_at: datetime | None
    stored_bytes_before: int | None
    """Before the last groom."""
    dead_bytes_before: int | None
    orphans: int
    """Objects that no record refers to; they go after a while."""
    orphan_bytes: int


@dataclass(frozen=True, slots=True)
class StoreStats:
    store: str
    pools: tuple[PoolSpace, ...]


@dataclass(frozen=True, slots=True)
class GroomPlanView:
    """What a groom would do now."""

    store: str
    dead_packs: int
    """Packs that go as they are."""
    rewritten_packs: int
    copied_bytes: int
    freed_bytes: int
    stored_bytes: int
    dead_bytes: int
    """What of them no snapshot needs; not all of it is worth a groom."""
