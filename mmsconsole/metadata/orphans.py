"""Orphans: objects that no record was found to refer to, since when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pymongo import UpdateOne

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class Orphan:
    id: str
    store: str
    key: str
    bytes: int
    seen_at: datetime
    """When it was found so first."""
    look: str
    """Id of the look at the store that found it so last."""


class Orphans(Records[Orphan]):
    name = "orphans"
    record = Orphan
    noun = "orphan"
    indexes: ClassVar[Indexes] = [([("store", 1), ("seen_at", 1)], {})]

    @metadata_errors()
    def see(self, store: str, objects: Iterable[tuple[str, int]], look: str, now: datetime) -> None:
        """`objects`: key and bytes of each."""
        writes = [
            UpdateOne(
                {"_id": f"{store}:{key}"},
                {
                    "$set": {"store": store, "key": key, "bytes": size, "look": look},
                    "$setOnInsert": {"seen_at": now},
                },
                upsert=True,
            )
            for key, size in objects
        ]
        if writes:
            self.collection.bulk_write(writes, ordered=False)

    @metadata_errors()
    def keep_seen(self, store: str, look: str) -> None:
        """The others are not there any more, or something refers to them."""
        self.collection.delete_many({"store": store, "look": {"$ne": look}})

    def seen_by(self, store: str, until: datetime, limit: int) -> Iterator[Orphan]:
        """Those that were orphans at `until` already, oldest first."""
        query = {"store": store, "seen_at": {"$lte": until}}
        return self.all(query, sort=[("seen_at", 1)], limit=limit)
