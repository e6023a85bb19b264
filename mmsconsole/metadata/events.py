"""Events: what happened, for people and for the audit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    at: datetime
    kind: str
    """Stable, for programs: "backup started", "snapshot complete", "gap found" …"""
    text: str
    """One sentence for people, without secrets."""
    severity: Severity = Severity.INFO
    deployment: str = ""
    actor: str = ""
    """Who asked, for what people ask; empty for what the engine did by itself."""
    details: dict[str, str] = field(default_factory=dict)


class Events(Records[Event]):
    name = "events"
    record = Event
    noun = "event"
    indexes: ClassVar[Indexes] = [([("at", -1)], {}), ([("deployment", 1), ("at", -1)], {})]

    def recent(self, deployment: str | None = None, limit: int = 100) -> Iterator[Event]:
        """Newest first."""
        query = {} if deployment is None else {"deployment": deployment}
        return self.all(query, sort=[("at", -1)], limit=limit)

    def about(self, deployment: str, id_: str, limit: int = 100) -> Iterator[Event]:
        """Those that name one of its snapshots, newest first."""
        named = [{"details.snapshot": id_}, {"text": {"$regex": re.escape(id_)}}]
        query = {"deployment": deployment, "$or": named}
        return self.all(query, sort=[("at", -1)], limit=limit)

    def of_alert(self, deployment: str, alert: str, limit: int = 100) -> Iterator[Event]:
        """Those that name one of its alerts, newest first."""
        query = {"deployment": deployment, "details.alert": alert}
        return self.all(query, sort=[("at", -1)], limit=limit)

    @metadata_errors()
    def forget(self, before: datetime) -> None:
        self.collection.delete_many({"at": {"$lt": before}})

    def newest_between(
        self, deployment: str, kind: str, after: datetime, before: datetime | None
    ) -> Event | None:
        """The newest one of a kind in a stretch of time; None: up to now."""
        at = {"$gte": after} | ({} if before is None else {"$lte": before})
        return self.one({"deployment": deployment, "kind": kind, "at": at}, sort=[("at", -1)])
