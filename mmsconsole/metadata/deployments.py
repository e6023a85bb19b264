"""A deployment: a replica set that is backed up (sharded clusters come later)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mmsconsole.errors import NotFound
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.secret import Secret


class BackupState(StrEnum):
    """What the administrator asked for, or what stands in the way of it."""

    INACTIVE = "inactive"
    STARTED = "started"
    STOPPED = "stopped"
    RESYNC_REQUIRED = "resync required"


class ReadFrom(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Deployment:
    id: str
    name: str
    uri: Secret
    set_name: str
    set_id: str
    """settings.replicaSetId of the set's configuration, in hex: pinned when it was added."""
    server_version: str
    fcv: str
    created_at: datetime
    group: str = DEFAULT_GROUP
    backup: BackupState = BackupState.INACTIVE
    reason: str = ""
    """Why a resync is required, or what the backup is waiting for; empty when all is well."""
    sync_from: ReadFrom = ReadFrom.SECONDARY
    tail_from: ReadFrom = ReadFrom.PRIMARY
    snapshot_interval_minutes: int = 0
    """0: no snapshots by themselves."""
    head: str = ""
    """Id of the current head; empty before the first backup start."""


class Deployments(Records[Deployment]):
    name = "deployments"
    record = Deployment
    noun = "deployment"
    indexes = [
        ([("group", 1), ("name", 1)], {"unique": True}),
        ([("group", 1), ("set_id", 1)], {"unique": True}),
    ]

    def named(self, name: str, group: str = DEFAULT_GROUP) -> Deployment:
        found = self.one({"group": group, "name": name})
        if found is None:
            raise NotFound(
                f"there is no deployment {name!r}", hint="see: mmsconsole deployment list"
            )
        return found
