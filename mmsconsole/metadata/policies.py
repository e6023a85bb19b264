"""Policies: what a group, or a deployment of it, decides for itself; the rest is inherited.

deployment -> its group -> the settings' section [policy].
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.policy.policy import KEYS, SnapshotPolicy


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    id: str
    """group_policy_id(group), or the deployment's id."""
    keys: dict[str, Any] = field(default_factory=dict)
    """Of a SnapshotPolicy; checked when they were written."""
    changed_at: datetime | None = None
    changed_by: str = ""


def group_policy_id(group: str) -> str:
    return f"group:{group}"


class Policies(Records[PolicyRecord]):
    name = "policies"
    record = PolicyRecord
    noun = "policy"

    def of(self, deployment: Deployment, defaults: SnapshotPolicy) -> SnapshotPolicy:
        """What holds for a deployment. `defaults`: those of the settings."""
        inherited = self.of_group(deployment.group, defaults)
        return inherited.overlaid(self.keys(deployment.id))

    def of_group(self, group: str, defaults: SnapshotPolicy) -> SnapshotPolicy:
        return defaults.overlaid(self.keys(group_policy_id(group)))

    def keys(self, id_: str) -> dict[str, Any]:
        """What is decided there, and not inherited."""
        found = self.find(id_)
        return {} if found is None else found.keys

    @metadata_errors()
    def change(self, id_: str, changes: Mapping[str, Any], at: datetime, by: str) -> None:
        """Set some keys, and inherit those again whose value is None."""
        told = {"changed_at": at, "changed_by": by}
        chosen = {f"keys.{key}": value for key, value in changes.items() if value is not None}
        inherited = {f"keys.{key}": "" for key, value in changes.items() if value is None}
        update: dict[str, Any] = {"$set": told | chosen}
        if inherited:
            update["$unset"] = inherited
        self.collection.update_one({"_id": id_}, update, upsert=True)

    @metadata_errors()
    def settle(self, group: str, policy: SnapshotPolicy) -> None:
        """What a group begins with. It is decided then: settings that change later delete
        nothing of what is there.
        """
        made = {"keys": {key: asdict(policy)[key] for key in KEYS}}
        self.collection.update_one(
            {"_id": group_policy_id(group)}, {"$setOnInsert": made}, upsert=True
        )
