"""What is sent next, and how long it is tried."""

from datetime import timedelta

import pytest

from mmsconsole.alerts.notify.queue import Patience, next_to_send
from mmsconsole.metadata.notifications import Notification
from tests.alerts.notify.messages import AT, notification

PATIENCE = Patience()
LATER = AT + timedelta(seconds=60)


def one(id_: str, alert: str, due: float | None = None) -> Notification:
    next_at = None if due is None else AT + timedelta(seconds=due)
    return notification(id_, alert=alert, next_at=next_at)


@pytest.mark.parametrize(
    ("unsent", "expected"),
    [
        ([], None),
        ([one("a1", "a")], "a1"),
        ([one("a1", "a", 61)], None),
        ([one("a1", "a", 60)], "a1"),
        ([one("a1", "a", 61), one("a2", "a")], None),
        ([one("a1", "a", 61), one("a2", "a"), one("b1", "b")], "b1"),
        ([one("t1", "", 61), one("t2", "")], "t2"),
        ([one("a1", "a", 10 * 3600)], "a1"),
    ],
    ids=["nothing", "never tried", "waits", "due", "order of an alert", "others go on",
         "tests wait for nothing", "a clock that was set back"],
)  # fmt: skip
def test_the_oldest_that_is_due_is_next_but_none_passes_one_of_its_alert(
    unsent: list[Notification], expected: str | None
) -> None:
    found = next_to_send(unsent, LATER, PATIENCE)
    assert (found and found.id) == expected


def test_it_is_tried_again_after_longer_and_longer_waits_with_an_end() -> None:
    waits = [(PATIENCE.next_at(tries, AT) - AT).total_seconds() for tries in range(1, 100)]
    assert waits[:8] == [15, 30, 60, 120, 240, 480, 960, 1800]
    assert set(waits[8:]) == {1800}


@pytest.mark.parametrize(
    ("tries", "hours", "again", "ended"),
    [(1, 0, True, False), (50, 24, True, False), (50, 24.1, True, True), (1, 24.1, True, True),
     (5, 1, False, False), (6, 1, False, True)],
)  # fmt: skip
def test_it_is_given_up_when_it_is_old_or_refused_again_and_again(
    tries: int, hours: float, again: bool, ended: bool
) -> None:
    found = notification(tries=tries)
    assert PATIENCE.has_ended(found, AT + timedelta(hours=hours), again=again) is ended
