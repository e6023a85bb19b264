"""Sizes, durations, ages and moments."""

from datetime import timedelta

import pytest

from mmsconsole.console.present import words
from mmsconsole.optime import Optime
from tests.support.fake_data import NOW


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_949, "9.9 kB"), (9_950, "10 kB"),
        (999_499, "999 kB"), (999_500, "1.0 MB"), (1_240_000_000, "1.2 GB"),
        (48_200_000_000, "48 GB"), (7e15, "7.0 PB"),
    ],
)  # fmt: skip
def test_a_size_has_two_or_three_digits(count: float, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (842, "14m 02s"), (3600, "1h"),
        (12_000, "3h 20m"), (86_400, "1d"), (187_200, "2d 4h"),
    ],
)  # fmt: skip
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"), (0, "now"), (14, "now"), (15, "15s"), (61, "1m"), (3599, "59m"),
        (3600, "1h"), (47 * 3600, "47h"), (48 * 3600, "2d"),
    ],
)  # fmt: skip
def test_an_age_has_one_unit_and_counts_no_seconds_while_young(seconds: int, text: str) -> None:
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == text


def test_an_age_changes_rarely_for_what_lies_back_for_good() -> None:
    told = {words.ago(NOW - timedelta(seconds=seconds), NOW) for seconds in range(60)}
    assert told == {"<1m ago"}


def test_nothing_has_no_age() -> None:
    assert (words.age(None, NOW), words.ago(None, NOW)) == ("-", "never")


def test_a_moment_is_utc_and_says_so() -> None:
    assert words.moment(NOW) == "2026-07-16 12:04:30Z"


def test_today_s_times_leave_the_day_out() -> None:
    assert words.clock(NOW - timedelta(hours=1), NOW) == "11:04:30Z"
    assert words.clock(NOW - timedelta(hours=13), NOW) == "07-15 23:04"


def test_an_inclusive_end_names_the_entry_unless_it_is_the_whole_second() -> None:
    seconds = int(NOW.timestamp())
    assert words.until(Optime.end_of_second(seconds)) == "2026-07-16 12:04:30Z"
    assert words.until(Optime(seconds, 4)) == f"2026-07-16 12:04:30Z ({seconds}:4)"


@pytest.mark.parametrize(
    ("text", "told"), [("", ""), ("no room", "No room."), ("Why?", "Why?"), (" done. ", "Done.")]
)
def test_a_sentence_has_a_capital_and_an_end(text: str, told: str) -> None:
    assert words.sentence(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("db1:27017 is 61 s behind", "db1:27017 is 61 s behind."),
        ("host_cpu_percent of db1 is 97 %", "host_cpu_percent of db1 is 97 %."),
        ("its members run 6.0", "Its members run 6.0."),
    ],
)
def test_a_name_at_the_beginning_of_a_sentence_keeps_its_spelling(text: str, told: str) -> None:
    assert words.named_sentence(text) == told


def test_one_is_singular() -> None:
    assert (words.plural(1, "job"), words.plural(0, "job")) == ("1 job", "0 jobs")
