"""Repairs of stores: of what checks have found, and what is told of them."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mmsconsole.daemon.checking import clear_doubt
from mmsconsole.daemon.grooming import check_all_known
from mmsconsole.errors import ObjectCorrupt, ObjectMissing, Refused
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.jobs import Job
from mmsconsole.recovery.backing_up import back_up
from mmsconsole.stores.catalogue import CatalogueName
from mmsconsole.stores.check.checking import EVERYTHING, Checking
from mmsconsole.stores.check.remedies import Remedy
from mmsconsole.stores.check.repairing import Helpers, Repairing
from mmsconsole.stores.check.suspects import Suspect, suspected
from mmsconsole.stores.groom.grooming import Grooming
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.chunk_again import chunk_again
from mmsconsole.task import Task

log = logging.getLogger(__name__)

NAMED_MAX = 3
KEPT_MAX = 200
"""Remedies that are kept with the job."""


class StoreRepairs:
    """For the jobs of that kind."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._metadata = resources.metadata

    def run(self, job: Job, task: Task) -> Mapping[str, object]:
        """What can not be repaired is no failure of the job: it is in its result, and told.

        Raises DiskFull, StorageError where the store does not answer.
        """
        store = job.subject
        repairing = Repairing(self._metadata, store, self._helpers(store, job.engine))
        keys = suspected(self._metadata, store)
        if keys is None:
            keys = self._looked_for(store, task)
        remedies = list(repairing.run(keys, task))
        self._drop_moved(store, task)
        remedies = list(_settled(remedies, repairing.still_wrong(keys, task)))
        hurt = {id_ for one in remedies if one.left for id_ in one.snapshots}
        whole = clear_doubt(self._metadata, store, hurt)
        self._have_copied(store)
        self._tell(store, remedies, whole)
        return _result(remedies, whole)

    def _helpers(self, store: str, engine: str) -> Helpers:
        resources = self._resources
        return Helpers(
            storage=resources.storages.of,
            oplog=resources.oplog_store,
            chunk=partial(chunk_again, resources.metadata),
            catalogue=partial(back_up, resources, store, engine),
        )

    def _looked_for(self, store: str, task: Task) -> list[str]:
        """By a look at everything."""
        storage = self._resources.storages.of(store)
        checking = Checking(storage, self._metadata, store, EVERYTHING)
        return [one.key for one in checking.run(task)]

    def _drop_moved(self, store: str, task: Task) -> None:
        """Damaged packs whose blocks lie elsewhere now. What stands in the way of that is no
        matter: the next groom goes on.
        """
        try:
            check_all_known(self._resources, store)
            for pool in list(self._metadata.pools.all({"store": store})):
                storage = self._resources.storages.of(store)
                Grooming(storage, self._metadata, pool).go_on(task)
        except (Refused, ObjectMissing, ObjectCorrupt) as error:
            log.info("damaged packs stay until the next groom: %s", error)

    def _have_copied(self, store: str) -> None:
        """What was made anew under another name is soon in the copies too."""
        for deployment in list(self._metadata.deployments.all({"store": store})):
            self._metadata.copies.set_where({"_id": deployment.id}, level_at=None)

    def _tell(self, store: str, remedies: Sequence[Remedy], whole: Sequence[str]) -> None:
        done = [one for one in remedies if not one.left]
        left = [one for one in remedies if one.left]
        text = f"objects repaired in the store {store}: {len(done)}"
        if whole:
            text += f"; snapshots that are whole again: {', '.join(whole)}"
        self._resources.event("store repaired", text)
        if left:
            named = "; ".join(f"{one.key}: {one.left}" for one in left[:NAMED_MAX])
            text = f"objects that can not be repaired in the store {store}: {len(left)}: {named}"
            self._resources.event("store not repaired", text, severity=Severity.ERROR)


def _settled(remedies: Sequence[Remedy], wrong: Sequence[Suspect]) -> Iterator[Remedy]:
    """As they were looked at again."""
    by_key = {one.key: one for one in wrong}
    for remedy in remedies:
        found = by_key.get(remedy.key)
        if remedy.left or found is None:
            yield remedy
        elif isinstance(found.record, Pack) and found.record.condemned:
            left = "its blocks are safe; it stays while a snapshot runs, then a groom removes it"
            yield replace(remedy, left=left)
        elif isinstance(found.record, CatalogueName):
            yield replace(remedy, left="a lock keeps the damaged one: it is deleted later")
        else:
            yield replace(remedy, left="it was repaired, and is wrong again: look at the store")


def _result(remedies: Sequence[Remedy], whole: Sequence[str]) -> dict[str, object]:
    left = sum(bool(one.left) for one in remedies)
    kept = sorted(remedies, key=lambda one: not one.left)[:KEPT_MAX]
    return {
        "repaired": len(remedies) - left,
        "left": left,
        "whole_again": list(whole),
        "objects": [
            {"key": one.key, "source": one.source, "left": one.left,
             "snapshots": list(one.snapshots)}
            for one in kept
        ],
    }  # fmt: skip
