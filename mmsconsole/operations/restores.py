"""Restores: planned, started, followed, cancelled."""

from dataclasses import replace

from mmsconsole.errors import Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.in_use import check_replayable, check_stays
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.metadata.witnesses import unpack
from mmsconsole.operations import jobs, links
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.restore_choice import choice_of, in_doubt, in_words
from mmsconsole.operations.restore_plans import Planned, check_apart, planned
from mmsconsole.operations.restore_wishes import RestoreWish
from mmsconsole.operations.restore_words import what_of
from mmsconsole.operations.shapes import restore_view
from mmsconsole.operations.views import RestorePlan, RestorePoint, RestoreView
from mmsconsole.operations.windows import Choice, optime_of
from mmsconsole.restore.selecting import Namespace, may_be_chosen
from mmsconsole.secret import Secret


def point(desk: Desk, name: str, snapshot: str | None, at: str | None) -> RestorePoint:
    """Raises UsageError, NotFound, Refused, OutsideWindow."""
    choice = choice_of(desk, desk.metadata.deployments.named(name), snapshot, at)
    witness = desk.metadata.witnesses.of_snapshot(choice.snapshot.id)
    there = unpack(witness.packed) if witness is not None and witness.packed else {}
    return RestorePoint(
        deployment=name,
        snapshot=choice.snapshot.id,
        optime=choice.point or optime_of(choice.snapshot),
        replayed=choice.point is not None and choice.point != choice.snapshot.optime,
        in_words=in_words(choice) + in_doubt(choice),
        namespaces=tuple(sorted(ns for ns in there if may_be_chosen(Namespace(*ns.split(".", 1))))),
    )


def plan(desk: Desk, wish: RestoreWish) -> RestorePlan:
    """What would be done. Refuses whatever the restore itself would be refused for."""
    return planned(desk, wish).plan


def start(desk: Desk, wish: RestoreWish) -> RestoreView:
    deployment = desk.metadata.deployments.named(wish.name)
    made = planned(desk, wish)
    restore, link = _queue(desk, deployment, made, wish.secret)
    desk.event(
        "restore asked for",
        f"restore {restore.id} of {what_of(restore.what)} to {restore.target} "
        f"({restore.where.kind}): {made.plan.in_words}",
        deployment, restore=restore.id, snapshot=restore.snapshot, target=restore.target,
        target_kind=restore.where.kind.value, what=what_of(restore.what),
    )  # fmt: skip
    return replace(_view(desk, restore), offer=link)


def _queue(
    desk: Desk, deployment: Deployment, made: Planned, secret: Secret | None
) -> tuple[Restore, LinkOffer | None]:
    """The secret first: a restore that is written down can be done."""
    restore = made.restore
    if secret is not None:
        kept = RestoreSecret(new_id(), secret, desk.clock.now())
        desk.metadata.restore_secrets.add(kept)
        restore = replace(restore, where=replace(restore.where, credential=kept.id))
    restore = desk.metadata.restores.add(restore)
    try:
        _check_stays(desk, made.choice)
        # Somebody may have asked for the same place while this one was planned: one sees the other.
        check_apart(desk, restore, secret)
    except Refused:
        desk.metadata.restores.remove(restore.id)
        desk.metadata.restore_secrets.remove(restore.where.credential)
        raise
    link = None
    if restore.where.kind is TargetKind.LINK:
        link = links.make(desk, restore, deployment, restore.point or made.choice.snapshot.optime)
    job = jobs.queue(desk, JobKind.RESTORE, deployment, f"restore:{restore.id}", restore.id)
    return desk.metadata.restores.set(restore.id, job=job.id), link


def _check_stays(desk: Desk, choice: Choice) -> None:
    """The restore is written down, so from now on nobody deletes what it reads; but somebody may
    have begun to. Raises NotFound, OutsideWindow.
    """
    if choice.point is None:
        check_stays(desk.metadata, choice.snapshot.id)
    else:
        check_replayable(desk.metadata, choice.snapshot)


def listed(desk: Desk, name: str | None) -> list[RestoreView]:
    """Newest first."""
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    return [_view(desk, restore) for restore in desk.metadata.restores.listed(deployment)]


def show(desk: Desk, id_: str) -> RestoreView:
    return _view(desk, desk.metadata.restores.get(id_))


def cancel(desk: Desk, id_: str) -> RestoreView:
    """Refused when it has ended."""
    restore = desk.metadata.restores.get(id_)
    if restore.finished_at is not None:
        raise Refused(f"the restore has ended already: {restore.state}", where=id_)
    if restore.job:
        jobs.cancel(desk, restore.job)
    return show(desk, id_)


def _view(desk: Desk, restore: Restore) -> RestoreView:
    deployment = desk.metadata.deployments.find(restore.deployment)
    job = desk.metadata.jobs.find(restore.job) if restore.job else None
    name = restore.deployment if deployment is None else deployment.name
    link = desk.metadata.links.find(restore.id) if restore.where.kind is TargetKind.LINK else None
    view = restore_view(restore, name, job)
    return view if link is None else replace(view, link_state=link.state.value)
