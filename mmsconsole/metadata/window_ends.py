"""Entries of a stored oplog that no head can follow: there a window ends, and a new one begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from mmsconsole.metadata.collection import Indexes, Records, Sort
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

IN_ORDER: Sort = [("at.t", 1), ("at.i", 1)]


@dataclass(frozen=True, slots=True)
class WindowEnd:
    id: str
    deployment: str
    at: Optime
    """The entry. From a snapshot before it, every moment before it can be restored, and none
    from it on."""
    reason: str
    found_at: datetime

    @property
    def last(self) -> Optime:
        """The last position that can be restored."""
        return Optime(self.at.t, self.at.i - 1)


class WindowEnds(Records[WindowEnd]):
    name = "window_ends"
    record = WindowEnd
    noun = "end of a window"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("at.t", 1), ("at.i", 1)], {"unique": True})]

    def of(self, deployment: str) -> Iterator[WindowEnd]:
        """In order."""
        return self.all({"deployment": deployment}, sort=IN_ORDER)

    def after(self, deployment: str, position: Optime) -> WindowEnd | None:
        """The first one behind `position`."""
        return self.one({"deployment": deployment, **_after(position)}, sort=IN_ORDER)

    @metadata_errors()
    def drop(self, deployment: str, after: Optime | None = None) -> None:
        """All of them, or those behind a position."""
        behind = {} if after is None else _after(after)
        self.collection.delete_many({"deployment": deployment, **behind})


def _after(position: Optime) -> dict[str, Any]:
    return {
        "$or": [
            {"at.t": {"$gt": position.t}},
            {"at.t": position.t, "at.i": {"$gt": position.i}},
        ]
    }
