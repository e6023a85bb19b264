"""When a snapshot shall expire, as it is typed."""

from datetime import UTC, datetime, timedelta

import pytest

from mmsconsole.console.expiry import complaint, read_expiry
from mmsconsole.errors import UsageError
from tests.support.fake_data import NOW


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", None),
        (" NOW ", None),
        ("30d", NOW + timedelta(days=30)),
        ("1 day", NOW + timedelta(days=1)),
        ("2026-07-17", datetime(2026, 7, 17, tzinfo=UTC)),
        ("2026-07-16T12:05:00Z", datetime(2026, 7, 16, 12, 5, tzinfo=UTC)),
        ("2027-01-31T01:00:00+02:00", datetime(2027, 1, 30, 23, tzinfo=UTC)),
    ],
)
def test_what_is_meant(text: str, at: datetime | None) -> None:
    assert read_expiry(text, NOW).at == at
    assert complaint(text, NOW) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a day, nor a time"),
        ("tomorrow", "not a day, nor a time"),
        ("2026-02-30", "not a day, nor a time"),
        ("2026-07-16", "the date has to lie ahead"),
        ("0d", "the date has to lie ahead"),
        ("99999d", "that is more than 36600 days"),
        ("2027-01-31T01:00:00", "the time lacks its zone: add Z, or +02:00"),
        ("-5d", "not a day, nor a time"),
    ],
)
def test_what_will_not_do_is_refused_with_the_forms_that_will(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("+", r"\+")):
        read_expiry(text, NOW)
    assert complaint(text, NOW).startswith(why)
    assert "30d (in so many days)" in complaint(text, NOW)
