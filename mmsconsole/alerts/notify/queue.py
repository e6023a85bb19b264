"""Which notification of a channel is sent next, and how often one is tried: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmsconsole.metadata.notifications import Notification


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


def next_to_send(
    unsent: Iterable[Notification], now: datetime, patience: Patience
) -> Notification | None:
    """The first that is due. One of an alert waits for those before it, so that nobody is told
    that it is over before he is told that it began.

    `unsent`: of one channel, oldest first.
    """
    waiting: set[str] = set()
    for notification in unsent:
        about = notification.alert or notification.id
        if about not in waiting and _is_due(notification, now, patience):
            return notification
        waiting.add(about)
    return None


def _is_due(notification: Notification, now: datetime, patience: Patience) -> bool:
    if notification.next_at is None or notification.next_at <= now:
        return True
    # No wait is as long as that: the clock has been set back.
    return notification.next_at - now > timedelta(seconds=2 * patience.longest_seconds)
