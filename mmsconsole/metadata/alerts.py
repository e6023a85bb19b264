"""Alerts: what is, or was, wrong; and what is about to count as wrong.

An alert is written whole, with the notifications that follow from the change in it (`outbox`): so
a kill between two writes neither loses nor doubles one. Whoever changes an alert names the
revision that he has seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.failures import metadata_errors

LISTED_MAX = 500
DUPLICATE_KEY = 11000


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What follows from a change: an event, a notification in every channel, or both."""

    id: str
    """The alert's and a number: the same one is never queued twice."""
    kind: str
    """Of metadata/notifications.py."""
    text: str
    at: datetime
    send: bool = True
    """False: an event alone."""
    event: str = ""
    """Its kind; empty: none."""
    actor: str = ""
    """Who asked, of the event."""


@dataclass(frozen=True, slots=True)
class Alert:
    id: str
    key: str
    """What it is about: see key_of(). At most one alert of a key is not closed."""
    group: str
    deployment: str
    """Its id; empty where no deployment is concerned."""
    subject: str
    """A host, store, job, engine …; empty: the deployment as a whole."""
    condition: str
    rule: str
    """Id of the rule by which it was opened or looked at last."""
    severity: Severity
    state: AlertState
    text: str
    """In words, with numbers and units, without secrets."""
    opened_at: datetime
    changed_at: datetime
    deployment_name: str = ""
    channels: tuple[str, ...] = ()
    """Those of its rule; empty: all."""
    value: float | None = None
    """In the condition's unit, or the metric's."""
    metric: str = ""
    closed_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_until: datetime | None = None
    """None while it is acknowledged: until it closes."""
    note: str = ""
    """What was said with the acknowledgement."""
    notified_at: datetime | None = None
    notified: int = 0
    """How often people were told that it is open."""
    suppressed_by: str = ""
    """Why nothing is sent just now, in words; empty: what is due is sent."""
    no_data: bool = False
    """There is nothing fresh to judge by: it stays as it was."""
    reason: str = ""
    """Why it was closed: "well again", "cancelled: …"."""
    standing: bool = True
    """False once it is closed; in an index of its own."""
    told_seconds: float = 0.0
    """When people were told last, in the evaluator's own seconds."""
    fine_seconds: float | None = None
    """Since when all is well again, in the evaluator's own seconds; None: it is not."""
    opened_seconds: float = 0.0
    owed: bool = False
    """Closed while nothing was to be sent: people are told when that is over."""
    numbers: int = 0
    """Of notifications that were made for it."""
    outbox: tuple[Outgoing, ...] = ()
    told_all: bool = False
    """People were told of it by all channels ..."""
    told_by: tuple[str, ...] = ()
    """... or by these: they are told of its end as well, whatever the rule says by then."""
    flaps: int = 0
    """How often it had closed, and opened anew soon after, when it was opened."""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """Something is wrong, but not yet for as long as its rule wants."""

    id: str
    """The key of the alert that it will become."""
    group: str
    deployment: str
    since: datetime
    since_seconds: float
    """In the evaluator's own seconds."""
    text: str = ""
    unknown_seconds: float | None = None
    """Since when there is no fresh data: that time does not count."""


def key_of(group: str, deployment: str, subject: str, condition: str, metric: str = "") -> str:
    return "|".join((group, deployment, condition, metric, subject))


