from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.monitoring.rates import LONGEST_INTERVALS, Starts, restarted, values_between
from mmsconsole.monitoring.readings import Reading
from tests.monitoring.documents.server_status import AT

INTERVAL = 10.0
INSERTS = "opcounters_insert"
LATENCY = "latency_read_ms"


def reading(
    seconds: float, inserts: float = 0.0, *, uptime: float | None = None, process: float = 7.0
) -> Reading:
    values = {INSERTS: inserts, "connections_current": 3.0}
    own = 5000.0 + seconds if uptime is None else uptime
    return Reading(AT, 100.0 + seconds, values, uptime=own, process=process)


def with_latency(seconds: float, micros: float, ops: float) -> Reading:
    return replace(reading(seconds), values={LATENCY: micros}, over={LATENCY: ops})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(reading(0, 50), reading(10, 150), 10.0, id="the difference over the time"),
        pytest.param(reading(0, 50), reading(10, 50), 0.0, id="one that stands still is 0"),
        pytest.param(reading(0, 50), reading(10, 49), None, id="one that fell gives no point"),
        pytest.param(reading(0, 2**31 - 5), reading(10, 5), None, id="one that wrapped gives none"),
        pytest.param(None, reading(10, 150), None, id="the first reading has none"),
        pytest.param(reading(0, 0), reading(40, 400), 10.0, id="missed polls: a mean over the gap"),
        pytest.param(reading(0, 0), reading(300, 300), 1.0, id="thirty intervals are still a gap"),
        pytest.param(reading(0, 0), reading(301, 301), None, id="more than thirty are none"),
        pytest.param(reading(0, 0), reading(0.4, 9), None, id="too short a time gives none"),
        pytest.param(reading(0, 0), reading(0, 9), None, id="no time at all gives none"),
        pytest.param(reading(9, 0), reading(0, 9), None, id="time that runs backwards gives none"),
        pytest.param(
            reading(0, 5), reading(10, 900, uptime=3), None, id="after a restart there is none"
        ),
        pytest.param(
            reading(0, 5), reading(10, 900, process=8), None, id="nor of another process"
        ),
    ],
)  # fmt: skip
def test_a_rate(before: Reading | None, now: Reading, expected: float | None) -> None:
    assert values_between(before, now, INTERVAL).get(INSERTS) == expected


def test_the_longest_gap_is_counted_in_intervals() -> None:
    now = reading(60.0 * LONGEST_INTERVALS, 60.0)

    assert INSERTS not in values_between(reading(0), now, INTERVAL)
    assert INSERTS in values_between(reading(0), now, 60.0)


@pytest.mark.parametrize("jump", [timedelta(days=-365), timedelta(hours=1), timedelta(days=9999)])
def test_a_wall_clock_that_jumps_changes_nothing(jump: timedelta) -> None:
    now = replace(reading(10, 100), at=AT + jump)

    assert values_between(reading(0), now, INTERVAL)[INSERTS] == 10.0


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param((0, 0), (80, 40), 2.0, id="one difference over the other"),
        pytest.param((80, 40), (80, 40), None, id="nothing happened: no mean"),
        pytest.param((80, 40), (90, 30), None, id="what is divided by fell"),
        pytest.param((80, 40), (70, 50), None, id="what is divided fell"),
    ],
)
def test_a_ratio(
    before: tuple[float, float], now: tuple[float, float], expected: float | None
) -> None:
    values = values_between(with_latency(0, *before), with_latency(10, *now), INTERVAL)

    assert values.get(LATENCY) == expected


def test_a_gauge_is_there_whatever_was_before() -> None:
    for before in (None, reading(0), reading(0, 9, process=99)):
        assert values_between(before, reading(10), INTERVAL)["connections_current"] == 3.0


def test_a_counter_that_one_of_the_two_lacks_gives_no_point() -> None:
    bare = replace(reading(0), values={})

    assert INSERTS not in values_between(bare, reading(10, 5), INTERVAL)
    assert INSERTS not in values_between(reading(0), replace(bare, monotonic=110.0), INTERVAL)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (reading(0, uptime=50), reading(10, uptime=60), False),
        (reading(0, uptime=50), reading(10, uptime=51), False),  # its clock stood still
        (reading(0, uptime=50), reading(10, uptime=3), True),
        (
            reading(0, uptime=2),
            reading(60, uptime=20),
            True,
        ),  # longer up than before, yet too short
        (reading(0), replace(reading(10), uptime=None), False),
    ],
)
def test_a_restart_is_seen_by_the_uptime(before: Reading, now: Reading, expected: bool) -> None:
    assert restarted(before, now) is expected


def test_starts_within_the_last_hour_are_counted_and_older_ones_forgotten() -> None:
    first = reading(0, uptime=100_000)
    again = reading(60, uptime=10)
    later = reading(60 + 3600, uptime=10 + 3600)

    assert Starts().seen(None, first) == Starts()
    assert len(Starts().seen(first, again).times) == 1
    assert len(Starts().seen(first, again).seen(again, later).times) == 0


def test_a_start_before_the_first_reading_counts_too() -> None:
    assert len(Starts().seen(None, reading(0, uptime=20)).times) == 1


def test_an_answer_without_uptime_counts_nothing_and_forgets_nothing() -> None:
    known = Starts((90.0,))

    assert known.seen(reading(0), replace(reading(10), uptime=None)) == known


def test_a_members_wall_clock_that_is_put_back_is_no_restart() -> None:
    """Its uptime is made with it; who the process is says more."""
    before = replace(reading(0, 50), identity="a")
    now = replace(reading(10, 150, uptime=1400.0), identity="a")

    assert not restarted(before, now)
    assert values_between(before, now, INTERVAL)[INSERTS] == 10.0
    assert Starts().seen(before, now).times == ()


def test_another_process_of_the_same_pid_is_a_restart_whatever_its_uptime() -> None:
    """In containers each is 1; and it may be up for longer than our last poll is ago."""
    assert restarted(replace(reading(0), identity="a"), replace(reading(10), identity="b"))


def test_a_host_of_ours_that_slept_makes_no_burst() -> None:
    """Its monotonic clock slept with it: eight hours of inserts in ten seconds."""
    before, now = reading(0, 0), reading(10, 28_800, uptime=5000.0 + 28_800)

    assert INSERTS not in values_between(before, now, INTERVAL)
    assert values_between(now, reading(20, 28_810, uptime=33_810.0), INTERVAL)[INSERTS] == 1.0
