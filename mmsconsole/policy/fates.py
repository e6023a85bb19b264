"""What the rules of retention are told of a snapshot, and what they answer. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mmsconsole.optime import Optime


class Outcome(StrEnum):
    """What became of a snapshot: the words of its record's states."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What the rules have to know of a snapshot. One that is being deleted is left out."""

    id: str
    outcome: Outcome
    created_at: datetime
    optime: Optime | None = None
    """Every complete one has it."""
    replay_from: Optime | None = None
    due_at: datetime | None = None
    """None: it was taken on demand."""
    doubt: bool = False
    bad: bool = False
    """A verification found it wrong."""
    verified: bool = False
    """A verification found it right."""
    hold: str = ""
    """Why it is held; empty: it is not."""
    expires_at: datetime | None = None
    """Its own date."""
    used_by: str = ""
    """What works with it now, in words: "restore 4e5"; empty: nothing."""

    @property
    def at(self) -> datetime:
        """The moment of its data; of one without any, when it began."""
        return self.created_at if self.optime is None else self.optime.time

    @property
    def begin(self) -> Optime | None:
        """Where the stored oplog must begin for a replay on top of it."""
        return self.replay_from or self.optime

    @property
    def good(self) -> bool:
        return self.outcome is Outcome.COMPLETE and not self.doubt and not self.bad


class Reason(StrEnum):
    """Why a snapshot is kept."""

    BASE = "base"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    OWN_DATE = "own date"
    HELD = "held"
    LAST_GOOD = "last good"
    LAST_LEFT = "last one left"
    """None is good; of those that there are it is the best."""
    LAST_VERIFIED = "last verified"
    OPLOG_WINDOW = "oplog window"
    IN_USE = "in use"
    RUNNING = "being taken"


@dataclass(frozen=True, slots=True)
class Keep:
    """One reason, and when it ends if nothing changes; None: not by itself."""

    reason: Reason
    until: datetime | None = None
    note: str = ""
    """Why it is held, or what uses it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one snapshot."""

    facts: SnapshotFacts
    keeps: tuple[Keep, ...]
    """Why it is kept, all of them; empty: it has expired."""
    ended: tuple[Keep, ...]
    """What kept it before: rules whose time is over, the one that ended last at the end."""

    @property
    def id(self) -> str:
        return self.facts.id

    @property
    def kept(self) -> bool:
        return bool(self.keeps)

    @property
    def expires_at(self) -> datetime | None:
        """When it expires (or did) if nothing changes; None: not by itself."""
        ends = [keep.until for keep in self.keeps or self.ended]
        return None if None in ends else max(end for end in ends if end is not None)

    @property
    def why(self) -> str:
        """Why it has expired, in words; empty for one that is kept."""
        if self.kept:
            return ""
        last = self.ended[-1]
        assert last.until is not None, "only what has an end can have ended"
        ended = f"{last.until:%Y-%m-%d %H:%M}Z"
        if last.reason is Reason.OWN_DATE:
            return f"its own date was {ended}"
        if self.facts.outcome is not Outcome.COMPLETE:
            return f"{self.facts.outcome}; its record was kept until {ended}"
        return f"no rule keeps it any more; the last was {last.reason}, until {ended}"


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    fates: tuple[Fate, ...]
    """By the moment of their data, then by id."""

    @property
    def kept(self) -> tuple[Fate, ...]:
        return tuple(fate for fate in self.fates if fate.kept)

    @property
    def expired(self) -> tuple[Fate, ...]:
        """Oldest first."""
        return tuple(fate for fate in self.fates if not fate.kept)

    def of(self, id_: str) -> Fate:
        return next(fate for fate in self.fates if fate.id == id_)
