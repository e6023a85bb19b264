"""A deployment: a replica set or a standalone (sharded clusters come later)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.settings import DEFAULT_STORE

NAME_MAX = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

BLOCK_BYTES = 256 * 1024
ZSTD_LEVEL = 1

LISTED = {"removed": False}


def is_deployment_name(name: str) -> bool:
    return len(name) <= NAME_MAX and _NAME.fullmatch(name) is not None


class BackupState(StrEnum):
    """What the administrator asked for, or what stands in the way of it."""

    INACTIVE = "inactive"
    STARTED = "started"
    STOPPED = "stopped"
    RESYNC_REQUIRED = "resync required"


class ReadFrom(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"


class DeploymentKind(StrEnum):
    REPLICA_SET = "replica set"
    STANDALONE = "standalone"
    """It has no oplog to follow: it is monitored, and can not be backed up."""


@dataclass(frozen=True, slots=True)
class Deployment:
    id: str
    name: str
    uri: Secret
    set_name: str
    set_id: str
    """settings.replicaSetId of the set's configuration, in hex: pinned when it was added. Of a
    standalone, "standalone" and its address."""
    server_version: str
    fcv: str
    created_at: datetime
    group: str = DEFAULT_GROUP
    cipher: str = ""
    """By which the source's mongod encrypts its files ("AES256-GCM"); empty: it does not, or that
    was not asked."""
    backup: BackupState = BackupState.INACTIVE
    reason: str = ""
    """Why a resync is required, or what the backup is waiting for; empty when all is well."""
    sync_from: ReadFrom = ReadFrom.SECONDARY
    tail_from: ReadFrom = ReadFrom.PRIMARY
    sync_mb_per_second: float = 0.0
    """What its initial sync reads at most, in 1,000,000 bytes; 0: no limit."""
    planned_at: datetime | None = None
    """When its next snapshot was planned, as the last one was queued: however the policy changes,
    none is taken for a due time before it."""
    store: str = DEFAULT_STORE
    """Where its objects are kept; fixed once it has any."""
    copy_to: str = ""
    """A second store that gets a copy of everything; empty: none."""
    block_bytes: int = BLOCK_BYTES
    zstd_level: int = ZSTD_LEVEL
    oplog_from: Optime | None = None
    """Stored oplog that ends at or before this is given up, and may be deleted at any moment."""
    head: str = ""
    """Id of the current head; empty before the first backup start, and after a resync was
    asked for until its head is made."""
    warned: dict[str, str] = field(default_factory=dict)
    """The level of each kind of warning that people were told last, unless it is "ok"."""
    kind: DeploymentKind = DeploymentKind.REPLICA_SET
    monitored: bool = True
    """Whether its members are asked how they are."""
    removed: bool = False
    """A removal job is deleting what is kept of it; its name and set are free again."""


class Deployments(Records[Deployment]):
    name = "deployments"
    record = Deployment
    noun = "deployment"
    listed_by = "deployment list"
    indexes: ClassVar[Indexes] = [
        ([("group", 1), ("name", 1)], {"unique": True, "partialFilterExpression": LISTED}),
        ([("group", 1), ("set_id", 1)], {"unique": True, "partialFilterExpression": LISTED}),
    ]

    def listed(self) -> Iterator[Deployment]:
        """By name, without those that are being removed."""
        return self.all(dict(LISTED), sort=[("name", 1)])

    def named(self, name: str, group: str = DEFAULT_GROUP) -> Deployment:
        found = self.one({"group": group, "name": name, **LISTED})
        if found is None:
            raise self._not_found(name)
        return found
