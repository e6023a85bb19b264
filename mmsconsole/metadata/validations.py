"""Validations: when a head was looked over, how, and what was found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime

LISTED_MAX = 20
"""Sentences kept of one kind in one record."""


class ValidationKind(StrEnum):
    COMPARISON = "comparison"
    """Of the head's documents and catalogue with the source's, at one optime."""
    FILES = "files"
    """Of the head's files, by its mongod: every block, every index."""


@dataclass(frozen=True, slots=True)
class Validation:
    id: str
    deployment: str
    head: str
    kind: ValidationKind
    started_at: datetime
    finished_at: datetime
    optime: Optime | None
    """Where the head stood at the end."""
    good: bool
    collections: int = 0
    documents: int = 0
    bytes: int = 0
    """Of documents that were compared; 0 for files."""
    mended: int = 0
    """Documents that were fetched from the source again."""
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """What could not be looked at, or only in part, and why."""


class Validations(Records[Validation]):
    name = "validations"
    record = Validation
    noun = "validation"
    indexes: ClassVar[Indexes] = [([("deployment", 1), ("started_at", -1)], {})]

    def last(self, deployment: str, head: str) -> Validation | None:
        return self.one({"deployment": deployment, "head": head}, sort=[("started_at", -1)])

    def last_of_files(self, head: str, *, good: bool = False) -> Validation | None:
        """The newest one, or the newest one that found nothing."""
        query = {"head": head, "kind": ValidationKind.FILES.value}
        return self.one(query | ({"good": True} if good else {}), sort=[("started_at", -1)])

    @metadata_errors()
    def forget_but(self, count: int) -> None:
        """The newest of each head, kind and verdict stay."""
        of = {"head": "$head", "kind": "$kind", "good": "$good"}
        newest_first: list[dict[str, Any]] = [
            {"$sort": {"started_at": -1}},
            {"$group": {"_id": of, "ids": {"$push": "$_id"}}},
        ]
        for found in self.collection.aggregate(newest_first):
            self.collection.delete_many({"_id": {"$in": found["ids"][count:]}})

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        self.collection.delete_many({"deployment": deployment})


def shortened(sentences: list[str]) -> tuple[str, ...]:
    """At most LISTED_MAX of them, and how many more there are. Pure."""
    more = len(sentences) - LISTED_MAX
    return (*sentences[:LISTED_MAX], f"and {more} more") if more > 0 else tuple(sentences)
