"""What restores into live deployments have written so far: so a killed one goes on, and a
cancelled one takes away what it made and nothing else.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class LiveWrite:
    """One collection that a restore has begun to write. Removed when the restore ends."""

    id: str
    restore: str
    ns: str
    """Its name at the target."""
    existed: bool
    """Something was there, and was dropped for it."""
    finished: bool = False
    """All its documents are there, with a majority; indexes may not be."""
    documents: int = 0
    """How many were written, once finished."""
    uuid: str = ""
    """Of the collection that was made for it, in hex: another one there is somebody else's. Empty
    before, and of a view."""


def live_write_id(restore: str, ns: str) -> str:
    """A namespace may be too odd for an id that people see."""
    return f"{restore}-{hashlib.sha256(ns.encode()).hexdigest()[:24]}"


class LiveWrites(Records[LiveWrite]):
    name = "live_writes"
    record = LiveWrite
    noun = "collection of a live restore"
    indexes: ClassVar[Indexes] = [([("restore", 1)], {})]

    def of(self, restore: str) -> Iterator[LiveWrite]:
        return self.all({"restore": restore}, sort=[("_id", 1)])

    @metadata_errors()
    def forget(self, restore: str) -> None:
        self.collection.delete_many({"restore": restore})
