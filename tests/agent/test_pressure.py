"""When a source is under so much pressure that a copy holds still for it."""

from typing import Any

import pytest

from mmsconsole.agent.pressure import (
    NO_LIMITS,
    PressureLimits,
    Sample,
    lag_of,
    pressure,
    sample_of,
)
from mmsconsole.mongod.topology import PRIMARY, SECONDARY, Member
from mmsconsole.optime import Optime

LIMITS = PressureLimits()


@pytest.mark.parametrize(
    ("sample", "paused", "expected"),
    [
        (Sample(), False, ""),
        (Sample(), True, ""),
        (Sample(19.9, 94.9, 94.9, 59), False, ""),
        (Sample(cache_dirty_percent=22.4), False, "the source's cache is 22 % dirty"),
        (Sample(cache_dirty_percent=15.0), True, "the source's cache is 15 % dirty"),
        (Sample(cache_dirty_percent=14.9), True, ""),
        (Sample(cache_used_percent=96), False, "the source's cache is 96 % full"),
        (Sample(cache_used_percent=86), True, "the source's cache is 86 % full"),
        (Sample(cache_used_percent=81), True, ""),  # where its own eviction keeps it
        (
            Sample(tickets_percent=100),
            False,
            "100 % of the source's read or write tickets are taken",
        ),
        (Sample(tickets_percent=70), True, ""),
        (Sample(lag_seconds=75), False, "a secondary of the source is 75 s behind"),
        (Sample(lag_seconds=30), True, "a secondary of the source is 30 s behind"),
        (Sample(lag_seconds=29), True, ""),
        (Sample(flow_control=True), False, "the source's flow control holds writes back"),
        # Of several the first one counts: a sentence that changes all the time helps nobody.
        (Sample(30, 99, 100, 99, True), False, "the source's cache is 30 % dirty"),
    ],
)
def test_a_copy_pauses_at_a_limit_and_goes_on_well_below_it(
    sample: Sample, paused: bool, expected: str
) -> None:
    assert pressure(sample, LIMITS, paused=paused) == expected


@pytest.mark.parametrize("paused", [False, True])
def test_a_limit_of_zero_is_not_looked_at(paused: bool) -> None:
    assert pressure(Sample(100, 100, 100, 9999, True), NO_LIMITS, paused=paused) == ""


STATUS_60: dict[str, Any] = {
    "wiredTiger": {
        "cache": {
            "maximum bytes configured": 1000,
            "bytes currently in the cache": 800,
            "tracked dirty bytes in the cache": 50,
        },
        "concurrentTransactions": {
            "write": {"out": 32, "available": 96, "totalTickets": 128},
            "read": {"out": 64, "available": 64, "totalTickets": 128},
        },
    },
    "flowControl": {"enabled": True, "isLagged": True},
}
STATUS_80: dict[str, Any] = {
    "wiredTiger": {"cache": STATUS_60["wiredTiger"]["cache"]},
    "queues": {"execution": {"read": {"out": 3, "totalTickets": 12, "available": 9}}},
}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (STATUS_60, Sample(5, 80, 50, None, True)),
        (STATUS_80, Sample(5, 80, 25, None)),  # where 8.0 documents its tickets
        ({"storageEngine": {"name": "inMemory"}}, Sample()),
        ({"flowControl": {"enabled": False, "isLagged": True}}, Sample()),
    ],
)
def test_a_sample_holds_what_the_version_tells(status: dict[str, Any], expected: Sample) -> None:
    assert sample_of(status, []) == expected


def member(state: str, t: int, **changes: Any) -> Member:
    return Member(f"h:{t}", state, Optime(t, 1), **changes)


@pytest.mark.parametrize(
    ("members", "lag"),
    [
        ([member(PRIMARY, 100)], 0),
        ([member(PRIMARY, 100), member(SECONDARY, 90), member(SECONDARY, 99)], 10),
        ([member(PRIMARY, 100), member(SECONDARY, 10, delay_seconds=90)], 0),
        ([member(PRIMARY, 100), member(SECONDARY, 10, healthy=False)], 0),
        ([member(PRIMARY, 100), member("STARTUP2", 10), member("RECOVERING", 5)], 0),
        ([member(SECONDARY, 100), member(SECONDARY, 10)], None),
        ([], None),
    ],
)
def test_the_lag_is_that_of_the_slowest_secondary_that_should_follow(
    members: list[Member], lag: float | None
) -> None:
    assert lag_of(members) == lag
