"""Checks of stores: asked for, and what they found."""

from bisect import bisect_left

from mmsconsole.errors import NotFound, UsageError
from mmsconsole.metadata.asking import ask_for_check, check_resource
from mmsconsole.metadata.checks import CheckFinding, StoreCheck
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.operations import jobs
from mmsconsole.operations.check_views import CheckView, FindingView
from mmsconsole.operations.desk import Desk
from mmsconsole.optime import Optime


def start(desk: Desk, store: str, share: float) -> CheckView:
    """`share` of the objects is read whole, 0 to 1. A second time changes nothing while the first
    one waits or runs. Raises UsageError, SettingsError where no store has that name.
    """
    desk.settings.store(store)
    if not 0 <= share <= 1:
        raise UsageError("a share of the objects is 0 to 1", where=str(share))
    if (job := _open_job(desk, store)) is not None:
        return show(desk, job.subject)
    job = ask_for_check(desk.metadata, store, share, desk.clock.now(), desk.actor.name)
    text = f"a check of the store {store} was asked for"
    desk.metadata.events.add(
        Event(new_id(), desk.clock.now(), "check asked for", text, actor=desk.actor.name)
    )
    return show(desk, job.subject)


def show(desk: Desk, id_: str) -> CheckView:
    check = desk.metadata.checks.get(id_)
    names = jobs.names(desk)
    findings = tuple(_findings(desk.metadata, check, names))
    job = _open_job(desk, check.store)
    return CheckView(
        id=check.id, store=check.store, asked_at=check.asked_at, finished_at=check.finished_at,
        share=check.share, objects=check.objects, bytes_read=check.bytes_read, good=check.good,
        found=check.found, findings=findings,
        job=job.id if job is not None and job.subject == id_ else "",
    )  # fmt: skip


def last(desk: Desk, store: str) -> CheckView:
    """The newest one that has ended. Raises NotFound where there is none."""
    desk.settings.store(store)
    found = desk.metadata.checks.last_finished(store)
    if found is None:
        hint = f"check it: mmsconsole store check {store} --wait"
        raise NotFound("the store has not been checked yet", where=store, hint=hint)
    return show(desk, found.id)


def damage(desk: Desk, store: str) -> CheckView | None:
    """What is known to be wrong with a store; None: nothing is."""
    desk.settings.store(store)
    found = damage_of(desk.metadata, store)
    return None if found is None else show(desk, found.id)


def damage_of(metadata: Metadata, store: str) -> StoreCheck | None:
    """What was found, unless a repair has mended all of it since."""
    check = metadata.checks.damage(store)
    if check is None or check.finished_at is None:
        return None
    repair = metadata.jobs.one(
        {"kind": JobKind.REPAIR.value, "subject": store, "state": JobState.DONE.value},
        sort=[("finished_at", -1)],
    )
    if repair is None or repair.finished_at is None or repair.result.get("left"):
        return check
    return check if repair.finished_at < check.finished_at else None


def _open_job(desk: Desk, store: str) -> Job | None:
    open_ = desk.metadata.jobs.open(kind=JobKind.CHECK)
    return next((job for job in open_ if job.resource == check_resource(store)), None)


def _findings(metadata: Metadata, check: StoreCheck, names: dict[str, str]) -> list[FindingView]:
    hurt = {one.deployment for one in check.findings if one.until is not None}
    whole = {id_: _whole(metadata, id_) for id_ in hurt}
    return [_finding(one, names, whole.get(one.deployment, [])) for one in check.findings]


def _finding(found: CheckFinding, names: dict[str, str], whole: list[Optime]) -> FindingView:
    later = [] if found.until is None else whole[bisect_left(whole, found.until) :]
    return FindingView(
        key=found.key, fault=found.fault.value, said=found.said, snapshots=found.snapshots,
        deployment=names.get(found.deployment, found.deployment), after=found.after,
        until=found.until, again_from=later[0] if later else None,
    )  # fmt: skip


def _whole(metadata: Metadata, deployment: str) -> list[Optime]:
    """Positions of its snapshots without doubt, in order."""
    snapshots = metadata.snapshots.complete(deployment)
    return [one.optime for one in snapshots if one.optime is not None and not one.doubt]
