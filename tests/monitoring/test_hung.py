"""Whatever a poll does, the collector goes on. Polls are simulated here."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mmsconsole.errors import SourceUnreachable
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.collector import FAULT, Poll, Watched
from mmsconsole.monitoring.discovery import Expected
from mmsconsole.secret import Secret
from tests.monitoring.members import DEPLOYMENT, watching
from tests.support.backups import wait_until

URI = "mongodb://bad,good"
BAD, GOOD = "bad:27017", "good:27017"
ALONE = Expected(standalone=True)


class Fine:
    def __init__(self, host: str) -> None:
        self._host = host
        self.closed = False

    def poll(self, *, arbiter: bool) -> Answers:
        return Answers(self._host, datetime.now(UTC), 0.0, hello={"isWritablePrimary": True})

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Hanging(Fine):
    """Until it is broken off."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self._aborted = threading.Event()
        self.asked = 0

    def poll(self, *, arbiter: bool) -> Answers:
        self.asked += 1
        assert self._aborted.wait(60)
        raise SourceUnreachable("was broken off", where=self._host)

    def abort(self) -> None:
        self._aborted.set()


class Ending(Fine):
    """Just when nobody wants it any more."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.asked = threading.Event()
        self._aborted = threading.Event()

    def poll(self, *, arbiter: bool) -> Answers:
        self.asked.set()
        assert self._aborted.wait(60)
        return super().poll(arbiter=arbiter)

    def abort(self) -> None:
        self._aborted.set()


class Faulty(Fine):
    def poll(self, *, arbiter: bool) -> Answers:
        raise ZeroDivisionError


class BadOrFine:
    def __init__(self, bad: Poll) -> None:
        self._bad = bad

    def __call__(self, source: SourceUri, host: str) -> Poll:
        return self._bad if host == BAD else Fine(host)


def test_a_poll_that_never_ends_is_broken_off_and_the_others_go_on() -> None:
    with watching(URI, ALONE, BadOrFine(Hanging(BAD)), timeout=0.1) as (seen, _):
        wait_until(lambda: seen.state(BAD).error == "was broken off")
        before = len(seen.samples(GOOD))
        wait_until(lambda: len(seen.samples(GOOD)) > before)


def test_a_poll_that_hangs_is_not_begun_a_second_time() -> None:
    hanging = Hanging(BAD)
    with watching(URI, ALONE, BadOrFine(hanging), timeout=60) as (seen, _):
        wait_until(lambda: len(seen.samples(GOOD)) >= 4)
        assert hanging.asked == 1


def test_a_fault_of_ours_is_an_error_of_that_member_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with watching(URI, ALONE, BadOrFine(Faulty(BAD))) as (seen, _):
        wait_until(lambda: len(seen.samples(GOOD)) >= 3)
        wait_until(lambda: seen.state(BAD).error == FAULT)
    assert "ZeroDivisionError" in caplog.text


def test_who_is_watched_no_more_is_closed_and_says_nothing_more() -> None:
    fine = Fine(BAD)
    with watching(URI, ALONE, BadOrFine(fine)) as (seen, collector):
        wait_until(lambda: seen.samples(BAD))
        collector.watch([], lambda _: [])
        wait_until(lambda: fine.closed)
        assert collector.members == 0


def test_a_poll_that_ends_well_when_nobody_wants_it_any_more_is_closed_and_not_told() -> None:
    ending = Ending(BAD)
    with watching(URI, ALONE, BadOrFine(ending)) as (seen, collector):
        assert ending.asked.wait(60)
        collector.watch([], lambda _: [])
        wait_until(lambda: ending.closed)
        assert seen.samples(BAD) == []


def test_a_new_connection_string_is_tried_at_once_also_while_the_old_one_is_being_tried() -> None:
    """What hangs then is broken off, and is no reason to wait: the next turn is in ten minutes."""
    before = Ending(BAD)
    polls: Iterator[Poll] = iter([before, Fine(BAD)])
    with watching("mongodb://bad", ALONE, lambda *_: next(polls), interval=600.0) as found:
        seen, collector = found
        assert before.asked.wait(60)
        again = Watched(DEPLOYMENT, parse_uri(Secret("mongodb://u:p@bad")), ALONE)
        collector.watch([again], lambda _: [])
        wait_until(lambda: seen.state(BAD).seen_at)
        assert before.closed
