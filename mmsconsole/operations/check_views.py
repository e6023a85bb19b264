"""What is answered about checks of stores."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class FindingView:
    """An object that is not as it was stored."""

    key: str
    fault: str
    """missing or damaged."""
    said: str
    snapshots: tuple[str, ...]
    """Ids of those that can not be restored whole."""
    deployment: str
    """Name of the one whose moments are hurt; empty where none are."""
    after: Optime | None
    """Moments behind this one, up to `until`, and those that are reached through them, are lost
    until the next snapshot."""
    until: Optime | None
    again_from: Optime | None = None
    """That of the next snapshot, from which moments are reached again; None: there is none yet."""


@dataclass(frozen=True, slots=True)
class CheckView:
    id: str
    store: str
    asked_at: datetime
    finished_at: datetime | None
    """None: it waits, runs, or was broken off."""
    share: float
    """Of the objects that are read whole: 0 to 1."""
    objects: int
    bytes_read: int
    good: bool
    """It has ended, and found nothing."""
    found: int
    findings: tuple[FindingView, ...]
    """The first 500."""
    job: str
    """Id of the job that runs it, or waits to; empty where it is over."""


@dataclass(frozen=True, slots=True)
class RemedyView:
    """What becomes of an object that is not as it was stored."""

    key: str
    source: str
    """Where it is taken from again; empty where nothing can be."""
    left: str
    """What can not be repaired, and what to do; empty where all is well again."""
    snapshots: tuple[str, ...]
    """Ids of those that it goes on hurting."""


@dataclass(frozen=True, slots=True)
class RepairView:
    store: str
    job: str
    """Its id; empty for what would be done."""
    state: str
    """Of the job; "planned" for what would be done."""
    repaired: int
    """Objects; those that would be, in a plan."""
    left: int
    """Objects that can not be repaired, or not wholly."""
    whole_again: tuple[str, ...]
    """Ids of snapshots that are in doubt no longer."""
    objects: tuple[RemedyView, ...]
    """The first 200, those that are left before the others."""
