"""Which deployments a store holds: those of the catalogues, and those that only manifests know."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mmsconsole.clock import Clock
from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.recovery.catalogues import Catalogues, Known
from mmsconsole.recovery.checks import checked_deployment, deployment_of_header
from mmsconsole.recovery.report import Report
from mmsconsole.recovery.snapshots import ManifestKeys, manifests_in, open_unknown
from mmsconsole.storage.base import Storage
from mmsconsole.task import Task


@dataclass(frozen=True, slots=True)
class Found:
    deployment: Deployment
    """As it is to be written down, but for its head."""
    known: Known | None
    """None: no catalogue tells of it."""
    manifests: ManifestKeys


class Deployments:
    def __init__(
        self, storage: Storage, store: str, metadata: Metadata, clock: Clock, report: Report
    ) -> None:
        self._storage = storage
        self._store = store
        self._metadata = metadata
        self._clock = clock
        self._report = report
        self._names: set[str] = set()
        self._sets: set[tuple[str, str]] = set()
        """Group and id of every replica set that is backed up."""

    def find(self, catalogues: Catalogues, only: str, task: Task) -> list[Found]:
        """Those that the metadata does not know yet. `only`: the name of the one that is wanted;
        empty: all. Raises StorageError, MetadataError, Cancelled.
        """
        there = list(self._metadata.deployments.all())
        for deployment in there:
            self._take(deployment)
        known = catalogues.deployments(self._metadata)
        manifests = manifests_in(self._storage)
        found = []
        for id_ in self._candidates(known, manifests, {each.id for each in there}):
            checked = self._checked(id_, known.get(id_), manifests.get(id_, {}), task)
            if checked is not None:
                self._take(checked)
                found.append(Found(checked, known.get(id_), manifests.get(id_, {})))
        return [each for each in found if only in ("", each.deployment.name)]

    def _candidates(
        self, known: dict[str, Known], manifests: dict[str, dict[str, list[str]]], there: set[str]
    ) -> Iterator[str]:
        for id_, told in known.items():
            # An old catalogue of another engine may tell of what was removed long ago.
            if id_ not in there and (told.newest or id_ in manifests):
                yield id_
        yield from sorted(manifests.keys() - known.keys() - there)

    def _checked(
        self, id_: str, known: Known | None, manifests: ManifestKeys, task: Task
    ) -> Deployment | None:
        told = known.deployment if known else self._told_by(id_, manifests, task)
        checked = told and checked_deployment(told, self._store, self._names)
        if not checked:
            self._report.tell(f"{id_[:64]!r} is left out: it is no deployment of ours")
            return None
        if not checked.removed and (checked.group, checked.set_id) in self._sets:
            self._report.tell(
                f"deployment {id_} ({checked.name}) is left out: another one backs up its "
                "replica set"
            )
            return None
        if told is not None and self._store == told.copy_to != told.store:
            self._report.tell(
                f"deployment {checked.name} was kept in the store {told.store}, and this is its "
                f"copy: it is kept in {self._store} alone from now on. If {told.store} is still "
                "there, what was not copied any more is there only: leave it as it is"
            )
        return checked

    def _take(self, deployment: Deployment) -> None:
        if not deployment.removed:
            self._names.add(deployment.name)
            self._sets.add((deployment.group, deployment.set_id))

    def _told_by(self, id_: str, manifests: ManifestKeys, task: Task) -> Deployment | None:
        """By the first manifest that can be read."""
        for key in (key for keys in manifests.values() for key in keys):
            try:
                header = open_unknown(self._storage, key, task)[0].header
            except (ObjectMissing, ObjectCorrupt):
                continue  # told of when its snapshot is looked for
            group, now = str(header.get("group")), self._clock.now()
            told = deployment_of_header(header.get("deployment"), group, self._store, now)
            if told is not None and told.id == id_:
                return replace(told, block_bytes=int(header["block_bytes"]))
        return None
