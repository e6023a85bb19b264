"""What people have to be warned of while a tail runs, before it is too late. Pure.

The source drops its oldest oplog entries. While the end of the stored oplog lies well inside its
oplog, a tail that is away, or slow, loses nothing; behind its beginning a resync is required.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mmsconsole.metadata.tails import Tail
from mmsconsole.settings import BackupSettings

OPLOG = "oplog window"
SOURCE = "source"
"""Kinds of warnings."""

BETTER = 0.9
"""A warning goes when things are better by this much than what it began at: no fluttering."""
SILENT_SECONDS = 60
"""A tail reports every few seconds; one that did not for so long does not run."""
TROUBLE_SECONDS = 60
"""An election passes by itself, and is no warning."""


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Warned:
    kind: str
    level: Level
    text: str
    """One sentence without a full stop; at level ok it says what is well again."""


@dataclass(frozen=True, slots=True)
class WarningLimits:
    warning_percent: float
    """Of the source's oplog: how far the stored oplog may be behind."""
    critical_percent: float
    window_seconds_min: float
    """What the source's oplog should hold; 0: not looked at."""


def limits_of(settings: BackupSettings) -> WarningLimits:
    return WarningLimits(
        settings.oplog_warning_percent,
        settings.oplog_critical_percent,
        settings.oplog_window_hours_min * 3600,
    )


@dataclass(frozen=True, slots=True)
class OplogFacts:
    window_seconds: int
    """What the source's oplog holds."""
    full: bool
    """It drops old entries already; until then it only grows, and nothing can be lost."""
    behind_seconds: int
    """How much newer the source is than the stored oplog."""
    reading: bool


def warnings_of(
    tail: Tail | None, now: datetime, limits: WarningLimits, before: dict[str, str]
) -> list[Warned]:
    """One of each kind, also of level ok. `before`: the level of each kind that was told last."""
    if tail is None:
        return []
    facts = facts_of(tail, now)
    found = [source_warning(tail, now)]
    if facts is not None:
        found.append(oplog_warning(facts, limits, Level(before.get(OPLOG, Level.OK))))
    return found


def source_warning(tail: Tail, now: datetime) -> Warned:
    since = tail.since
    if not tail.error or since is None or (now - since).total_seconds() < TROUBLE_SECONDS:
        return Warned(SOURCE, Level.OK, "the oplog is read and stored again")
    level = Level.WARNING if tail.member else Level.CRITICAL
    what = silence(tail.member, unstored=tail.unstored)
    return Warned(SOURCE, level, f"{what} since {since:%Y-%m-%d %H:%M:%S}Z: {tail.error}")


def silence(member: str, *, unstored: bool) -> str:
    """What is wrong with a tail that has an error, in words. Pure."""
    if unstored:
        return "the oplog can not be stored"
    # With a member named it is read, and has nothing that may be taken.
    return "nothing new comes from the source" if member else "the source can not be read"


def facts_of(tail: Tail, now: datetime) -> OplogFacts | None:
    """None while nothing is known yet. A source that is not read is taken to go on meanwhile; one
    whose oplog can not be stored may be read for every try, or not at all.
    """
    if tail.oplog_window_seconds is None or tail.stored is None:
        return None
    seen = max(tail.source or tail.stored, tail.stored).t - tail.stored.t
    unseen = _unseen_seconds(tail, now)
    behind = max(seen, unseen) if tail.unstored else seen + unseen
    reading = not tail.error and (now - tail.seen_at).total_seconds() < SILENT_SECONDS
    return OplogFacts(tail.oplog_window_seconds, tail.oplog_full, behind, reading)


def _unseen_seconds(tail: Tail, now: datetime) -> int:
    """Since when nobody knows what the source writes."""
    last_seen = tail.since if tail.error and tail.since is not None else tail.seen_at
    seconds = int((now - last_seen).total_seconds())
    return max(0, seconds) if tail.error or seconds >= SILENT_SECONDS else 0


def oplog_warning(facts: OplogFacts, limits: WarningLimits, before: Level) -> Warned:
    """`before` is what was told last: it is taken back only when things are clearly better."""
    level = _level(facts, limits, before)
    if level is not Level.OK:
        return Warned(OPLOG, level, _behind(facts))
    easing = BETTER if before is not Level.OK else 1.0
    if facts.full and facts.window_seconds * easing < limits.window_seconds_min:
        return Warned(
            OPLOG,
            Level.WARNING,
            f"the source's oplog holds only {said(facts.window_seconds)}, and "
            f"{said(limits.window_seconds_min)} are wanted (oplog_window_hours_min): make it "
            "larger (replSetResizeOplog)",
        )
    return Warned(OPLOG, Level.OK, f"the source's oplog reaches back {said(facts.window_seconds)}")


def _level(facts: OplogFacts, limits: WarningLimits, before: Level) -> Level:
    """By how much of the source's oplog the stored one is behind."""
    if not facts.full:
        return Level.OK
    percent = 100.0 * facts.behind_seconds / max(facts.window_seconds, 1)
    critical = limits.critical_percent * (BETTER if before is Level.CRITICAL else 1.0)
    warning = limits.warning_percent * (BETTER if before is not Level.OK else 1.0)
    if percent >= critical:
        return Level.CRITICAL
    return Level.WARNING if percent >= warning else Level.OK


def _behind(facts: OplogFacts) -> str:
    left = facts.window_seconds - facts.behind_seconds
    told = (
        f"the source's oplog holds {said(facts.window_seconds)}; "
        f"the tail is {said(facts.behind_seconds)} behind"
    )
    if left <= 0:
        return f"{told}: what lies between may be lost already, and a resync needed"
    if facts.reading:
        return f"{told}: a resync is needed if it falls another {said(left)} behind"
    return f"{told}, and reads nothing: a resync is needed in about {said(left)}"


def said(seconds: float) -> str:
    """2 d 4 h, 2 h 10 min, 30 min, 45 s."""
    whole = max(0, int(seconds))
    for large, one, small, other in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {one}" + (f" {rest} {other}" if rest else "")
    return f"{whole // 60} min" if whole >= 60 else f"{whole} s"
