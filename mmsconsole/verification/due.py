"""What is to be verified now, and which witnesses are of no use any more. Pure."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from mmsconsole.metadata.jobs import Job, JobState
from mmsconsole.metadata.snapshots import Snapshot, Verdict
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from mmsconsole.policy.policy import Verify
from mmsconsole.policy.verifying import is_due

AGAIN_AFTER = timedelta(hours=3)
"""What failed without a verdict, or was put off, is tried again so often."""
DAY = timedelta(days=1)

LastJob = Callable[[str], Job | None]
"""The newest verification of a snapshot or a witness, by its id."""


def due_snapshot(
    verify: str, complete: Sequence[Snapshot], last: LastJob, now: datetime
) -> Snapshot | None:
    """`complete`: by optime, oldest first. The newest goes first: it is needed most."""
    taken = [one.created_at for one in complete if one.verdict is not Verdict.NONE]
    waiting = [one for one in reversed(complete) if one.verdict is Verdict.NONE]
    if verify != Verify.EVERY.value:
        waiting = waiting[:1]
    due = (one for one in waiting if is_due(verify, one.created_at, taken))
    return next((one for one in due if may_be_tried(last(one.id), now)), None)


def may_be_tried(last: Job | None, now: datetime) -> bool:
    """Whether it may be asked for again by itself; what somebody cancelled is not."""
    if last is None:
        return True
    if not last.ended or last.state is JobState.CANCELLED:
        return False
    return last.finished_at is None or now - last.finished_at >= AGAIN_AFTER


def moment_is_due(per_day: float, witnesses: Sequence[Witness], now: datetime) -> bool:
    """Whether a moment of the window is to be verified."""
    if per_day <= 0:
        return False
    verified = [one.verified_at for one in witnesses if one.verified_at is not None]
    return not verified or now - max(verified) >= DAY / per_day


def outdated(
    witnesses: Sequence[Witness], snapshots: Collection[str], window_start: Optime | None
) -> list[str]:
    """Ids of those whose snapshot is gone, or whose moment lies before the window.

    `snapshots`: ids of all that have a record; `window_start`: None, there is no window.
    """
    return [
        one.id
        for one in witnesses
        if (one.snapshot and one.snapshot not in snapshots)
        or (not one.snapshot and (window_start is None or one.optime < window_start))
    ]
