"""Snapshots and moments that are open: a mongod that can be asked, and can not be written to.

An opening has the id of the restore that made its files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret


class OpeningState(StrEnum):
    STARTING = "starting"
    OPEN = "open"
    CLOSING = "closing"
    """Somebody has asked for it; its files are being removed."""
    CLOSED = "closed"
    FAILED = "failed"


WANTED = (OpeningState.STARTING, OpeningState.OPEN)
UNFINISHED = (*WANTED, OpeningState.CLOSING)


@dataclass(frozen=True, slots=True)
class Opening:
    id: str
    deployment: str
    snapshot: str
    optime: Optime
    folder: str
    """The data files."""
    staging: str
    """The folder of ours that they lie in, with everything that goes with them."""
    user: str
    password: Secret
    """Of `user`, who may read everything."""
    created_at: datetime
    until: datetime
    """Then it is closed."""
    created_by: str = ""
    state: OpeningState = OpeningState.STARTING
    port: int = 0
    """Of 127.0.0.1, while it is open."""
    bytes: int = 0
    mongod_version: str = ""
    fcv: str = ""
    """That its files need: the snapshot may have expired meanwhile. Empty in records of before."""
    closed_at: datetime | None = None
    reason: str = ""


class Openings(Records[Opening]):
    name = "openings"
    record = Opening
    noun = "open snapshot"
    listed_by = "query list"
    indexes: ClassVar[Indexes] = [([("created_at", 1)], {})]

    def listed(self) -> Iterator[Opening]:
        """Newest first."""
        return self.all(sort=[("created_at", -1)])

    @metadata_errors()
    def close(self, deployment: str) -> None:
        """All of a deployment; who keeps them open sees it."""
        query = {"deployment": deployment, "state": {"$in": list(WANTED)}}
        self.collection.update_many(query, {"$set": {"state": OpeningState.CLOSING.value}})

    @metadata_errors()
    def forget_ended(self, before: datetime) -> None:
        self.collection.delete_many({"closed_at": {"$lt": before}})

    def unfinished(self) -> list[Opening]:
        return list(self.all({"state": {"$in": list(UNFINISHED)}}))
