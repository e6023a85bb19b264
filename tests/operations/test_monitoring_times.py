"""Since when: as people write it."""

from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.errors import UsageError
from mmsconsole.operations.monitoring_times import moment_before

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("2h", timedelta(hours=2)), ("2h ago", timedelta(hours=2)), ("-90m", timedelta(minutes=90)),
        ("7 days", timedelta(days=7)), ("7d", timedelta(days=7)), ("30 min", timedelta(minutes=30)),
        ("1h 30m", timedelta(minutes=90)), ("now", timedelta(0)), ("2 W", timedelta(weeks=2)),
    ],
)  # fmt: skip
def test_a_span_lies_before_now(text: str, back: timedelta) -> None:
    assert moment_before(text, NOW) == NOW - back


def test_a_time_is_taken_as_it_is() -> None:
    assert moment_before("2026-02-28T18:00:00Z", NOW) == datetime(2026, 2, 28, 18, tzinfo=UTC)
    assert moment_before("2026-02-28", NOW) == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["yesterday", "2x", "-", "", "2026-02-28T18:00:00", "-2 parsecs", "999999d", "1e9h"]
)
def test_anything_else_is_refused_and_a_way_to_write_it_shown(text: str) -> None:
    with pytest.raises(UsageError):
        moment_before(text, NOW)
