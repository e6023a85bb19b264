"""Objects that are to be deleted: noted before the record that refers to them goes.

So a crash in between forgets none, nor does a lock that a store has on one for some days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pymongo import UpdateOne

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class Deletion:
    id: str
    store: str
    key: str
    subject: str
    """Id of the record that referred to it. As long as that still does, it is not deleted."""
    not_before: datetime | None = None
    """When it is worth another try."""
    reason: str = ""
    """Why it is still there."""


class Deletions(Records[Deletion]):
    name = "deletions"
    record = Deletion
    noun = "deletion"
    indexes: ClassVar[Indexes] = [([("not_before", 1)], {})]

    @metadata_errors()
    def note(self, store: str, subjects: Iterable[tuple[str, str]]) -> None:
        """`subjects`: key and subject of each. Again is no harm."""
        writes = [
            UpdateOne(
                {"_id": _id(store, key)},
                {"$set": {"store": store, "key": key, "subject": subject}},
                upsert=True,
            )
            for key, subject in subjects
        ]
        if writes:
            self.collection.bulk_write(writes, ordered=False)

    def due(self, now: datetime, limit: int) -> Iterator[Deletion]:
        """Those that have waited longest first."""
        due = {"$or": [{"not_before": None}, {"not_before": {"$lte": now}}]}
        return self.all(due, sort=[("not_before", 1)], limit=limit)

    @metadata_errors()
    def settle(self, store: str, keys: Iterable[str]) -> None:
        """They are gone, or are to stay."""
        self.collection.delete_many({"_id": {"$in": [_id(store, key) for key in keys]}})


def _id(store: str, key: str) -> str:
    return f"{store}:{key}"
