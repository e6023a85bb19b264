"""Amounts are read as people write them, and are written so that they can be typed again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import UsageError
from mmsconsole.operations.amounts import in_words, read_amount, read_span, read_until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("10 min", "seconds", 600),
        ("10min", "seconds", 600),
        ("1h 30m", "seconds", 5400),
        ("1 hour 30 minutes", "seconds", 5400),
        ("3 days", "seconds", 259_200),
        ("90", "seconds", 90),
        ("250 ms", "milliseconds", 250),
        ("2 s", "milliseconds", 2000),
        ("24 h", "hours", 24),
        ("2 weeks", "days", 14),
        ("20 %", "percent", 20),
        ("20%", "percent", 20),
        ("99.5", "percent", 99.5),
        ("5 GB", "bytes", 5e9),
        ("512MiB", "bytes", 512 * 2**20),
        ("0", "bytes", 0),
        ("5 MB/s", "bytes per second", 5e6),
        ("100", "count", 100),
        ("100/s", "per second", 100),
        ("2 h", "min", 120),
        ("12", "h", 12),
        ("3 weeks", "days", 21),
        ("15 % free", "% free", 15),
        ("15", "% free", 15),
        ("1 day", "h over the policy", 24),
        ("1.5", "intervals", 1.5),
        ("1.5 intervals", "intervals", 1.5),
    ],
)
def test_an_amount_is_read_in_the_unit_of_what_it_is_for(
    text: str, unit: str, expected: float
) -> None:
    assert read_amount(text, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("5 GB", "seconds", "not a time"),
        ("10 min", "bytes", "not a size"),
        ("10 min", "percent", "not a share in percent"),
        ("120 %", "percent", "more than 100 %"),
        ("5 GB", "count", "not a number"),
        ("-5", "count", "not a number"),
        ("nan", "count", "not a number"),
        ("", "seconds", "not a time"),
        ("1e400", "count", "not a number"),
        ("9" * 400, "bytes", "not a size"),
        ("9" * 400, "seconds", "more than ten years"),
        ("400 weeks 400 weeks", "seconds", "more than ten years"),
        ("ten", "seconds", "not a time"),
        ("5 fortnights", "seconds", "not a time"),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(text: str, unit: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_amount(text, unit)


def test_what_there_is_not_has_no_words() -> None:
    assert in_words(None, "seconds") == ""


@given(st.integers(0, 10**7), st.sampled_from(["seconds", "percent", "bytes", "per second"]))
def test_what_is_written_can_be_typed_again(value: int, unit: str) -> None:
    if unit == "percent":
        value %= 101
    again = read_amount(in_words(value, unit), unit)
    assert again == pytest.approx(value, rel=0.05, abs=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 h", NOW + timedelta(hours=2)),
        ("1d", NOW + timedelta(days=1)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T14:00:00+01:00", NOW + timedelta(hours=1)),
    ],
)
def test_an_end_is_how_long_from_now_or_a_date(text: str, expected: datetime) -> None:
    assert read_until(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2", "without its unit"),
        ("2026-02-01", "lie ahead"),
        ("0 s", "lie ahead"),
        ("tomorrow", "not a day"),
        ("2026-03-02T14:00:00", "lacks its zone"),
        ("9999-12-31", "ten years"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_until(text, NOW)


def test_a_span_is_in_seconds() -> None:
    assert read_span("1.5 h") == 5400
