"""Which packs are worth rewriting. Pure.

A pack is rewritten by copying its living blocks: a small share of living bytes makes that cheap
for the space that comes back. A pack without any living block costs nothing, and always goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class PackUsage:
    """A pack that is there, and what snapshots need of it."""

    id: str
    stored_bytes: int
    """Of the whole object."""
    living_bytes: int
    """Without the blocks that no snapshot uses; 0 where none is used."""

    @property
    def dead_bytes(self) -> int:
        return self.stored_bytes - self.living_bytes


@dataclass(frozen=True, slots=True)
class Limits:
    living_percent: float
    """A pack of which less than this is living is worth rewriting."""
    dead_bytes: int
    """But nothing is rewritten for less than this of dead bytes in all."""


@dataclass(frozen=True, slots=True)
class GroomPlan:
    dead: tuple[PackUsage, ...] = ()
    """Packs without a living block."""
    rewritten: tuple[PackUsage, ...] = ()
    """Those with the smallest share of living bytes first."""

    @property
    def packs(self) -> tuple[PackUsage, ...]:
        return self.dead + self.rewritten

    @property
    def copied_bytes(self) -> int:
        return sum(pack.living_bytes for pack in self.rewritten)

    @property
    def freed_bytes(self) -> int:
        return sum(pack.dead_bytes for pack in self.packs)


def plan(packs: Iterable[PackUsage], limits: Limits) -> GroomPlan:
    known = list(packs)
    dead = tuple(pack for pack in known if not pack.living_bytes)
    worth = [pack for pack in known if pack.living_bytes and _is_worth(pack, limits)]
    if sum(pack.dead_bytes for pack in worth) < limits.dead_bytes:
        worth = []
    return GroomPlan(dead, tuple(sorted(worth, key=_living_share)))


def _is_worth(pack: PackUsage, limits: Limits) -> bool:
    return pack.dead_bytes > 0 and _living_share(pack) * 100 < limits.living_percent


def _living_share(pack: PackUsage) -> float:
    return pack.living_bytes / pack.stored_bytes
