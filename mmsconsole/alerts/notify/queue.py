"""Which notification of a channel is sent next, and how often one is tried: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.metadata.notifications import Notification, NotificationKind


@dataclass(frozen=True, slots=True)
class Patience:
    first_seconds: float = 15.0
    """Until the second try; then twice as long each time."""
    longest_seconds: float = 1800.0
    tries_refused: int = 6
    """So often where another try alone does not help: people may mend the settings meanwhile."""
    hours: float = 24.0
    """Nobody wants an older one."""

    def next_at(self, tries: int, now: datetime) -> datetime:
        """When it is tried again after so many tries."""
        doublings = min(tries - 1, 20)
        seconds = min(self.first_seconds * 2.0**doublings, self.longest_seconds)
        return now + timedelta(seconds=seconds)

    def has_ended(self, notification: Notification, now: datetime, *, again: bool) -> bool:
        """Whether it is given up, now that a try has failed."""
        return self.is_old(notification, now) or (
            not again and notification.tries >= self.tries_refused
        )

    def is_old(self, notification: Notification, now: datetime) -> bool:
        return now - notification.at > timedelta(hours=self.hours)


def ready(unsent: Iterable[Notification], now: datetime, patience: Patience) -> list[Notification]:
    """Those that are due, the oldest first. One of an alert waits for those before it, so that
    nobody is told that it is over before he is told that it began.

    `unsent`: of one channel.
    """
    first: dict[str, Notification] = {}
    for one in unsent:
        about = one.alert or one.id
        if about not in first or _number(one) < _number(first[about]):
            first[about] = one
    return [one for one in sorted(first.values(), key=_turn) if _is_due(one, now, patience)]


def _number(one: Notification) -> int:
    """Of its alert's notifications: their times come from clocks that may be set back."""
    number = one.id.removeprefix(f"{one.alert}-").partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _turn(one: Notification) -> tuple[datetime, bool, str]:
    """What is over comes before what began anew in the same moment."""
    return one.at, one.kind is not NotificationKind.CLOSED, one.id


def _is_due(notification: Notification, now: datetime, patience: Patience) -> bool:
    if notification.next_at is None or notification.next_at <= now:
        return True
    # No wait is as long as that: the clock has been set back.
    return notification.next_at - now > timedelta(seconds=2 * patience.longest_seconds)
