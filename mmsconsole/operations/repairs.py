"""Repairs of stores: asked for, planned, and what they did."""

from collections.abc import Sequence
from functools import partial

from mmsconsole.errors import NotFound
from mmsconsole.metadata.asking import ask_for_repair
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.operations import jobs
from mmsconsole.operations.check_views import RemedyView, RepairView
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.views import JobView

PLANNED = "planned"
SHOWN_MAX = 200


def start(desk: Desk, store: str) -> JobView:
    """A second time changes nothing while the first one waits or runs. Raises SettingsError where
    no store has that name.
    """
    desk.settings.store(store)
    for job in desk.metadata.jobs.open(kind=JobKind.REPAIR):
        if job.subject == store:
            return jobs.show(desk, job.id)
    job = ask_for_repair(desk.metadata, store, desk.clock.now(), desk.actor.name)
    text = f"a repair of the store {store} was asked for"
    desk.metadata.events.add(
        Event(new_id(), desk.clock.now(), "repair asked for", text, actor=desk.actor.name)
    )
    return jobs.show(desk, job.id)


def show(desk: Desk, job_id: str) -> RepairView:
    """Raises NotFound."""
    job = desk.metadata.jobs.get(job_id)
    if job.kind is not JobKind.REPAIR:
        raise NotFound("that job is no repair", where=job_id)
    result = job.result
    return RepairView(
        store=job.subject, job=job.id, state=job.state.value,
        repaired=result.get("repaired", 0), left=result.get("left", 0),
        whole_again=tuple(result.get("whole_again", ())),
        objects=tuple(
            RemedyView(one["key"], one["source"], one["left"], tuple(one["snapshots"]))
            for one in result.get("objects", ())
        ),
    )  # fmt: skip


def plan(desk: Desk, store: str) -> RepairView:
    """What a repair would do now; nothing is changed. Reads what checks have found damaged, and
    where it could be taken from. Raises NotFound where no check tells what that is, StorageError.
    """
    from mmsconsole.storage.storages import open_storages
    from mmsconsole.stores.check.repairing import Helpers, Repairing
    from mmsconsole.stores.check.suspects import suspected
    from mmsconsole.stores.oplog.oplog_store import OplogStore
    from mmsconsole.stores.places import BoundPlaces
    from mmsconsole.strategies.chunk_again import chunk_again
    from mmsconsole.task import Task

    desk.settings.store(store)
    keys = suspected(desk.metadata, store)
    if keys is None:
        hint = f"check it first: mmsconsole store check {store} --read-data=100% --wait"
        raise NotFound("no check tells what is damaged", where=store, hint=hint)
    storages = open_storages(desk.settings, memories=desk.memories)
    helpers = Helpers(
        storage=storages.of,
        oplog=OplogStore(BoundPlaces(storages, desk.metadata), desk.metadata, desk.clock),
        chunk=partial(chunk_again, desk.metadata),
        catalogue=lambda _: None,
    )
    repairing = Repairing(desk.metadata, store, helpers)
    found = [
        RemedyView(one.key, one.source, one.left, one.snapshots)
        for one in repairing.run(keys, Task(), dry=True)
    ]
    return _planned(store, found)


def _planned(store: str, found: Sequence[RemedyView]) -> RepairView:
    left = sum(bool(one.left) for one in found)
    shown = sorted(found, key=lambda one: not one.left)[:SHOWN_MAX]
    return RepairView(
        store=store, job="", state=PLANNED, repaired=len(found) - left, left=left,
        whole_again=(), objects=tuple(shown),
    )  # fmt: skip
