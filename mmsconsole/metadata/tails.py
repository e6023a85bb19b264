"""How far the agent's tail of a source is, and the history of a head's lag."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    error: str = ""
    """Why it is not reading just now."""


class Tails(Records[Tail]):
    name = "tails"
    record = Tail
    noun = "tail"

    @metadata_errors()
    def report(self, tail: Tail) -> None:
        self.collection.replace_one({"_id": tail.id}, to_document(tail), upsert=True)


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

    def since(self, deployment: str, at: datetime) -> Iterator[LagSample]:
        return self.all({"deployment": deployment, "at": {"$gte": at}}, sort=[("at", 1)])
