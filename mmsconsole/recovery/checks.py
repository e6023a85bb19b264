"""Records from a store, which anybody may have written: what is believed of them. Pure."""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from mmsconsole.errors import UsageError
from mmsconsole.metadata.alert_rules import AlertRule, rule_id
from mmsconsole.metadata.deployments import BackupState, Deployment, is_deployment_name
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.policies import PolicyRecord
from mmsconsole.metadata.pools import Pool, pool_id
from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.optime import INCREMENT_MAX, Optime
from mmsconsole.policy.policy import check_value
from mmsconsole.secret import Secret
from mmsconsole.stores.blocks.block import BLOCK_BYTES, is_block_size
from mmsconsole.stores.objects import is_plain_id

NO_ENGINE_GOES_ON = "the metadata database was lost while it ran"
NO_URI = Secret("mongodb://not-known.invalid/")
"""In place of a connection string that nobody knows any more; .invalid never resolves."""
FIRST_OF_ID = 6


def is_sane(record: object) -> bool:
    """Whether ids, times and positions are what they must be; cattrs has seen to the rest."""
    if isinstance(record, Optime):
        return all(0 <= number <= INCREMENT_MAX for number in (record.t, record.i))
    if isinstance(record, list | tuple):
        return all(is_sane(item) for item in record)
    if not is_dataclass(record):
        return True
    return all(
        _fits(field.type, value) and is_sane(value)
        for field in fields(record)
        for value in [getattr(record, field.name)]
    )


def _fits(kind: Any, value: object) -> bool:
    allowed = get_args(kind) or (kind,)
    if datetime in allowed:
        missing = value is None and type(None) in allowed
        return missing or (isinstance(value, datetime) and value.tzinfo is not None)
    return bytes not in allowed or isinstance(value, bytes)


def checked_deployment(deployment: Deployment, store: str, names: set[str]) -> Deployment | None:
    """Bound to the store that it was found in, and standing still; None if it is none of ours.

    `names`: of those that are there already.
    """
    if not is_plain_id(deployment.id) or not is_plain_id(deployment.group):
        return None
    elsewhere = "" if deployment.copy_to == store else deployment.copy_to
    size = deployment.block_bytes
    return replace(
        deployment,
        name=free_name(deployment, names),
        store=store,
        copy_to=elsewhere,
        block_bytes=size if is_block_size(size) else BLOCK_BYTES,
        backup=stopped(deployment.backup),
        warned={},
    )


def free_name(deployment: Deployment, names: set[str]) -> str:
    if not is_deployment_name(deployment.name):
        return f"found-{deployment.id}"
    if deployment.name in names:
        return f"{deployment.name[: 60 - FIRST_OF_ID]}-{deployment.id[:FIRST_OF_ID]}"
    return deployment.name


def stopped(backup: BackupState) -> BackupState:
    return BackupState.STOPPED if backup is BackupState.STARTED else backup


def is_policy(record: object) -> bool:
    """Whether every key of a policy is what it may be; True for all other records."""
    if not isinstance(record, PolicyRecord):
        return True
    try:
        for key, value in record.keys.items():
            check_value(key, value)
    except UsageError:
        return False
    return True


def settled(record: object, *, store: str, now: datetime) -> object:
    """No job goes on with a restore, and nobody removes what it names: those are places of another
    engine. A pool is that of the store where it was found, an alert rule that of its own slot.
    """
    if isinstance(record, Restore):
        record = replace(record, staging="", touched=False)
        if record.state not in UNFINISHED:
            return record
        failed = RestoreState.FAILED
        return replace(record, state=failed, reason=NO_ENGINE_GOES_ON, finished_at=now)
    if isinstance(record, Pool):
        return replace(record, id=pool_id(record.group, store), store=store)
    if isinstance(record, AlertRule):
        id_ = rule_id(record.group, record.deployment, record.condition, record.metric)
        return replace(record, id=id_)
    return record


def is_own_head(head: Head, folders: list[Path]) -> bool:
    """Whether its folder is one that this engine would have made: it will be removed one day."""
    return is_plain_id(head.id) and Path(head.path) in [folder / head.id for folder in folders]


def deployment_of_header(told: object, group: str, store: str, now: datetime) -> Deployment | None:
    """Of a manifest, where no catalogue knows the deployment; None if it tells of none."""
    if not isinstance(told, dict):
        return None
    texts = ("id", "name", "set_name", "set_id", "server_version", "fcv")
    if not all(isinstance(told.get(name), str) for name in texts):
        return None
    return Deployment(
        **{name: told[name] for name in texts},
        uri=NO_URI,
        created_at=now,
        group=group,
        store=store,
        backup=BackupState.STOPPED,
    )
