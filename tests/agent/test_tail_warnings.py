"""People are warned before the source's oplog has gone past what is stored of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mmsconsole.agent.tail_warnings import (
    OPLOG,
    SOURCE,
    Level,
    OplogFacts,
    WarningLimits,
    facts_of,
    limits_of,
    oplog_warning,
    said,
    source_warning,
    warnings_of,
)
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime
from mmsconsole.settings import BackupSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = WarningLimits(50, 75, 3600)
MINUTE, HOUR = 60, 3600
OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL


@pytest.mark.parametrize(
    ("percent", "before", "expected"),
    [
        (0, OK, OK),
        (49, OK, OK),
        (50, OK, WARNING),
        (74, OK, WARNING),
        (75, OK, CRITICAL),
        (150, OK, CRITICAL),
        (46, WARNING, WARNING),  # it has to be clearly better before that is told
        (44, WARNING, OK),
        (70, CRITICAL, CRITICAL),
        (66, CRITICAL, WARNING),
        (46, CRITICAL, WARNING),
        (44, CRITICAL, OK),
    ],
)
def test_the_share_of_the_oplog_that_the_tail_is_behind_decides(
    percent: int, before: Level, expected: Level
) -> None:
    facts = OplogFacts(100 * MINUTE, True, percent * MINUTE, True)
    assert oplog_warning(facts, LIMITS, before).level is expected


def test_an_oplog_that_was_never_full_has_lost_nothing_yet() -> None:
    """It is short because the source is young, or its oplog was just made larger."""
    facts = OplogFacts(10 * MINUTE, False, 9 * MINUTE, False)
    assert oplog_warning(facts, LIMITS, OK).level is OK


@pytest.mark.parametrize(
    ("window", "before", "expected"),
    [
        (HOUR, OK, OK),
        (HOUR - 1, OK, WARNING),
        (HOUR + 300, WARNING, WARNING),
        (2 * HOUR, WARNING, OK),
    ],
)
def test_an_oplog_shorter_than_the_settings_want_is_told_while_the_backup_runs(
    window: int, before: Level, expected: Level
) -> None:
    assert oplog_warning(OplogFacts(window, True, 2, True), LIMITS, before).level is expected


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            OplogFacts(130 * MINUTE, True, 100 * MINUTE, False),
            "the source's oplog holds 2 h 10 min; the tail is 1 h 40 min behind, and reads "
            "nothing: a resync is needed in about 30 min",
        ),
        (
            OplogFacts(130 * MINUTE, True, 100 * MINUTE, True),
            "the source's oplog holds 2 h 10 min; the tail is 1 h 40 min behind: a resync is "
            "needed if it falls another 30 min behind",
        ),
        (
            OplogFacts(130 * MINUTE, True, 131 * MINUTE, False),
            "the source's oplog holds 2 h 10 min; the tail is 2 h 11 min behind: what lies "
            "between may be lost already, and a resync needed",
        ),
        (
            OplogFacts(50 * MINUTE, True, 1, True),
            "the source's oplog holds only 50 min, and 1 h are wanted (oplog_window_hours_min): "
            "make it larger (replSetResizeOplog)",
        ),
        (OplogFacts(26 * HOUR, True, 1, True), "the source's oplog reaches back 1 d 2 h"),
    ],
)
def test_the_sentence_says_how_much_time_is_left(facts: OplogFacts, sentence: str) -> None:
    assert oplog_warning(facts, LIMITS, OK).text == sentence


def tail(**changes: Any) -> Tail:
    told: dict[str, Any] = {
        "stored": Optime(1000, 1), "source": Optime(1003, 1), "oplog_window_seconds": 7200,
        "oplog_full": True, **changes,
    }  # fmt: skip
    return Tail("d1", told.pop("member", "db1:27017"), told.pop("seen_at", NOW), **told)


AGO = NOW - timedelta(minutes=20)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (tail(), OplogFacts(7200, True, 3, True)),
        (tail(source=None), OplogFacts(7200, True, 0, True)),
        # While it can not be read, the source is taken to go on.
        (tail(error="down", member="", since=AGO), OplogFacts(7200, True, 1203, False)),
        # While nothing can be stored it may be read, and tell how far it is.
        (
            tail(error="full", member="", since=AGO, unstored=True, source=Optime(2300, 1)),
            OplogFacts(7200, True, 1300, False),
        ),
        (
            tail(error="full", member="", since=AGO, unstored=True),
            OplogFacts(7200, True, 1200, False),
        ),
        # A tail that reports nothing at all: its engine was killed.
        (tail(seen_at=AGO), OplogFacts(7200, True, 1203, False)),
        (tail(seen_at=NOW + timedelta(hours=1)), OplogFacts(7200, True, 3, True)),
        (tail(stored=None), None),
        (tail(oplog_window_seconds=None), None),
    ],
)
def test_facts_are_what_was_seen_and_the_time_since(
    told: Tail, expected: OplogFacts | None
) -> None:
    assert facts_of(told, NOW) == expected


@pytest.mark.parametrize(
    ("told", "level", "text"),
    [
        (tail(), OK, "the oplog is read and stored again"),
        (
            tail(error="down", since=NOW - timedelta(seconds=59)),
            OK,
            "the oplog is read and stored again",
        ),
        (
            tail(error="db1:27017: Authentication failed", member="", since=AGO),
            CRITICAL,
            "the source can not be read since 2026-03-01 11:40:00Z: "
            "db1:27017: Authentication failed",
        ),
        (
            tail(error="no majority", since=AGO),
            WARNING,
            "nothing new comes from the source since 2026-03-01 11:40:00Z: no majority",
        ),
        (
            tail(error="disk full", member="", since=AGO, unstored=True),
            CRITICAL,
            "the oplog can not be stored since 2026-03-01 11:40:00Z: disk full",
        ),
    ],
)
def test_a_source_that_can_not_be_read_is_told_with_since_when(
    told: Tail, level: Level, text: str
) -> None:
    warned = source_warning(told, NOW)
    assert (warned.kind, warned.level, warned.text) == (SOURCE, level, text)


def test_each_kind_is_judged_by_what_was_told_of_it_before() -> None:
    told = tail(stored=Optime(1000, 1), source=Optime(1000 + 46 * 72, 1))
    fresh = warnings_of(told, NOW, LIMITS, {})
    known = warnings_of(told, NOW, LIMITS, {OPLOG: "warning"})
    assert [one.level for one in fresh] == [OK, OK]
    assert [(one.kind, one.level) for one in known] == [(SOURCE, OK), (OPLOG, WARNING)]
    assert warnings_of(None, NOW, LIMITS, {}) == []


def test_the_limits_are_those_of_the_settings() -> None:
    assert limits_of(BackupSettings(oplog_window_hours_min=2)) == WarningLimits(50, 75, 7200)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (1800, "30 min"), (3600, "1 h"),
        (7800, "2 h 10 min"), (86400, "1 d"), (93600, "1 d 2 h"), (-5, "0 s"),
    ],
)  # fmt: skip
def test_times_are_said_in_two_units(seconds: float, text: str) -> None:
    assert said(seconds) == text