class Alerts(Records[Alert]):
    name = "alerts"
    record = Alert
    noun = "alert"
    listed_by = "alert list"
    indexes: ClassVar[Indexes] = [
        # Two engines that believe to be the only one can not open the same alert twice.
        ([("key", 1)], {
            "unique": True, "name": "one_standing", "partialFilterExpression": {"standing": True},
        }),
        ([("group", 1), ("standing", 1), ("opened_at", -1)], {}),
        ([("group", 1), ("opened_at", -1)], {}),
        ([("group", 1), ("owed", 1)], {}),
        ([("group", 1), ("closed_at", 1)], {}),
        ([("outbox.id", 1)], {"sparse": True}),
    ]  # fmt: skip

    def listed(
        self, deployment: str | None = None, *, every: bool = False, limit: int = LISTED_MAX
    ) -> Iterator[Alert]:
        """Newest first; those that are closed only with `every`."""
        query: dict[str, object] = {} if deployment is None else {"deployment": deployment}
        if not every:
            query["standing"] = True
        return self.all(query, sort=[("opened_at", -1)], limit=limit)

    def open_by_severity(self, group: str) -> dict[str, int]:
        """How many are open, and nobody has acknowledged them."""
        wanted = {"group": group, "standing": True, "state": AlertState.OPEN.value}
        steps: list[dict[str, object]] = [
            {"$match": wanted}, {"$group": {"_id": "$severity", "count": {"$sum": 1}}},
        ]  # fmt: skip
        with metadata_errors():
            return {str(one["_id"]): int(one["count"]) for one in self.collection.aggregate(steps)}

    def to_judge(self, group: str) -> list[Alert]:
        """Those that are not closed, and those whose end people have yet to be told of."""
        return list(self.all({"group": group, "$or": [{"standing": True}, {"owed": True}]}))

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of these ids there are, open or closed."""
        with metadata_errors():
            found = self.collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})
            return {str(one["_id"]) for one in found}

    @metadata_errors()
    def closed_since(self, group: str, at: datetime) -> dict[str, int]:
        """How often it had flapped already, by the key of each that was closed lately."""
        query = {"group": group, "closed_at": {"$gte": at}}
        found = self.collection.find(query, {"key": 1, "flaps": 1}).sort("closed_at", 1)
        return {str(one["key"]): int(one.get("flaps", 0)) for one in found}

    def with_outbox(self, group: str) -> list[Alert]:
        return list(self.all({"group": group, "outbox.id": {"$gt": ""}}))

    def open_all(self, alerts: Iterable[Alert]) -> None:
        """Each unless one of its key stands already, or it was open once."""
        documents = [to_document(alert) for alert in alerts]
        with metadata_errors(self.noun):
            try:
                if documents:
                    self.collection.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
                    raise

    def change_all(self, alerts: Iterable[Alert]) -> None:
        """Each unless somebody changed it since it was read."""
        writes = [
            ReplaceOne(
                {"_id": alert.id, "revision": alert.revision},
                to_document(replace(alert, revision=alert.revision + 1)),
            )
            for alert in alerts
        ]
        with metadata_errors(self.noun):
            if writes:
                self.collection.bulk_write(writes, ordered=False)

    def sent_out(self, alerts: Iterable[Alert]) -> None:
        """What was in their outboxes is queued."""
        writes = []
        for alert in alerts:
            queued = {"id": {"$in": [one.id for one in alert.outbox]}}
            update = {"$pull": {"outbox": queued}, "$inc": {"revision": 1}}
            writes.append(UpdateOne({"_id": alert.id}, update))
        with metadata_errors(self.noun):
            if writes:
                self.collection.bulk_write(writes, ordered=False)

    def change(self, alert: Alert) -> Alert | None:
        """Write it as it is to be; None if somebody changed it since it was read."""
        changed = replace(alert, revision=alert.revision + 1)
        with metadata_errors(self.noun):
            done = self.collection.replace_one(
                {"_id": alert.id, "revision": alert.revision}, to_document(changed)
            )
        return changed if done.matched_count else None

    @metadata_errors()
    def forget_closed(self, before: datetime) -> None:
        self.collection.delete_many({"standing": False, "closed_at": {"$lt": before}})


class Pendings(Records[Pending]):
    name = "alert_pendings"
    record = Pending
    noun = "pending alert"
    indexes: ClassVar[Indexes] = [([("group", 1)], {})]

    def of(self, group: str) -> list[Pending]:
        return list(self.all({"group": group}))

    @metadata_errors()
    def remove_all(self, ids: Iterable[str]) -> None:
        self.collection.delete_many({"_id": {"$in": list(ids)}})
