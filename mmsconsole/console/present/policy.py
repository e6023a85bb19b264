"""A policy, and what it does to a history, in words. Pure."""

from collections.abc import Callable, Mapping

from mmsconsole.console.present.words import NONE, duration, moment, moment_of, plural
from mmsconsole.operations.policy_views import OplogChange, PolicyPreview, PolicyRow, PolicyView
from mmsconsole.policy.policy import SnapshotPolicy, Verify

VERIFIED: Mapping[str, str] = {
    Verify.EVERY: "every snapshot is restored and compared",
    Verify.DAILY: "one snapshot a day is restored and compared",
    Verify.WEEKLY: "one snapshot a week is restored and compared",
    Verify.NEVER: "no snapshot is restored to see whether it is right",
}


def _rhythm(policy: SnapshotPolicy) -> str:
    if policy.interval_minutes == 0:
        return "no snapshots by themselves"
    return f"a snapshot every {duration(policy.interval_minutes * 60)}"


def _reference(policy: SnapshotPolicy) -> str:
    if policy.interval_minutes == 0:
        return "no due times"
    return f"one of them at {policy.reference_hour:02}:{policy.reference_minute:02}"


def _firsts(count: int, noun: str) -> str:
    return f"the first of each {noun}, for {plural(count, noun)}" if count else f"no {noun}s"


def _window(policy: SnapshotPolicy) -> str:
    if policy.oplog_hours == 0:
        return "any moment since the newest good snapshot"
    return f"any moment of the last {plural(policy.oplog_hours, 'hour')}"


def _full_read(policy: SnapshotPolicy) -> str:
    if policy.full_read_days == 0:
        return "each snapshot reads all files"
    return f"all files are read at least every {plural(policy.full_read_days, 'day')}"


MEANINGS: Mapping[str, Callable[[SnapshotPolicy], str]] = {
    "interval_minutes": _rhythm,
    "reference_hour": _reference,
    "reference_minute": _reference,
    "zone": lambda policy: f"days and due times by the clocks of {policy.zone}",
    "base_days": lambda policy: f"every snapshot, for {plural(policy.base_days, 'day')}",
    "daily": lambda policy: _firsts(policy.daily, "day"),
    "weekly": lambda policy: _firsts(policy.weekly, "week"),
    "monthly": lambda policy: _firsts(policy.monthly, "month"),
    "yearly": lambda policy: _firsts(policy.yearly, "year"),
    "oplog_hours": _window,
    "verify": lambda policy: VERIFIED.get(policy.verify, policy.verify),
    "full_read_days": _full_read,
}


def meaning(key: str, policy: SnapshotPolicy) -> str:
    return MEANINGS[key](policy)


def subject(view: PolicyView) -> str:
    """shop, or: group default"""
    return view.deployment or f"group {view.group}"


def fate(row: PolicyRow) -> str:
    if row.kept:
        return "kept"
    return "deleted" if row.deleted else "expired already"


def until(row: PolicyRow) -> str:
    if not row.kept:
        return NONE
    return "no end" if row.expires_at is None else moment(row.expires_at)


def why(row: PolicyRow) -> str:
    return ", ".join(row.reasons) or row.why


def cut(change: OplogChange) -> str:
    """What happens to the stored oplog of one deployment."""
    if change.cut:
        return f"deleted from {moment_of(change.begins)} to {moment_of(change.will_begin)}"
    return "none" if change.will_begin is None else f"kept from {moment_of(change.will_begin)}"


def losses(preview: PolicyPreview) -> list[str]:
    """A line for each thing that would be deleted."""
    lines = [
        f"snapshot {row.snapshot} of {row.deployment} at {moment_of(row.optime)}: {row.why}"
        for row in preview.gone
    ]
    return lines + [f"stored oplog of {one.deployment}: {cut(one)}" for one in preview.cuts]
