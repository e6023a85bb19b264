"""Due times come on time, through every change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.policy.due import due_slot, first_due, latest_due, next_due
from mmsconsole.policy.policy import INTERVALS, SnapshotPolicy
from tests.policy.facts import at

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
ZONES = ("UTC", BERLIN, NEW_YORK, LORD_HOWE, "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia")


def policy(minutes: int, zone: str = "UTC", reference: str = "00:00") -> SnapshotPolicy:
    hour, minute = map(int, reference.split(":"))
    return SnapshotPolicy(
        interval_minutes=minutes, zone=zone, reference_hour=hour, reference_minute=minute
    )


def slots(of: SnapshotPolicy, begin: datetime, end: datetime) -> list[datetime]:
    """All due times after `begin`, up to `end`."""
    found: list[datetime] = []
    slot = next_due(of, begin)
    while slot is not None and slot <= end:
        found.append(slot)
        slot = next_due(of, slot)
    return found


def local(of: SnapshotPolicy, begin: str, end: str) -> str:
    """What the clocks of the zone show at all due times after `begin`, up to `end`."""
    zone = ZoneInfo(of.zone)
    return " ".join(f"{slot.astimezone(zone):%H:%M}" for slot in slots(of, at(begin), at(end)))


DAYS = [
    # Berlin: at 01:00 UTC 02:00 becomes 03:00 on 29 March 2026, 03:00 becomes 02:00 on 25 October
    (BERLIN, 360, "00:00", "2026-03-28T23:30", "2026-03-29T22:00", "06:00 12:00 18:00 00:00"),
    (BERLIN, 360, "02:30", "2026-03-28T23:30", "2026-03-29T22:00", "03:30 08:30 14:30 20:30"),
    (BERLIN, 1440, "02:30", "2026-03-27T23:30", "2026-03-30T22:00", "02:30 03:30 02:30"),
    (BERLIN, 60, "00:00", "2026-03-28T23:30", "2026-03-29T02:00", "01:00 03:00 04:00"),
    (BERLIN, 30, "00:00", "2026-03-29T00:00", "2026-03-29T01:30", "01:30 03:00 03:30"),
    (BERLIN, 1440, "02:30", "2026-10-24T22:30", "2026-10-26T22:00", "02:30 02:30"),
    (BERLIN, 360, "02:30", "2026-10-24T22:30", "2026-10-25T23:00", "02:30 08:30 14:30 20:30"),
    (BERLIN, 120, "00:00", "2026-10-24T22:30", "2026-10-25T05:00", "02:00 04:00 06:00"),
    (BERLIN, 60, "00:00", "2026-10-24T22:30", "2026-10-25T02:00", "01:00 02:00 02:00 03:00"),
    # New York: 02:00 becomes 03:00 on 8 March 2026 (07:00 UTC), 02:00 becomes 01:00 on 1 November
    (NEW_YORK, 1440, "02:00", "2026-03-07T12:00", "2026-03-09T12:00", "03:00 02:00"),
    (NEW_YORK, 1440, "01:30", "2026-10-31T12:00", "2026-11-02T12:00", "01:30 01:30"),
    (NEW_YORK, 480, "01:00", "2026-11-01T04:30", "2026-11-02T04:30", "01:00 09:00 17:00"),
    # Lord Howe: by half an hour. 02:00 becomes 02:30 on 4 October 2026 (15:30 UTC the day before),
    # 02:00 becomes 01:30 on 5 April (15:00 UTC the day before)
    (LORD_HOWE, 60, "00:00", "2026-10-03T14:00", "2026-10-03T17:00", "01:00 02:30 03:00 04:00"),
    (LORD_HOWE, 60, "00:15", "2026-10-03T14:00", "2026-10-03T16:30", "01:15 02:45 03:15"),
    (LORD_HOWE, 30, "00:00", "2026-10-03T14:00", "2026-10-03T16:00", "01:00 01:30 02:30 03:00"),
    (LORD_HOWE, 20, "00:00", "2026-10-03T14:45", "2026-10-03T16:00", "01:20 01:40 02:40 03:00"),
    (LORD_HOWE, 60, "00:45", "2026-04-04T14:00", "2026-04-04T17:30", "01:45 02:45 03:45"),
    (LORD_HOWE, 30, "00:00", "2026-04-04T14:00", "2026-04-04T16:00", "01:30 01:30 02:00 02:30"),
    # a leap day and the end of a year are days like any other
    ("UTC", 720, "00:00", "2028-02-28T18:00", "2028-03-01T06:00", "00:00 12:00 00:00"),
    ("UTC", 1440, "23:59", "2026-12-30T12:00", "2027-01-01T23:59", "23:59 23:59 23:59"),
    # Samoa left out 30 December 2011
    ("Pacific/Apia", 1440, "12:00", "2011-12-28T12:00", "2011-12-31T12:00", "12:00 12:00 12:00"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "minutes", "reference", "begin", "end", "shown"), DAYS)
def test_the_due_times_of_a_day_are_these(
    zone: str, minutes: int, reference: str, begin: str, end: str, shown: str
) -> None:
    assert local(policy(minutes, zone, reference), begin, end) == shown


def test_a_policy_without_an_interval_has_no_due_times() -> None:
    none, now = policy(0), at("2026-03-01")
    assert latest_due(none, now) is next_due(none, now) is first_due(none, now) is None
    assert due_slot(none, now, taken=None, planned=None) is None


MOMENTS = st.integers(1_100_000_000, 2_100_000_000).map(lambda t: datetime.fromtimestamp(t, UTC))
CHANGES = st.sampled_from(
    [at(text) for text in (
        "2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00",
        "2026-10-03T15:30", "2026-04-04T15:00", "2024-04-25T22:00", "2011-12-30T10:00",
    )]
).flatmap(
    lambda change: st.integers(-3 * 86400, 3 * 86400).map(
        lambda seconds: change + timedelta(seconds=seconds)
    )
)  # fmt: skip
POLICIES = st.builds(
    SnapshotPolicy,
    interval_minutes=st.sampled_from(INTERVALS[1:]),
    zone=st.sampled_from(ZONES),
    reference_hour=st.integers(0, 23),
    reference_minute=st.integers(0, 59),
)


def offset(of: SnapshotPolicy, moment: datetime) -> timedelta:
    return moment.astimezone(ZoneInfo(of.zone)).utcoffset() or timedelta()


@given(POLICIES, MOMENTS | CHANGES)
@settings(max_examples=150, deadline=None)
def test_due_times_never_stand_still_and_leave_no_hole(of: SnapshotPolicy, begin: datetime) -> None:
    interval = timedelta(minutes=of.interval_minutes)
    before = latest_due(of, begin)
    for _ in range(4):
        assert before is not None
        after = next_due(of, before)
        assert after is not None
        change = abs(offset(of, after) - offset(of, before))
        assert timedelta() < after - before <= interval + change
        before = after


@given(POLICIES, CHANGES)
@settings(max_examples=60, deadline=None)
def test_every_clock_time_of_the_grid_is_due_the_first_time_that_a_clock_shows_it(
    of: SnapshotPolicy, middle: datetime
) -> None:
    """Found out by looking at the clock every minute, without knowing of any change."""
    begin = middle.replace(second=0) - timedelta(hours=12)
    due = set(slots(of, begin - timedelta(minutes=1), begin + timedelta(days=1)))
    reference = of.reference_hour * 60 + of.reference_minute
    seen: set[datetime] = set()
    on_the_grid: set[datetime] = set()
    for minute in range(-25 * 60, 24 * 60 + 1):
        moment = begin + timedelta(minutes=minute)
        clock = moment.astimezone(ZoneInfo(of.zone)).replace(tzinfo=None)
        if (clock.hour * 60 + clock.minute - reference) % of.interval_minutes == 0:
            on_the_grid.add(moment)
            if clock not in seen and moment >= begin:
                assert moment in due
            seen.add(clock)
    a_day = timedelta(days=1)
    for slot in due - on_the_grid:  # only what the clocks have left out is due at another time
        assert offset(of, slot) > offset(of, slot - a_day)


@given(POLICIES, CHANGES)
@settings(max_examples=150, deadline=None)
def test_every_question_sees_the_same_due_times(of: SnapshotPolicy, moment: datetime) -> None:
    latest, following = latest_due(of, moment), next_due(of, moment)
    assert latest is not None
    assert following is not None
    assert latest <= moment < following
    assert next_due(of, latest) == following
    assert latest_due(of, following - timedelta(microseconds=1)) == latest
    assert first_due(of, latest) == latest_due(of, latest) == latest
    assert first_due(of, latest + timedelta(microseconds=1)) == following


SIX = policy(360)


@pytest.mark.parametrize(
    ("observed", "taken", "planned", "due"),
    [
        ("2026-03-02T05:59", "2026-03-02T00:00", None, None),
        ("2026-03-02T06:00", "2026-03-02T00:00", None, "2026-03-02T06:00"),
        ("2026-03-02T11:59", "2026-03-02T06:00", None, None),  # whatever became of that one
        ("2026-03-09T07:00", "2026-03-02T00:00", None, "2026-03-09T06:00"),  # once, not many
        ("2026-03-02T07:00", None, None, "2026-03-02T06:00"),
        ("2026-03-02T05:00", "2026-03-02T06:00", None, None),  # the oplog's time went back
        ("2026-03-02T18:00", "2026-03-02T00:00", "2026-03-03T00:00", None),  # planned for later
        ("2026-03-03T00:00", "2026-03-02T00:00", "2026-03-03T00:00", "2026-03-03T00:00"),
        ("2026-03-03T05:00", "2026-03-02T00:00", "2026-03-03T01:00", None),  # no due time any more
        ("2026-03-03T06:00", "2026-03-02T00:00", "2026-03-03T01:00", "2026-03-03T06:00"),
    ],
)
def test_one_is_due_when_the_oplog_has_passed_a_due_time_that_nothing_was_asked_for(
    observed: str, taken: str | None, planned: str | None, due: str | None
) -> None:
    found = due_slot(
        SIX, at(observed), taken=taken and at(taken), planned=planned and at(planned)
    )  # fmt: skip
    assert found == (due and at(due))
