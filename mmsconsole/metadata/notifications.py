"""Notifications: the queue of what people are told, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pymongo import UpdateOne

from mmsconsole.metadata.codec import to_value
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors

LISTED_MAX = 200
UNSENT_MAX = 500
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

    def begin_all(
        self, seen: Sequence[Notification], next_at: Callable[[int], datetime]
    ) -> list[Notification]:
        """Count a try of each before it is made; `next_at`: by the number of tries, when there is
        another one. Empty if one of them is no longer as it was seen: look again.
        """
        begun = [replace(one, tries=one.tries + 1, next_at=next_at(one.tries + 1)) for one in seen]
        writes: list[UpdateOne] = []
        for before, one in zip(seen, begun, strict=True):
            query = {"_id": one.id, "state": before.state.value, "tries": before.tries}
            writes.append(UpdateOne(query, {"$set": {"tries": one.tries, "next_at": one.next_at}}))
        with metadata_errors(self.noun):
            done = self.collection.bulk_write(writes, ordered=False).matched_count if writes else 0
        return begun if done == len(writes) else []

    @metadata_errors()
    def end_all(self, ids: Iterable[str], state: NotificationState, **changes: object) -> None:
        """Write down how a try of each ended; what has been sent stays so."""
        query = {"_id": {"$in": list(ids)}, "state": {"$in": [each.value for each in UNSENT]}}
        values = {"state": state} | changes
        update = {"$set": {name: to_value(value) for name, value in values.items()}}
        self.collection.update_many(query, update)

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
