"""How it stands with the snapshots and validations of many deployments: one query each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mmsconsole.metadata.codec import Document
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.metadata.snapshots import SnapshotState, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """The newest verdict on a snapshot, or on a moment."""

    at: datetime
    good: bool
    what: str
    """The snapshot's id, or the moment's position."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotStanding:
    """Of one deployment."""

    newest_failed: bool
    """The one that ended last failed."""
    newest_id: str
    reason: str
    """Why it failed."""
    complete_at: datetime | None
    """When the newest complete one was taken."""
    first_at: datetime | None
    """When the oldest complete one was."""
    good_at: datetime | None
    """When one was verified, and good, last."""
    judged: Judged | None


@dataclass(frozen=True, slots=True)
class ValidationStanding:
    """The last one of a head."""

    at: datetime
    good: bool
    problems: tuple[str, ...]


_COMPLETE, _FAILED = SnapshotState.COMPLETE.value, SnapshotState.FAILED.value


def _of_complete(field: str) -> dict[str, Any]:
    """The field where the snapshot is complete; $min and $max pass over null."""
    return {"$cond": [{"$eq": ["$state", _COMPLETE]}, field, None]}


_VERDICT = {
    # Documents are compared field by field: $max finds the newest.
    "at": "$verified_at", "good": {"$eq": ["$verdict", Verdict.GOOD.value]},
    "what": "$_id", "text": {"$ifNull": ["$verdict_text", ""]},
}  # fmt: skip
_IS_JUDGED = {"$and": [
    {"$gt": ["$verified_at", None]}, {"$eq": ["$state", _COMPLETE]},
]}  # fmt: skip
_IS_GOOD = {"$and": [
    {"$eq": ["$verdict", Verdict.GOOD.value]}, {"$eq": ["$state", _COMPLETE]},
]}  # fmt: skip


@metadata_errors()
def snapshot_standings(
    metadata: Metadata, deployments: Collection[str]
) -> dict[str, SnapshotStanding]:
    """By deployment; without those that have none. Raises MetadataError."""
    found = metadata.snapshots.collection.aggregate([
        {"$match": {
            "deployment": {"$in": list(deployments)}, "state": {"$in": [_COMPLETE, _FAILED]},
        }},
        {"$sort": {"deployment": 1, "created_at": 1}},
        {"$group": {
            "_id": "$deployment",
            "last": {"$last": {
                "id": "$_id", "state": "$state", "reason": {"$ifNull": ["$reason", ""]},
            }},
            "complete_at": {"$max": _of_complete("$created_at")},
            "first_at": {"$min": _of_complete("$created_at")},
            "good_at": {"$max": {"$cond": [_IS_GOOD, "$verified_at", None]}},
            "judged": {"$max": {"$cond": [_IS_JUDGED, _VERDICT, None]}},
        }},
    ])  # fmt: skip
    return {one["_id"]: _snapshot_standing(one) for one in found}


def _snapshot_standing(one: Document) -> SnapshotStanding:
    last = one["last"]
    return SnapshotStanding(
        newest_failed=last["state"] == _FAILED,
        newest_id=last["id"],
        reason=last["reason"],
        complete_at=one["complete_at"],
        first_at=one["first_at"],
        good_at=one["good_at"],
        judged=_judged(one["judged"]),
    )


def _judged(one: Mapping[str, Any] | None) -> Judged | None:
    return None if one is None else Judged(one["at"], one["good"], one["what"], one["text"])


@metadata_errors()
def judged_moments(metadata: Metadata, deployments: Collection[str]) -> dict[str, Judged]:
    """The newest verdict on a moment between two snapshots, by deployment."""
    position = {"$concat": [{"$toString": "$optime.t"}, ":", {"$toString": "$optime.i"}]}
    found = metadata.witnesses.collection.aggregate([
        {"$match": {"deployment": {"$in": list(deployments)}, "verified_at": {"$ne": None}}},
        {"$group": {"_id": "$deployment", "judged": {"$max": _VERDICT | {"what": position}}}},
    ])  # fmt: skip
    judged = {one["_id"]: _judged(one["judged"]) for one in found}
    return {deployment: one for deployment, one in judged.items() if one is not None}


@metadata_errors()
def validation_standings(
    metadata: Metadata, deployments: Collection[str]
) -> dict[str, ValidationStanding]:
    """Of the last validation of each head, by the head's id."""
    found = metadata.validations.collection.aggregate([
        {"$match": {"deployment": {"$in": list(deployments)}}},
        {"$sort": {"started_at": 1}},
        {"$group": {"_id": "$head", "last": {"$last": {
            "at": "$finished_at", "good": "$good", "problems": "$problems",
        }}}},
    ])  # fmt: skip
    return {
        one["_id"]: ValidationStanding(
            one["last"]["at"], one["last"]["good"], tuple(one["last"]["problems"] or ())
        )
        for one in found
    }
