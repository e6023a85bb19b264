"""What is sent next, and how long it is tried."""

from datetime import timedelta

import pytest

from mmsconsole.alerts.notify.queue import Patience, ready
from mmsconsole.metadata.notifications import Notification, NotificationKind
from tests.alerts.notify.messages import AT, notification

PATIENCE = Patience()
CLOSED = NotificationKind.CLOSED
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
    found = ready(unsent, LATER, PATIENCE)
    assert (found[0].id if found else None) == expected


def test_the_order_of_an_alert_is_that_of_its_numbers_whatever_the_clocks_say() -> None:
    """One that was set back, or that of another host."""
    earlier = AT - timedelta(hours=3)
    unsent = [notification("a-10-ops", alert="a", at=earlier), notification("a-9-ops", alert="a")]
    assert [one.id for one in ready(unsent, LATER, PATIENCE)] == ["a-9-ops"]


def test_what_is_over_is_told_before_what_begins_anew_in_the_same_moment() -> None:
    """As at the end of a maintenance window, where both were held back."""
    begun, over = one("a-1-ops", "a"), notification("b-2-ops", CLOSED, alert="b")
    assert [each.id for each in ready([begun, over], LATER, PATIENCE)] == ["b-2-ops", "a-1-ops"]


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
