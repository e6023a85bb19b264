"""How far the agent's tail of a source is, and the history of a head's lag."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

LAG_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Tail:
    id: str
    """The deployment's id."""
    member: str
    """host:port that is being tailed; empty while there is none."""
    seen_at: datetime
    stored: Optime | None = None
    """End of the last durable chunk."""
    source: Optime | None = None
    """Newest majority-committed position that the source has told of."""
    oplog_window_seconds: int | None = None
    """From the oldest to the newest entry of the source's oplog."""
    oplog_full: bool = False
    """The source's oplog drops old entries; until then its window only grows."""
    error: str = ""
    """Why it is not reading just now, or why nothing comes from the member named."""
    since: datetime | None = None
    """When the error began; None while there is none."""
    unstored: bool = False
    """The error is the store's: the source is not to blame."""


class Tails(Records[Tail]):
    name = "tails"
    record = Tail
    noun = "tail"

    @metadata_errors()
    def report(self, tail: Tail) -> None:
        """`since` is found out here: trouble may outlast whoever reports it."""
        told = replace(tail, since=self._since(tail) if tail.error else None)
        self.collection.replace_one({"_id": tail.id}, to_document(told), upsert=True)

    def _since(self, tail: Tail) -> datetime:
        known = self.find(tail.id)
        return tail.seen_at if known is None or known.since is None else known.since


@dataclass(frozen=True, slots=True)
class LagSample:
    id: str
    deployment: str
    at: datetime
    lag_seconds: int


class LagSamples(Records[LagSample]):
    name = "lag_samples"
    record = LagSample
    noun = "lag sample"
    indexes: ClassVar[Indexes] = [
        ([("deployment", 1), ("at", 1)], {}),
        ([("at", 1)], {"name": "kept", "expireAfterSeconds": LAG_KEPT_SECONDS}),
    ]

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        self.collection.delete_many({"deployment": deployment})

    def since(self, deployment: str, at: datetime) -> Iterator[LagSample]:
        return self.all({"deployment": deployment, "at": {"$gte": at}}, sort=[("at", 1)])
