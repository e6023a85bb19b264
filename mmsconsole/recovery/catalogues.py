"""The newest catalogues of a store that can be read, and what is taken from them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from mmsconsole.errors import MetadataError, ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.codec import Document, from_document
from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.migrations import MIGRATIONS
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.recovery.checks import is_policy, is_sane, settled
from mmsconsole.recovery.contents import DEPLOYMENTS, HEADS
from mmsconsole.recovery.report import Report
from mmsconsole.recovery.taking import Taking, keep_policies
from mmsconsole.storage.base import Storage
from mmsconsole.stores.catalogue import Catalogue, names_in
from mmsconsole.task import Task

PHASE = "reading the catalogue (records)"
NO_CATALOGUE = (
    "the store has no catalogue that can be read: policies, holds and connection strings are lost"
)
NOTHING = "there is nothing of a backup in the store: is it the right one?"


def _is_empty(storage: Storage) -> bool:
    """Of what deployments are made of."""
    return not any(True for folder in ("manifests", "oplog") for _ in storage.list(folder))


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment that a catalogue tells of."""

    deployment: Deployment
    catalogue: Catalogue
    newest: bool
    """Whether that is the newest catalogue of all: it is believed without any object."""

    @property
    def without_password(self) -> bool:
        left_out = self.catalogue.header.get("without_password")
        return isinstance(left_out, list) and self.deployment.id in left_out


class Destination(NamedTuple):
    """What records are taken into."""

    store: str
    """Where they were found."""
    defaults: SnapshotPolicy
    """Of the settings."""
    now: datetime


class Catalogues:
    """The newest readable one of each engine that wrote into the store, newest first."""

    def __init__(self, found: list[Catalogue], report: Report) -> None:
        self.found = found
        self._report = report

    @classmethod
    def of(cls, storage: Storage, report: Report, task: Task) -> "Catalogues":
        """Those that are damaged or too new are passed over, and told. Raises StorageError."""
        found: dict[str, Catalogue] = {}
        for name in names_in(storage):
            if name.engine in found:
                continue
            try:
                found[name.engine] = _readable(Catalogue.open(storage, name, task), task)
            except (ObjectMissing, ObjectCorrupt) as error:
                report.tell(f"a catalogue is passed over: {error}")
        if not found:
            report.tell(NOTHING if _is_empty(storage) else NO_CATALOGUE)
        return cls(list(found.values()), report)

    def deployments(self, metadata: Metadata) -> dict[str, Known]:
        """By id; each as the newest catalogue knows it that knows it at all."""
        known: dict[str, Known] = {}
        for catalogue in self.found:
            for collection, document in catalogue.records():
                if collection != DEPLOYMENTS or document.get("_id") in known:
                    continue
                read = self._read(metadata.deployments, document, catalogue)
                if isinstance(read, Deployment):
                    known[read.id] = Known(read, catalogue, catalogue is self.found[0])
        return known

    def heads(self, metadata: Metadata, wanted: Mapping[str, Known]) -> Iterator[Any]:
        """The head of each wanted deployment, as far as it is known."""
        ids = {known.deployment.head: known for known in wanted.values()}
        for catalogue in self.found:
            for collection, document in catalogue.records():
                known = ids.get(str(document.get("_id"))) if collection == HEADS else None
                if known is None or known.catalogue is not catalogue:
                    continue
                read = self._read(metadata.heads, document, catalogue)
                if read is not None and read.deployment == known.deployment.id:
                    yield read

    def take(
        self, metadata: Metadata, wanted: Mapping[str, Known], destination: Destination, task: Task
    ) -> None:
        """Write down everything that belongs to the wanted deployments, but for themselves and
        their heads.
        """
        settle = partial(settled, store=destination.store, now=destination.now)
        policies: dict[str, dict[str, Any]] = {}
        for catalogue in reversed(self.found):  # what several know is as the newest one says
            mine = [one.deployment for one in wanted.values() if one.catalogue is catalogue]
            taking = Taking(metadata, mine, settle, self._report)
            for number, (collection, document) in enumerate(catalogue.records()):
                task.check()
                task.report(PHASE, number, None)
                records = taking.place_of(collection, document)
                read = None if records is None else self._read(records, document, catalogue)
                if records is not None and read is not None:
                    taking.add(records, read)
            taking.flush()
            told = taking.told
            policies |= {one.id: told[one.group] for one in mine if one.group in told}
        deployments = [one.deployment for one in wanted.values()]
        keep_policies(metadata, deployments, policies, destination.defaults, destination.now)

    def _read(self, records: Records[Any], document: Document, catalogue: Catalogue) -> Any:
        """None for what is no such record; people are told."""
        try:
            if not isinstance(document.get("_id"), str):
                raise MetadataError("a record has no id", where=records.noun)
            record = from_document(document, records.record)
        except MetadataError as error:
            record, why = None, str(error)
        else:
            why = f"{records.noun} {document['_id'][:64]!r} holds what can not be"
        if record is None or not is_sane(record) or not is_policy(record):
            self._report.tell(f"a record in {catalogue.name.key} is left out: {why}")
            return None
        return record


def _readable(catalogue: Catalogue, task: Task) -> Catalogue:
    """Gone through once, record by record. Raises ObjectCorrupt."""
    newest = MIGRATIONS[-1].version
    schema = catalogue.header.get("schema")
    if not isinstance(schema, int) or schema > newest:
        what = f"was written with schema {schema!r}; this program knows {newest} at most"
        raise ObjectCorrupt(what, where=catalogue.name.key)
    for _ in catalogue.records():
        task.check()
    return catalogue
