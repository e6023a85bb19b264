"""Which snapshots a policy has verified."""

from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.policy.verifying import is_due, period_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=one) for one in hours]


@pytest.mark.parametrize(
    ("verify", "verified", "due"),
    [
        ("every", ago(), True),
        ("every", ago(0.1), True),
        ("never", ago(), False),
        ("never", ago(1000), False),
        ("daily", ago(), True),
        ("daily", ago(30), True),
        ("daily", ago(23.5), True),  # taken a little early
        ("daily", ago(18), False),
        ("daily", ago(100, 18), False),
        ("daily", ago(-6), False),  # a later one has been verified
        ("weekly", ago(24 * 6), False),
        ("weekly", ago(24 * 7), True),
        ("a word of a newer program", ago(1), True),
    ],
)
def test_a_snapshot_is_due_by_the_policy(verify: str, verified: list[datetime], due: bool) -> None:
    assert is_due(verify, NOW, verified) is due


@pytest.mark.parametrize(("verify", "days"), [("every", 0), ("daily", 1), ("weekly", 7)])
def test_what_the_policy_lets_pass_is_no_reason_for_a_warning(verify: str, days: int) -> None:
    assert period_of(verify) == timedelta(days=days)
