"""Which snapshots are to be verified. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from mmsconsole.policy.policy import Verify

PERIODS = {Verify.DAILY.value: timedelta(days=1), Verify.WEEKLY.value: timedelta(days=7)}
SLACK = timedelta(hours=1)
"""A snapshot that is taken a little early is still the next day's."""


def is_due(verify: str, taken: datetime, verified: Iterable[datetime]) -> bool:
    """Whether a snapshot that was taken at `taken` is to be verified.

    `verified`: when those snapshots of the deployment were taken that have been.
    """
    if verify == Verify.NEVER.value:
        return False
    period = PERIODS.get(verify)
    return period is None or all(taken - other > period - SLACK for other in verified)


def period_of(verify: str) -> timedelta:
    """What the policy lets pass between two verifications."""
    return PERIODS.get(verify, timedelta())
