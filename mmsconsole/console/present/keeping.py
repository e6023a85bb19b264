"""How long a snapshot is kept and why, and what its verification found: marks and words."""

from datetime import datetime, timedelta

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.status import Mark
from mmsconsole.console.present.text import Line, Span, Tone, line
from mmsconsole.console.present.words import DAY, HOUR, MINUTE, NONE, duration, moment
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.operations.views import SnapshotView

SOON = timedelta(hours=24)
"""What expires within this time is marked."""


def expires_soon(snapshot: SnapshotView, now: datetime) -> bool:
    """It is about to go: a held one is not, whatever its date."""
    at = snapshot.expires_at
    complete = snapshot.state == SnapshotState.COMPLETE
    return complete and not snapshot.hold and at is not None and at - now <= SOON


def kept_mark(snapshot: SnapshotView, now: datetime, glyphs: Glyphs) -> Mark | None:
    """Held, or about to expire; None: neither."""
    if snapshot.state == SnapshotState.DELETING:
        return None
    if snapshot.hold:
        return Mark(glyphs.held, "held", Tone.ACCENT)
    if expires_soon(snapshot, now):
        return Mark(glyphs.soon, _within(snapshot.expires_at, now), Tone.WARN)
    return None


def verdict_mark(snapshot: SnapshotView, glyphs: Glyphs) -> Mark | None:
    """None: nobody has looked yet."""
    return {
        Verdict.GOOD.value: Mark(glyphs.done, "good", Tone.GOOD),
        Verdict.BAD.value: Mark(glyphs.bad, "bad", Tone.BAD),
    }.get(snapshot.verdict)


def expiry(snapshot: SnapshotView, now: datetime, glyphs: Glyphs) -> Line:
    """For a table's cell: held, in how long, on which day, or no end."""
    mark = kept_mark(snapshot, now, glyphs)
    if mark is not None:
        return mark.line
    if snapshot.state in (SnapshotState.RUNNING, SnapshotState.DELETING):
        return (Span(NONE, Tone.DIM),)
    at = snapshot.expires_at
    return (Span("  no end" if at is None else f"  {day(at)}", Tone.DIM),)


def verdict(snapshot: SnapshotView, glyphs: Glyphs) -> Line:
    """For a table's cell: what was found, and on which day."""
    mark = verdict_mark(snapshot, glyphs)
    if mark is None:
        return (Span("not yet" if snapshot.state == SnapshotState.COMPLETE else NONE, Tone.DIM),)
    at = "" if snapshot.verified_at is None else f" {snapshot.verified_at:%m-%d}"
    return line(mark.line, Span(at, Tone.DIM))


def reasons(snapshot: SnapshotView) -> str:
    """base, daily; a dash where nothing keeps it."""
    return ", ".join(snapshot.kept_for) or NONE


def kept_sentence(snapshot: SnapshotView, now: datetime) -> str:
    """How long, and why, in words."""
    if snapshot.state == SnapshotState.RUNNING:
        return "kept while it is taken"
    why = f" for {', '.join(snapshot.kept_for)}" if snapshot.kept_for else ""
    if snapshot.hold:
        return f"held until it is released: {snapshot.hold}"
    at = snapshot.expires_at
    if at is None:
        return f"kept, no end is known,{why}"
    if not snapshot.kept_for:
        return f"nothing keeps it since {moment(at)}: it goes at the engine's next look"
    return f"kept until {moment(at)} ({_within(at, now)}){why}"


def verdict_sentence(snapshot: SnapshotView) -> str:
    """What its verification found, in words."""
    if not snapshot.verdict:
        return "not verified yet: nobody knows whether it can be restored"
    at = moment(snapshot.verified_at)
    if snapshot.verdict == Verdict.GOOD:
        return f"verified {at}: restored for real, and equal to its head"
    return f"BAD, verified {at}: {snapshot.verdict_text}"


def day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _within(at: datetime | None, now: datetime) -> str:
    """in 5h, or: due."""
    seconds = 0.0 if at is None else (at - now).total_seconds()
    if seconds <= 0:
        return "due"
    unit = MINUTE if seconds < HOUR else HOUR if seconds < DAY else DAY
    return f"in {duration(max(seconds, MINUTE) // unit * unit)}"
