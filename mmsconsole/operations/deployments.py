"""Deployments: added, edited, removed."""

from dataclasses import replace
from typing import Any

from mmsconsole.errors import (
    AlreadyExists,
    Busy,
    MissingPrivileges,
    UsageError,
    WrongReplicaSet,
)
from mmsconsole.metadata.asking import head_resource
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import (
    NAME_MAX,
    BackupState,
    Deployment,
    DeploymentKind,
    ReadFrom,
    is_deployment_name,
)
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.operations import jobs, policies
from mmsconsole.operations.copies import copy_view
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.sources import Identity
from mmsconsole.operations.status import backup_status
from mmsconsole.operations.views import DeploymentView, Removal
from mmsconsole.operations.wishes import (
    KIB,
    Wishes,
    changes_of,
    check_kept,
    check_stores,
    interval_of,
)
from mmsconsole.secret import Secret

ONLY_MONITORED_HINT = "or, if it is not to be backed up: --only-monitored"


def add(desk: Desk, name: str, uri: Secret, wishes: Wishes) -> DeploymentView:
    """The source is asked who it is, and that is pinned. Nothing is copied yet."""
    _check_name(name)
    changes = changes_of(wishes, desk.settings)
    interval = interval_of(wishes)
    policies.check(desk, None, interval)
    _check_free(desk, name)
    identity = _identity(desk, uri, wishes)
    _check_unknown_set(desk, identity)
    defaults = desk.settings.tree.backup
    deployment = Deployment(
        id=new_id(),
        name=name,
        uri=uri,
        set_name=identity.set_name,
        set_id=identity.set_id,
        server_version=identity.server_version,
        fcv=identity.fcv,
        cipher=identity.cipher,
        kind=identity.kind,
        created_at=desk.clock.now(),
        sync_from=ReadFrom(defaults.sync_from),
        tail_from=ReadFrom(defaults.tail_from),
        sync_mb_per_second=defaults.sync_mb_per_second,
        block_bytes=defaults.block_kib * KIB,
        zstd_level=defaults.zstd_level,
    )
    deployment = replace(deployment, **changes)
    check_stores(desk, deployment, changes)
    deployment = desk.metadata.deployments.add(deployment)
    if interval:
        desk.metadata.policies.change(
            deployment.id, interval, deployment.created_at, desk.actor.name
        )
    desk.event("deployment added", f"deployment {name} was added", deployment)
    return _view(desk, deployment)


def edit(
    desk: Desk, name: str, wishes: Wishes, new_name: str | None, uri: Secret | None
) -> DeploymentView:
    """What was backed up stays. A new connection string must lead to the same replica set."""
    deployment = desk.metadata.deployments.named(name)
    changes = changes_of(wishes, desk.settings)
    interval = interval_of(wishes)
    policies.check(desk, name, interval)
    if new_name is not None and new_name != name:
        _check_name(new_name)
        _check_free(desk, new_name)
        changes["name"] = new_name
    check_kept(changes)
    check_stores(desk, deployment, changes)
    if uri is not None:
        changes |= _new_source(desk, deployment, uri, wishes)
    if interval:
        policies.change(desk, name, interval, confirmed=False)
    if not changes:
        return _view(desk, deployment)
    edited = desk.metadata.deployments.set(deployment.id, **changes)
    what = ", ".join(sorted(changes))
    desk.event("deployment edited", f"deployment {name} was edited: {what}", edited)
    return _view(desk, edited)


def _identity(desk: Desk, uri: Secret, wishes: Wishes) -> Identity:
    only_monitored = wishes.get("only_monitored", False)
    if only_monitored:
        return desk.sources.recognise(uri)
    try:
        return desk.sources.identify(uri)
    except MissingPrivileges as error:
        hint = "; ".join(filter(None, (error.hint, ONLY_MONITORED_HINT)))
        raise MissingPrivileges(error.what, where=error.where, hint=hint) from error


def _new_source(desk: Desk, deployment: Deployment, uri: Secret, wishes: Wishes) -> dict[str, Any]:
    identity = _identity(desk, uri, wishes)
    if identity.kind is not deployment.kind or identity.kind is DeploymentKind.STANDALONE:
        _check_same_kind(deployment, identity)
    if identity.set_id != deployment.set_id:
        raise WrongReplicaSet(
            f"the connection string leads to another replica set ({identity.set_name}, "
            f"id {identity.set_id}) than the one that is backed up (id {deployment.set_id})",
            where=deployment.name,
            hint="add it as a deployment of its own",
        )
    return {
        "uri": uri, "server_version": identity.server_version, "fcv": identity.fcv,
        "cipher": identity.cipher,
    }  # fmt: skip


