"""The queue's consumer: each channel has a thread, so none waits for another.

A try is counted before it is made and its end is written after it: who is killed in between sends
once more, with the same id, Message-ID and key. Only one engine at a time sends by a channel.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from mmsconsole.alerts.notify.channel import Channel
from mmsconsole.alerts.notify.digest import digest_of, together
from mmsconsole.alerts.notify.queue import Patience, ready
from mmsconsole.alerts.notify.rendering import message_of
from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError, NotificationFailed
from mmsconsole.harmless import harmless
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.metadata.notifications import Notification, NotificationState

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
STRAY_SECONDS = 600.0
LEASE_SECONDS = 300.0
"""More than the longest that a channel may take for one message."""
REST_SECONDS_MAX = 60.0
GIVEN_UP = "notification given up"
"""The kind of the event."""


@dataclass(frozen=True)
class Queue:
    """What the threads share."""

    metadata: Metadata
    clock: Clock
    engine: str
    """Its id."""
    patience: Patience = field(default_factory=Patience)

    def give_up(self, notification: Notification, why: str) -> None:
        """And tell people: they will not be told of it by its channel."""
        alert = self.metadata.alerts.find(notification.alert) if notification.alert else None
        text = harmless(f"{notification.channel} was not told: {notification.title}: {why}")
        self.metadata.events.add(
            Event(
                new_id(), self.clock.now(), GIVEN_UP, text, Severity.ERROR,
                "" if alert is None else alert.deployment,
            )
        )  # fmt: skip
        self.metadata.notifications.end_all(
            [notification.id], NotificationState.GIVEN_UP, error=why
        )
        log.error("%s", text)


class ChannelQueue:
    """The notifications of one channel. Used by one thread."""

    def __init__(self, queue: Queue, channel: Channel) -> None:
        self._queue = queue
        self._channel = channel
        self._lease = f"notify {channel.name}"
        self._held = False
        self._failed = 0
        self._to_write: Callable[[], None] | None = None

    def round(self) -> float:
        """Send one message at most; returns how many seconds to rest. Raises MetadataError."""
        if self._to_write is not None:
            self._write(self._to_write)
        if not self._held and not self._next():
            return POLL_SECONDS
        # Looked at under the lease: another engine may just have sent it.
        found = self._next() if self._take() else []
        if found:
            return self._attend(found)
        self._give_back()
        return POLL_SECONDS

    def _attend(self, found: list[Notification]) -> float:
        queue, now = self._queue, self._queue.clock.now()
        old = [one for one in found if queue.patience.is_old(one, now)]
        for one in old:
            queue.give_up(one, one.error or f"it waited for {queue.patience.hours:g} h")
        if old:
            return 0.0
        begun = queue.metadata.notifications.begin_all(
            found, lambda tries: queue.patience.next_at(tries, now)
        )
        return self._try(begun) if begun else 0.0

    def _try(self, begun: list[Notification]) -> float:
        notifications = self._queue.metadata.notifications
        failure = self._send(begun)
        if failure is not None:
            self._failed = min(self._failed + 1, 10)
            self._write(lambda: self._end_failed(begun, failure))
            # What follows would only meet the same fault.
            return min(2.0**self._failed, REST_SECONDS_MAX) if failure.again else 0.0
        self._failed = 0
        ids, sent_at = [one.id for one in begun], self._queue.clock.now()
        self._write(lambda: notifications.end_all(
            ids, NotificationState.SENT, sent_at=sent_at, error=""))  # fmt: skip
        return 0.0

    def _send(self, begun: list[Notification]) -> NotificationFailed | None:
        """Why it failed."""
        try:
            self._channel.send(message_of(begun[0]) if len(begun) == 1 else digest_of(begun))
        except NotificationFailed as error:
            return error
        except Exception as error:  # noqa: BLE001 - the boundary: it costs this message alone
            name = type(error).__name__
            log.error("channel %s: a fault of ours: %s", self._channel.name, name)
            return NotificationFailed(f"a fault of ours: {name}", hint="see the engine's log")
        return None

    def _end_failed(self, begun: list[Notification], error: NotificationFailed) -> None:
        queue, now = self._queue, self._queue.clock.now()
        ended = [one for one in begun if queue.patience.has_ended(one, now, again=error.again)]
        for one in ended:
            queue.give_up(one, str(error))
        rest = [one.id for one in begun if one not in ended]
        if rest:
            queue.metadata.notifications.end_all(rest, NotificationState.FAILED, error=str(error))
            log.warning("channel %s: %s", self._channel.name, error)

    def _write(self, write: Callable[[], None]) -> None:
        """Kept until it is written: what has been sent would be sent again."""
        self._to_write = write
        write()
        self._to_write = None

    def _next(self) -> list[Notification]:
        """What one message is made of; empty: nothing is due."""
        queue = self._queue
        unsent = queue.metadata.notifications.unsent(self._channel.name)
        due = ready(unsent, queue.clock.now(), queue.patience)
        return together(due, self._channel.kind)

    def _take(self) -> bool:
        queue = self._queue
        lease = queue.metadata.leases.take(self._lease, queue.engine, LEASE_SECONDS)
        self._held = lease is not None
        return self._held

    def _give_back(self) -> None:
        if self._held:
            self._queue.metadata.leases.give_back(self._lease, self._queue.engine)
            self._held = False


def give_up_strays(queue: Queue, channels: Mapping[str, Channel]) -> float:
    """What waits in vain for a channel that no settings name any more."""
    before = queue.clock.now() - timedelta(hours=queue.patience.hours)
    for stray in queue.metadata.notifications.strays(channels, before):
        queue.give_up(stray, "there is no such channel in the settings")
    return STRAY_SECONDS


class NotificationSender:
    """start() returns at once; stop() when all threads rest, or the time is up."""

    def __init__(self, queue: Queue, channels: Mapping[str, Channel]) -> None:
        self._clock = queue.clock
        self._stop = threading.Event()
        rounds = {
            f"notify {name}": ChannelQueue(queue, one).round for name, one in channels.items()
        }
        rounds["notify strays"] = lambda: give_up_strays(queue, channels)
        self._threads = [
            threading.Thread(target=self._run, args=(each,), name=name, daemon=True)
            for name, each in rounds.items()
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """A message that is on its way is waited for; what does not end ends with the process."""
        self._stop.set()
        deadline = self._clock.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock.monotonic()))

    def _run(self, one_round: Callable[[], float]) -> None:
        rest = 0.0
        while not self._clock.wait(self._stop, rest):
            try:
                rest = one_round()
            except MmsError as error:
                log.warning("notifications: %s", error)
                rest = POLL_SECONDS
            except Exception:
                # Without its thread nobody would ever be told by this channel again.
                log.exception("a fault in the notifications")
                rest = REST_SECONDS_MAX
