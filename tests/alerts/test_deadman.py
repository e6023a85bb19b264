"""The call that says that alerts are judged."""

import pytest

from mmsconsole.alerts.deadman import DeadMansPing, Pings, is_working
from mmsconsole.alerts.notify.http import Limits, Request
from mmsconsole.alerts.service import Look
from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret
from tests.support.clock import ManualClock
from tests.support.hooks import receiver, status

WELL, FAILING = Secret("https://hc.example/hunter2"), Secret("https://hc.example/hunter2/fail")


@pytest.mark.parametrize(
    ("look", "works"),
    [
        (None, False),
        (Look(1000.0), True),
        (Look(940.0), True),
        (Look(939.0), False),
        (Look(1000.0, "the metadata database does not answer"), False),
    ],
    ids=["never looked", "just now", "three looks ago", "hangs", "could not look"],
)
def test_alerts_are_judged_only_by_a_fresh_and_good_look(look: Look | None, works: bool) -> None:
    assert is_working(look, 1000.0, 10.0) is works


class Line:
    """Where calls go."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.works = True
        self.fails = False

    def call(self, request: Request, limits: Limits) -> None:
        assert request.method == "GET"
        self.called.append(request.url.reveal())
        if self.fails:
            raise NotificationFailed("it answers 500", where=request.where)


def ping(line: Line, well: Secret = WELL, failing: Secret = FAILING) -> DeadMansPing:
    pings = Pings(well, failing, 60.0)
    return DeadMansPing(pings, lambda: line.works, ManualClock(auto_advance=True), line.call)


def test_it_calls_while_alerts_are_judged_and_elsewhere_while_they_are_not() -> None:
    line = Line()
    one = ping(line)
    one.tick()
    line.works = False
    one.tick()
    assert line.called == [WELL.reveal(), FAILING.reveal()]


def test_without_another_url_silence_tells() -> None:
    line = Line()
    line.works = False
    ping(line, failing=Secret("")).tick()
    assert line.called == []


def test_without_any_url_nothing_runs() -> None:
    one = ping(Line(), Secret(""), Secret(""))
    one.start()
    one.stop(60)
    assert not one._thread.ident


def test_a_failed_call_is_told_once_and_without_the_url(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = True
    one = ping(line)
    one.tick()
    one.tick()
    assert caplog.text.count("it answers 500") == 1
    assert "hunter2" not in caplog.text


def test_a_fault_does_not_end_the_thread() -> None:
    line, clock = Line(), ManualClock(auto_advance=False)
    faults = [ZeroDivisionError]

    def works() -> bool:
        if faults:
            raise faults.pop()
        return True

    one = DeadMansPing(Pings(WELL, FAILING, 60.0), works, clock, line.call)
    one.start()
    for sleepers in (1, 2, 3):
        clock.wait_for_sleepers(sleepers)
        clock.advance(60)
    clock.wait_for_sleepers(4)
    one.stop(60)
    assert set(line.called) == {WELL.reveal()}


def test_a_real_receiver_is_called_by_the_thread() -> None:
    with receiver(status(200)) as server:
        pings = Pings(Secret(server.url("/ping")), Secret(""), 60.0)
        clock = ManualClock()
        one = DeadMansPing(pings, lambda: True, clock)
        one.start()
        clock.wait_for_sleepers(1)
        clock.advance(60)
        clock.wait_for_sleepers(2)
        one.stop(60)
    assert [(got.method, got.path) for got in server.received] == [("GET", "/ping")]