def _check_same_kind(deployment: Deployment, identity: Identity) -> None:
    """A standalone has no id: by its address alone it is known again. Raises WrongReplicaSet."""
    if identity.kind is deployment.kind and identity.set_id == deployment.set_id:
        return
    known = deployment.set_id if deployment.kind is DeploymentKind.STANDALONE else "a replica set"
    raise WrongReplicaSet(
        f"the connection string leads to another server: this deployment is {known}",
        where=deployment.name,
        hint="add it as a deployment of its own",
    )


def listed(desk: Desk) -> list[DeploymentView]:
    return [_view(desk, deployment) for deployment in desk.metadata.deployments.listed()]


def show(desk: Desk, name: str) -> DeploymentView:
    return _view(desk, desk.metadata.deployments.named(name))


def removal(desk: Desk, name: str) -> Removal:
    deployment = desk.metadata.deployments.named(name)
    snapshots = list(desk.metadata.snapshots.of(deployment.id))
    chunks = desk.metadata.chunks.size(deployment.id)
    return Removal(
        deployment=name,
        heads=tuple(head.path for head in desk.metadata.heads.of(deployment.id)),
        snapshots=len(snapshots),
        snapshot_bytes=sum(snapshot.new_bytes for snapshot in snapshots),
        chunks=chunks.chunks,
        chunk_bytes=chunks.stored_bytes,
        restores_open=len(_open_restores(desk, deployment)),
    )


def remove(desk: Desk, name: str, *, cancel_restores: bool) -> Removal:
    """Its name and its replica set are free at once; a job deletes what was kept for it.

    Raises Busy while restores of it run, unless they may be cancelled.
    """
    deployment = desk.metadata.deployments.named(name)
    found = removal(desk, name)
    if found.restores_open and not cancel_restores:
        raise Busy(
            f"{found.restores_open} restores of it still run", where=name,
            hint="wait for them, or say --yes to cancel them",
        )  # fmt: skip
    removed = desk.metadata.deployments.set(
        deployment.id, removed=True, backup=BackupState.INACTIVE
    )
    for job in desk.metadata.jobs.open(deployment.id):
        jobs.request_cancel(desk, job)
    jobs.queue(desk, JobKind.REMOVAL, removed, head_resource(deployment))
    desk.event(
        "deployment removed",
        f"deployment {name} was removed, with {found.snapshots} snapshots and its stored oplog",
        removed,
    )
    return found


def _open_restores(desk: Desk, deployment: Deployment) -> list[Job]:
    return list(desk.metadata.jobs.open(deployment.id, JobKind.RESTORE))


def _check_name(name: str) -> None:
    if not is_deployment_name(name):
        raise UsageError(
            "not a name for a deployment", where=repr(name[: NAME_MAX + 1]),
            hint=f"letters, digits, '.', '_' and '-', {NAME_MAX} at most, no sign in front",
        )  # fmt: skip


def _check_free(desk: Desk, name: str) -> None:
    if desk.metadata.deployments.one({"group": DEFAULT_GROUP, "name": name, "removed": False}):
        hint = f"choose another name, or see: mmsconsole deployment show {name}"
        raise AlreadyExists(f"there is a deployment {name!r} already", hint=hint)


def _check_unknown_set(desk: Desk, identity: Identity) -> None:
    known = desk.metadata.deployments.one(
        {"group": DEFAULT_GROUP, "set_id": identity.set_id, "removed": False}
    )
    if known is not None:
        raise AlreadyExists(
            f"this {identity.kind} is the deployment {known.name!r} already",
            where=identity.set_name or identity.set_id,
            hint=f"see: mmsconsole deployment show {known.name}",
        )


def _view(desk: Desk, deployment: Deployment) -> DeploymentView:
    from mmsconsole.mongod.source_uri import parse_uri

    return DeploymentView(
        id=deployment.id,
        name=deployment.name,
        group=deployment.group,
        uri=parse_uri(deployment.uri).redacted,
        set_name=deployment.set_name,
        server_version=deployment.server_version,
        fcv=deployment.fcv,
        sync_from=deployment.sync_from.value,
        tail_from=deployment.tail_from.value,
        sync_mb_per_second=deployment.sync_mb_per_second,
        snapshot_interval_minutes=policies.policy_of(desk, deployment).interval_minutes,
        block_kib=deployment.block_bytes // KIB,
        zstd_level=deployment.zstd_level,
        created_at=deployment.created_at,
        status=backup_status(desk, deployment),
        store=deployment.store,
        copy=copy_view(desk, deployment),
        kind=deployment.kind.value,
        monitored=deployment.monitored,
    )
