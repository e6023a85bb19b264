"""Plans as tables, and a backup's life played in a moment."""

from datetime import datetime

from mmsconsole.policy.due import next_due
from mmsconsole.policy.fates import Keep, RetentionPlan, SnapshotFacts
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.policy.retention import plan
from tests.policy.facts import snapshot


def told(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"


def table(of: RetentionPlan) -> str:
    """A line for each snapshot: its data's time, until when it is kept, and all reasons."""
    lines = []
    for fate in of.fates:
        why = ", ".join(map(_keep, fate.keeps)) or fate.why
        what = f"until {told(fate.expires_at)}" if fate.kept else "EXPIRED"
        lines.append(f"{fate.id:<12} {told(fate.facts.at)}  {what:<22} {why}")
    return "\n".join(lines) + "\n"


def _keep(keep: Keep) -> str:
    note = f" ({keep.note})" if keep.note else ""
    return f"{keep.reason} {told(keep.until)}{note}" if keep.until else f"{keep.reason}{note}"


def lived(policy: SnapshotPolicy, begin: datetime, end: datetime) -> list[SnapshotFacts]:
    """What is there at the end, if one was taken at every due time and the expired ones went."""
    there: list[SnapshotFacts] = []
    now = next_due(policy, begin)
    while now is not None and now <= end:
        there.append(snapshot(f"{now:%y%m%d-%H%M}", now))
        there = [fate.facts for fate in plan(policy, there, now).kept]
        now = next_due(policy, now)
    return there
