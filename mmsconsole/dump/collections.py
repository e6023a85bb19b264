"""What is said of a collection before its documents come."""

from dataclasses import dataclass

import bson

COLLECTION, VIEW, TIMESERIES = "collection", "view", "timeseries"
KINDS = (COLLECTION, VIEW, TIMESERIES)
BUCKETS = "system.buckets."
NO_OPTIONS = bson.encode({})


@dataclass(frozen=True, slots=True)
class DumpedCollection:
    database: str
    name: str
    kind: str = COLLECTION
    options: bytes = NO_OPTIONS
    """Raw BSON, as listCollections tells them."""
    indexes: tuple[bytes, ...] = ()
    """Raw BSON, as listIndexes tells them, the one on _id among them."""
    uuid: bytes = b""
    """Empty for views and time series."""
    size: int = 0
    """Bytes of its documents, where that is known beforehand."""

    @property
    def ns(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def data_name(self) -> str:
        """The collection that its documents lie in."""
        return BUCKETS + self.name if self.kind == TIMESERIES else self.name

    @property
    def data_ns(self) -> str:
        return f"{self.database}.{self.data_name}"

    @property
    def has_documents(self) -> bool:
        return self.kind != VIEW
