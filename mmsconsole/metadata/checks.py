"""Checks of stores: what was looked at, and what was found wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.metadata.snapshots import DOUBT_OF_CHECK
from mmsconsole.optime import Optime

FINDINGS_MAX = 500
"""Kept of one check; how many there were in all is kept too."""


class Fault(StrEnum):
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """An object that is not as it was stored, and what it hurts."""

    key: str
    fault: Fault
    said: str
    snapshots: tuple[str, ...] = ()
    """Ids of those that can not be restored whole."""
    deployment: str = ""
    """Id of the one whose moments are hurt; empty where none are."""
    after: Optime | None = None
    """Moments behind this one can not be reached from a snapshot before it ..."""
    until: Optime | None = None
    """... up to this one, which the object ends with."""

    @property
    def doubt(self) -> str:
        """What is written down with a snapshot that it hurts."""
        return f"{DOUBT_OF_CHECK}{self.key} is {self.fault}"


def doubted_key(doubt: str) -> str:
    """Of the object that a check's doubt tells of; empty for other doubts."""
    return (
        doubt.removeprefix(DOUBT_OF_CHECK).partition(" ")[0]
        if doubt.startswith(DOUBT_OF_CHECK)
        else ""
    )


@dataclass(frozen=True, slots=True)
class StoreCheck:
    id: str
    store: str
    asked_at: datetime
    share: float
    """Of the objects that are read whole: 0 to 1. Of the others it is looked that they are there,
    with their size, and at what they say of themselves."""
    begins_at: float = 0.0
    """Objects are parted into a circle of 1: from here on they are read."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    """None: it has not ended."""
    objects: int = 0
    bytes_read: int = 0
    found: int = 0
    findings: tuple[CheckFinding, ...] = ()

    @property
    def good(self) -> bool:
        return self.finished_at is not None and self.found == 0


class Checks(Records[StoreCheck]):
    name = "checks"
    record = StoreCheck
    noun = "check"
    indexes: ClassVar[Indexes] = [([("store", 1), ("asked_at", -1)], {})]

    def finished(self, store: str, limit: int = 0) -> Iterator[StoreCheck]:
        """Newest first; 0: all."""
        query = {"store": store, "finished_at": {"$ne": None}}
        return self.all(query, sort=[("asked_at", -1)], limit=limit)

    def last_finished(self, store: str) -> StoreCheck | None:
        return next(self.finished(store, limit=1), None)

    def damage(self, store: str) -> StoreCheck | None:
        """The newest check that found something, unless a later one read all, and found nothing:
        others look at a part of the bytes.
        """
        for check in self.finished(store):
            if check.found:
                return check
            if check.share >= 1.0:
                return None
        return None

    @metadata_errors()
    def forget(self, store: str, kept: int) -> None:
        """All but the newest that have ended."""
        old = [check.id for check in self.finished(store)][kept:]
        self.collection.delete_many({"_id": {"$in": old}})
