"""A new replica set from a restore: how people begin it, or begun by us."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmsconsole.errors import Refused
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.operations.desk import Desk
from mmsconsole.restore.seeding.initiating import Initiating
from mmsconsole.restore.seeding.plan import commands, seed_of
from mmsconsole.secret import Secret
from mmsconsole.task import Task

WITH_FILES = (TargetKind.FOLDER, TargetKind.SSH)


@dataclass(frozen=True, slots=True)
class SeedView:
    restore: str
    set_name: str
    members: tuple[str, ...]
    commands: tuple[str, ...]
    """Lines to be pasted; those with '#' say where."""
    begun: bool
    """By us, just now."""


def seed(
    desk: Desk, restore_id: str, set_name: str, members: Sequence[str], uri: Secret | None,
    task: Task,
) -> SeedView:  # fmt: skip
    """With a connection string of the first member it is begun; else only said how.

    Raises UsageError, Refused, TargetRefused, TargetUnreachable, SourceError.
    """
    restore = desk.metadata.restores.get(restore_id)
    if restore.state is not RestoreState.DONE:
        raise Refused(f"the restore is {restore.state}, not done", where=restore_id)
    if restore.where.kind not in WITH_FILES or restore.where.as_archive:
        what = f"a restore to this kind of target ({restore.where.kind}) has no files to start on"
        hint = "restore into a folder, or by SSH as files"
        raise Refused(what, where=restore_id, hint=hint)
    found = seed_of(set_name, members)
    snapshot = desk.metadata.snapshots.find(restore.snapshot)
    series = ".".join(snapshot.mongod_version.split(".")[:2]) if snapshot else "as it was"
    if uri is not None:
        Initiating(parse_uri(uri), found, desk.clock).run(task)
        deployment = desk.metadata.deployments.find(restore.deployment)
        if deployment is not None:
            text = f"replica set {set_name} was begun from restore {restore_id}"
            desk.event("replica set seeded", text, deployment, restore=restore_id)
    lines = tuple(commands(found, restore.where.path, series))
    names = tuple(map(str, found.members))
    return SeedView(restore_id, set_name, names, lines, uri is not None)
