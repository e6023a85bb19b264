"""What a restore would do, take and need; and whether it may."""

from dataclasses import dataclass
from itertools import islice

from mmsconsole.errors import Busy
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.jobs import ENDED, JobKind, JobState
from mmsconsole.metadata.restores import UNFINISHED, Restore
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.metadata.witnesses import unpack
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.estimate import SPARE_BYTES, Work, rates_of, seconds_of
from mmsconsole.operations.restore_choice import (
    choice_of,
    in_doubt,
    in_words,
    oplog_bytes,
    window_of,
)
from mmsconsole.operations.restore_clashes import Place, clash
from mmsconsole.operations.restore_wishes import RestoreWish, seeds_of, settled
from mmsconsole.operations.restore_words import what_of, where_to
from mmsconsole.operations.views import RestorePlan
from mmsconsole.operations.windows import Choice
from mmsconsole.restore.delivery.base import Delivery
from mmsconsole.restore.delivery.choosing import delivery_for
from mmsconsole.restore.reserving import check_restore_room, needs_of
from mmsconsole.restore.selecting import Namespace, check_known, parse
from mmsconsole.restore.staging import staging_of
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources

EARLIER_MAX = 50
"""Restores that rates are measured by."""


@dataclass(frozen=True, slots=True)
class Planned:
    plan: RestorePlan
    restore: Restore
    """As it would be stored; nothing of it is yet."""
    choice: Choice


def planned(desk: Desk, wish: RestoreWish) -> Planned:
    """Changes nothing. Raises UsageError, NotFound, Refused and what Delivery.check raises."""
    deployment = desk.metadata.deployments.named(wish.name)
    choice = choice_of(desk, deployment, wish.snapshot, wish.at)
    wish = settled(desk, wish)
    unknown = _unknown(desk, wish, choice)
    restore = _record(desk, deployment, wish, choice)
    resources = resources_of(desk)
    delivery = delivery_for(resources, restore, wish.secret)
    check_apart(desk, restore, wish.secret)  # first: what the other one writes is in the way
    delivery.check()
    check_restore_room(resources, delivery, desk.disk, spare_bytes=SPARE_BYTES)
    notes = (*unknown, *_notes(deployment, restore, choice), *delivery.notes())
    return Planned(_plan(desk, deployment, resources, delivery, choice, notes), restore, choice)


def resources_of(desk: Desk) -> Resources:
    """For who only looks: no store is opened before it is needed, no mongod is started."""
    from mmsconsole.storage.storages import open_storages

    storages = open_storages(desk.settings, desk.clock, desk.memories)
    return Resources(desk.settings, desk.metadata, storages, desk.clock, ())


def _record(desk: Desk, deployment: Deployment, wish: RestoreWish, choice: Choice) -> Restore:
    live = ""
    if wish.target.deployment:
        live = desk.metadata.deployments.get(wish.target.deployment).name
    target = where_to(wish.target, live, seeds_of(desk, wish.target, wish.secret))
    return Restore(
        id=new_id(),
        deployment=deployment.id,
        snapshot=choice.snapshot.id,
        target=target,
        created_at=desk.clock.now(),
        created_by=desk.actor.name,
        point=choice.point,
        where=wish.target,
        what=wish.selection,
        needed_bytes=_needed(wish, choice, oplog_bytes(desk, choice)),
    )


def _needed(wish: RestoreWish, choice: Choice, oplog: int) -> int:
    """Oplog that is replayed can at most add its own size to the files; a collection that changes
    its database is copied.
    """
    files = choice.snapshot.bytes
    copies = any(parse(old).database != parse(new).database for old, new in wish.selection.renames)
    return files + oplog + (files if copies else 0)


def check_apart(desk: Desk, restore: Restore, secret: Secret | None) -> None:
    """No other restore writes there, or will. Raises Busy."""
    mine = Place(restore.where, restore.what, seeds_of(desk, restore.where, secret))
    for other in desk.metadata.restores.all({"state": {"$in": list(UNFINISHED)}}):
        if other.id == restore.id or not _goes_on(desk, other):
            continue
        theirs = Place(other.where, other.what, seeds_of(desk, other.where, None))
        if clash(mine, theirs):
            hint = f"wait for it, or cancel it: mmsconsole restore cancel {other.id}"
            what = f"restore {other.id} writes to {other.target}"
            raise Busy(what, where=restore.target, hint=hint)


def _goes_on(desk: Desk, restore: Restore) -> bool:
    """Its job is open, or is about to be written down by who asks for it just now."""
    job = desk.metadata.jobs.find(restore.job) if restore.job else None
    return not restore.job or (job is not None and job.state not in ENDED)


