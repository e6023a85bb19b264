"""Second copies: how far the copy of a deployment's objects in another store has come."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.metadata.codec import to_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class CopyState:
    id: str
    """The deployment's id."""
    store: str
    """Where the copy is; another one than the deployment's now: it has to begin anew."""
    oplog_end: Optime | None = None
    """The chunks up to this one are there."""
    level_at: datetime | None = None
    """When everything that a round found to be copied was there last."""
    error: str = ""
    """Why it does not go on; empty when it does."""
    since: datetime | None = None
    """When the error began."""


class Copies(Records[CopyState]):
    name = "copies"
    record = CopyState
    noun = "copy"

    @metadata_errors()
    def put(self, state: CopyState) -> CopyState:
        self.collection.replace_one({"_id": state.id}, to_document(state), upsert=True)
        return state
