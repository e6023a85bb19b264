"""Notifications: the queue of what people are told, and what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors

LISTED_MAX = 200
UNSENT_MAX = 200
"""That are looked at in one go."""


class NotificationKind(StrEnum):
    OPEN = "open"
    AGAIN = "again"
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    TEST = "test"


class NotificationState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    """Will be tried again at `next_at`."""
    GIVEN_UP = "given up"


UNSENT = (NotificationState.QUEUED, NotificationState.FAILED)


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    """The alert's id, its number and the channel: one that is there is not queued again."""
    alert: str
    """Id of the alert; empty for a test."""
    channel: str
    """Name of the channel in the settings."""
    kind: NotificationKind
    title: str
    text: str
    at: datetime
    """When it was queued."""
    state: NotificationState = NotificationState.QUEUED
    tries: int = 0
    next_at: datetime | None = None
    """Not before; None: at once."""
    sent_at: datetime | None = None
    error: str = ""
    """Why it was not sent the last time, without secrets."""
    payload: dict[str, Any] = field(default_factory=dict)
    """What a message is made of beside title and text: severity, group, deployment (its name),
    subject, condition, opened_at (datetime), value (float or None), unit, page, hint."""


class Notifications(Records[Notification]):
    name = "notifications"
    record = Notification
    noun = "notification"
    listed_by = "alert sent"
    indexes: ClassVar[Indexes] = [
        ([("state", 1), ("next_at", 1)], {}),
        ([("at", -1)], {}),
        ([("alert", 1), ("at", 1)], {}),
        ([("channel", 1), ("state", 1), ("at", 1)], {}),
    ]

    def queue(self, notifications: Iterable[Notification]) -> int:
        """What is there already stays as it is; returns how many are new."""
        return self.add_missing(notifications)

    def due(self, now: datetime, limit: int = 100) -> Iterator[Notification]:
        """Oldest first."""
        states = {"state": {"$in": [state.value for state in UNSENT]}}
        due = {"$or": [{"next_at": None}, {"next_at": {"$lte": now}}]}
        return self.all(states | due, sort=[("at", 1), ("_id", 1)], limit=limit)

    def unsent(self, channel: str) -> list[Notification]:
        """Of one channel, oldest first, due or not."""
        query = {"channel": channel, "state": {"$in": [state.value for state in UNSENT]}}
        return list(self.all(query, sort=[("at", 1), ("_id", 1)], limit=UNSENT_MAX))

    def begin(self, seen: Notification, next_at: datetime) -> Notification | None:
        """Count a try before it is made; None if it is no longer as it was seen."""
        query = {"_id": seen.id, "state": seen.state.value, "tries": seen.tries}
        return self.set_where(query, tries=seen.tries + 1, next_at=next_at)

    def end(self, id_: str, state: NotificationState, **changes: object) -> None:
        """Write down how a try ended; one that has been sent stays so."""
        query = {"_id": id_, "state": {"$in": [state.value for state in UNSENT]}}
        self.set_where(query, state=state, **changes)

    def strays(self, channels: Iterable[str], before: datetime) -> list[Notification]:
        """Old ones that wait for channels that are not among these."""
        states = {"$in": [state.value for state in UNSENT]}
        query = {"channel": {"$nin": list(channels)}, "state": states, "at": {"$lt": before}}
        return list(self.all(query, limit=UNSENT_MAX))

    def recent(self, limit: int = LISTED_MAX) -> Iterator[Notification]:
        """Newest first."""
        return self.all(sort=[("at", -1)], limit=limit)

    def of(self, alert: str) -> Iterator[Notification]:
        """Oldest first."""
        return self.all({"alert": alert}, sort=[("at", 1), ("_id", 1)])

    def last_of(self, channel: str, state: NotificationState | None = None) -> Notification | None:
        """The newest one of a channel; in a state, if one is named."""
        query = {"channel": channel} | ({} if state is None else {"state": state.value})
        return self.one(query, sort=[("at", -1)])

    @metadata_errors()
    def waiting(self, channel: str) -> int:
        states = [state.value for state in UNSENT]
        return self.collection.count_documents({"channel": channel, "state": {"$in": states}})

    @metadata_errors()
    def forget(self, before: datetime) -> None:
        """Those that wait are kept."""
        states = [state.value for state in UNSENT]
        self.collection.delete_many({"state": {"$nin": states}, "at": {"$lt": before}})
