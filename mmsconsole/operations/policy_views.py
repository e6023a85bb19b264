"""What is answered about policies: frozen, complete. JSON answers are made of these."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.optime import Optime
from mmsconsole.policy.policy import SnapshotPolicy


@dataclass(frozen=True, slots=True)
class PolicyView:
    deployment: str
    """The deployment's name; empty: the policy is the group's."""
    group: str
    policy: SnapshotPolicy
    """What holds."""
    inherited: SnapshotPolicy
    """What would hold if nothing were decided here."""
    decided_by: dict[str, str]
    """By key: deployment, group or settings."""
    next_at: datetime | None
    """When the next snapshot is due; None: none is, or it is the group's policy."""
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What becomes of one snapshot."""

    deployment: str
    snapshot: str
    state: str
    optime: Optime | None
    taken_at: datetime
    kept: bool
    deleted: bool
    """It would be kept, but for the change."""
    reasons: tuple[str, ...]
    """Why it is kept: base, daily, weekly, monthly, yearly, own date, held, last good, last
    verified, oplog window, in use, …"""
    expires_at: datetime | None
    """When it expires, or has, if nothing else changes; None: not by itself."""
    expires_before: datetime | None
    """The same without the change."""
    why: str
    """Why it has expired."""
    new_bytes: int = 0
    """Stored for it when it was taken; blocks that others use too stay."""


@dataclass(frozen=True, slots=True)
class OplogChange:
    """Moments before these can only be restored where a snapshot was taken just then."""

    deployment: str
    begins: Optime | None
    """Where the stored oplog begins by the policy as it is; None: none is stored."""
    will_begin: Optime | None
    cut: bool
    """Stored oplog would be deleted."""


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    view: PolicyView
    """As it would be."""
    rows: tuple[PolicyRow, ...]
    """Of every deployment that it concerns; oldest first."""
    oplog: tuple[OplogChange, ...]

    @property
    def gone(self) -> tuple[PolicyRow, ...]:
        return tuple(row for row in self.rows if row.deleted)

    @property
    def cuts(self) -> tuple[OplogChange, ...]:
        return tuple(change for change in self.oplog if change.cut)

    @property
    def deletes(self) -> bool:
        return bool(self.gone or self.cuts)

    @property
    def gone_bytes(self) -> int:
        return sum(row.new_bytes for row in self.gone)

    @property
    def what_goes(self) -> str:
        """2 snapshots and stored oplog of 1 deployment"""
        parts = []
        if self.gone:
            parts.append(_plural(len(self.gone), "snapshot"))
        if self.cuts:
            parts.append(f"stored oplog of {_plural(len(self.cuts), 'deployment')}")
        return " and ".join(parts)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
