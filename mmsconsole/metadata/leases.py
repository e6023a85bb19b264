"""Leases: what only one of several engines does at a time. They expire by the database server's
time, so that no engine's clock matters.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument

from mmsconsole.metadata.codec import from_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.failures import metadata_errors

STEP_MAX_SECONDS = 60.0
LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    id: str
    """What it is for."""
    owner: str
    """The engine's id; empty: given back."""
    until: datetime
    renewed_at: datetime
    seconds: float = 0.0
    """How long it has been held, in all, by whom ever. Between two renewals no more than
    STEP_MAX_SECONDS count, and never less than none: a clock that jumps does no harm to who
    measures by it."""


class Leases(Records[Lease]):
    name = "leases"
    record = Lease
    noun = "lease"

    @metadata_errors()
    def take(
        self, id_: str, owner: str, seconds: float, step_max: float = STEP_MAX_SECONDS
    ) -> Lease | None:
        """Take it or renew it; None while somebody else has it."""
        document = self.collection.find_one_and_update(
            {"_id": id_}, [{"$set": _renewed_if_free(owner, seconds, step_max)}],
            upsert=True, return_document=ReturnDocument.AFTER,
        )  # fmt: skip
        assert document is not None  # it is made if it is not there
        lease = from_document(document, Lease)
        return lease if lease.owner == owner else None

    @metadata_errors()
    def give_back(self, id_: str, owner: str) -> None:
        """So that another one need not wait for its end."""
        free = {"owner": "", "until": LONG_AGO}
        self.collection.update_one({"_id": id_, "owner": owner}, {"$set": free})


def _renewed_if_free(owner: str, seconds: float, step_max: float) -> dict[str, Any]:
    """In one step of the server, by its clock; what somebody else has stays as it is."""
    now = "$$NOW"
    is_free = {"$or": [
        {"$eq": ["$owner", owner]}, {"$lt": [{"$ifNull": ["$until", LONG_AGO]}, now]},
    ]}  # fmt: skip
    passed = {"$divide": [{"$subtract": [now, {"$ifNull": ["$renewed_at", now]}]}, 1000]}
    step = {"$min": [step_max, {"$max": [0, passed]}]}
    renewed: dict[str, Any] = {
        "owner": owner,
        "until": {"$add": [now, int(seconds * 1000)]},
        "renewed_at": now,
        "seconds": {"$add": [{"$ifNull": ["$seconds", 0.0]}, step]},
    }
    return {name: {"$cond": [is_free, value, f"${name}"]} for name, value in renewed.items()}