def _unknown(desk: Desk, wish: RestoreWish, choice: Choice) -> list[str]:
    """Raises Refused for what is named and is not there; behind the snapshot it may have come."""
    witness = desk.metadata.witnesses.of_snapshot(choice.snapshot.id)
    if wish.selection.is_whole or witness is None or not witness.packed:
        return []
    there = [Namespace(*ns.split(".", 1)) for ns in unpack(witness.packed)]
    if choice.point is None or choice.point == choice.snapshot.optime:
        check_known(wish.selection, there)
        return []
    known = {*there, *(one.whole for one in there)}
    return [
        f"{text!r} was not there at the snapshot; the restore fails if it was not made later"
        for text in wish.selection.namespaces
        if parse(text) not in known
    ]


def _notes(deployment: Deployment, restore: Restore, choice: Choice) -> list[str]:
    snapshot = choice.snapshot
    notes = []
    if restore.where.kind in (TargetKind.FOLDER, TargetKind.TAR, TargetKind.LINK, TargetKind.SSH):
        series = ".".join(snapshot.mongod_version.split(".")[:2])
        notes.append(
            f"files of MongoDB {snapshot.mongod_version} with featureCompatibilityVersion "
            f"{snapshot.fcv}: start a mongod {series} on them"
        )
        if deployment.cipher:
            notes.append(key_note(deployment.cipher))
    if restore.where.deployment == deployment.id:
        notes.append("this is the deployment that is backed up: what runs there is changed")
    return notes


def key_note(cipher: str) -> str:
    """Of a source whose mongod encrypts its files. Pure."""
    note = (
        f"the source encrypts its files ({cipher}), these files are not encrypted: a mongod with "
        "--enableEncryption does not take them, let it sync from one that does"
    )
    if cipher == "AES256-GCM":
        note += (
            "; a cold copy of the source's own files would need --eseDatabaseKeyRollover at its "
            "first start"
        )
    return note


def _plan(
    desk: Desk, deployment: Deployment, resources: Resources, delivery: Delivery, choice: Choice,
    notes: tuple[str, ...],
) -> RestorePlan:  # fmt: skip
    restore = delivery.restore
    oplog = oplog_bytes(desk, choice)
    needs = needs_of(resources, delivery)
    staging = staging_of(desk.settings, restore)
    staged = delivery.needs_files and restore.where.kind is not TargetKind.FOLDER
    return RestorePlan(
        deployment=deployment.name,
        snapshot=choice.snapshot.id,
        point=choice.point,
        in_words=in_words(choice) + in_doubt(choice),
        target=restore.target,
        bytes=choice.snapshot.bytes,
        oplog_bytes=oplog,
        free_bytes=desk.disk(needs[0].folder if needs else staging).free_bytes,
        window=window_of(desk, deployment, choice),
        kind=restore.where.kind.value,
        what=what_of(restore.what),
        seconds=_seconds(desk, delivery, choice, oplog),
        disk_bytes=sum(need.bytes for need in needs),
        staging=str(staging) if staged else "",
        waits_for=_waits_for(desk),
        notes=notes,
    )


def _seconds(desk: Desk, delivery: Delivery, choice: Choice, oplog: int) -> float:
    restore = delivery.restore
    folder = restore.where.kind is TargetKind.FOLDER
    replays = choice.point is not None and choice.point != choice.snapshot.optime
    shapes = not delivery.logical and not restore.what.is_whole
    work = Work(
        files=choice.snapshot.bytes if delivery.needs_files else 0,
        oplog=oplog,
        delivered=0 if folder else choice.snapshot.bytes,
        mongods=replays + shapes + delivery.logical,
    )
    own = restore.where.mb_per_second
    limits = [desk.settings.tree.restore.mb_per_second, own if folder else 0]
    limit = min((one for one in limits if one), default=0.0)
    return seconds_of(work, _measured(desk, restore.where.kind), limit, own)


def _measured(desk: Desk, kind: TargetKind) -> dict[str, float]:
    """By what earlier restores of this home took; their delivery only if it was of this kind."""
    done = {"kind": JobKind.RESTORE.value, "state": JobState.DONE.value}
    earlier = desk.metadata.jobs.all(done, sort=[("created_at", -1)], limit=EARLIER_MAX)
    told = []
    for job in earlier:
        restore = desk.metadata.restores.find(job.subject)
        same = restore is not None and restore.where.kind is kind
        told.append([one for one in job.progress if same or one.phase != "delivering"])
    return rates_of(told)


def _waits_for(desk: Desk) -> int:
    """How many must end before it begins."""
    most = desk.settings.tree.restore.at_once
    open_ = islice(desk.metadata.jobs.open(kind=JobKind.RESTORE), 1000)
    return max(0, sum(1 for _ in open_) + 1 - most)
