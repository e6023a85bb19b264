"""What people are warned of: snapshots that are bad, or that nobody has verified. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mmsconsole.agent.tail_warnings import Level, Warned
from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.policy.policy import Verify
from mmsconsole.policy.verifying import period_of

VERIFICATION = "verification"
"""Kind of the warning."""


def warning_of(
    verify: str, complete: Sequence[Snapshot], witnesses: Sequence[Witness],
    limit: timedelta, now: datetime,
) -> Warned:  # fmt: skip
    """`limit` comes on top of what the policy lets pass. `complete`: oldest first."""
    if (bad := _bad(complete, witnesses)) is not None:
        return Warned(VERIFICATION, Level.CRITICAL, bad)
    if verify == Verify.NEVER.value or not complete:
        return Warned(VERIFICATION, Level.OK, "snapshots are not verified, as the policy says")
    good = [one.verified_at for one in complete if one.verified_at is not None]
    since = max(good) if good else complete[0].finished_at or complete[0].created_at
    if now - since <= period_of(verify) + limit:
        return Warned(VERIFICATION, Level.OK, "the newest verification found a snapshot good")
    hours = int((now - since).total_seconds() // 3600)
    what = "no snapshot has been verified" if not good else "the last verification was"
    text = f"{what} for {hours} hours" if not good else f"{what} {hours} hours ago"
    return Warned(VERIFICATION, Level.WARNING, text)


def _bad(complete: Sequence[Snapshot], witnesses: Sequence[Witness]) -> str | None:
    """What the newest verdict on a snapshot, or on a moment, says, if that is a bad one."""
    snapshots = [one for one in complete if one.verified_at is not None]
    moments = [one for one in witnesses if one.verified_at is not None]
    newest = max(snapshots, key=lambda one: one.verified_at or one.created_at, default=None)
    if newest is not None and newest.verdict is Verdict.BAD:
        return f"snapshot {newest.id} is bad: {newest.verdict_text}"
    last = max(moments, key=lambda one: one.verified_at or one.taken_at, default=None)
    if last is not None and last.verdict is Verdict.BAD:
        return f"the moment {last.optime} can not be restored as it was: {last.verdict_text}"
    return None
