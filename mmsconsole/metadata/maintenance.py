"""Maintenance windows: while one lasts, alerts are shown, and nothing is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    id: str
    group: str
    start: datetime
    end: datetime
    """Not in it any more."""
    deployment: str = ""
    """Its id; empty: all of the group."""
    note: str = ""
    by: str = ""

    def covers(self, deployment: str, now: datetime) -> bool:
        """`deployment` may be empty: only a window of the whole group covers that."""
        return self.deployment in ("", deployment) and self.start <= now < self.end


class MaintenanceWindows(Records[MaintenanceWindow]):
    name = "maintenance_windows"
    record = MaintenanceWindow
    noun = "maintenance window"
    listed_by = "maintenance list"
    indexes: ClassVar[Indexes] = [([("group", 1), ("end", 1)], {})]

    def not_over(self, now: datetime, group: str | None = None) -> Iterator[MaintenanceWindow]:
        """Those that last or are to come, the first to end first."""
        query = {"end": {"$gt": now}} | ({} if group is None else {"group": group})
        return self.all(query, sort=[("end", 1)])

    @metadata_errors()
    def forget(self, before: datetime) -> None:
        self.collection.delete_many({"end": {"$lt": before}})
