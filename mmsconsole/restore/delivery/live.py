"""Into a deployment that runs: documents over the wire, see restore/live."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from mmsconsole.agent.reader import Origin
from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.errors import TargetHurt
from mmsconsole.metadata.witnesses import unpack
from mmsconsole.mongod.source_uri import SourceUri, parse_uri
from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.delivery.dump import chosen_of
from mmsconsole.restore.live.notes import KeptNotes
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.standing import (
    Occupied,
    check_case,
    check_free,
    check_rights,
    check_version,
    in_words,
    occupied,
    standing_of,
)
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.restore.selecting import SYSTEM, SYSTEM_DATABASES, Chooser, Namespace, shown
from mmsconsole.task import Task

LATER = (
    "collections that were made between the snapshot and the moment are not known yet: what "
    "stands there under their names is dropped as well"
)
LOOK_SECONDS = 15.0
"""How long an election is waited for by who only looks."""


class LiveDelivery(Delivery):
    logical = True

    def check(self) -> None:
        """What stands at the names that the snapshot is known to bring; deliver() looks at those
        of the data themselves, before it writes anything.
        """
        self._check_set()
        with self._primary(Task(), LOOK_SECONDS) as primary:
            self._check_version(primary)
            expected = self._expected()
            databases = {one.database for one in expected}
            check_rights(primary, databases)
            check_case(primary, databases)
            if not self.restore.where.overwrite:
                found = occupied(primary, expected)
                check_free(found, self._notes.begun().keys(), primary.where)

    def preview(self) -> list[Occupied]:
        """What is at the target and would be overwritten, or refused."""
        with self._primary(Task(), LOOK_SECONDS) as primary:
            return occupied(primary, self._expected())

    def notes(self) -> list[str]:
        if not self.restore.where.overwrite:
            return []  # check() has found nothing there
        found = self.preview()
        notes = [f"dropped first: {in_words(found)}"] if found else []
        if self.restore.point is not None:
            notes.append(LATER)
        return notes

    def deliver(self, made: Made, task: Task) -> Delivered:
        content, choice = chosen_of(made, task)
        filtered = frozenset(ns for ns, _ in self.restore.what.filters)
        with self._primary(task) as primary:
            check_version(standing_of(primary), made.snapshot.fcv, primary.where)
            writer = self._writer(primary)
            written = writer.documents(content, choice, task)
            verdict = writer.compare(choice, content.hash_of, filtered, task)
            said = writer.complete(choice, task)
        parts = [verdict.in_words(), said, "UUIDs are new"]
        told = "; ".join(filter(None, parts))
        return Delivered(written, primary.where, told, differs=bool(verdict.different))

    def release(self) -> None:
        self._notes.forget()

    def abandon(self) -> None:
        if not self._notes.begun():
            return
        with self._primary(Task(), LOOK_SECONDS) as primary:
            hurt = self._writer(primary).abandon()
        if hurt:
            raise TargetHurt(
                f"they were being overwritten, and hold what was written until then: "
                f"{', '.join(map(shown, hurt))}"[:1000],
                where=primary.where,
            )

    # -- what it is made of -------------------------------------------------------------------

    def uri(self) -> SourceUri:
        """Raises UsageError, NotFound, ObjectMissing."""
        if self.restore.where.deployment:
            found = self.resources.metadata.deployments.get(self.restore.where.deployment)
            return parse_uri(found.uri)
        secret = self.secret()
        assert secret is not None, "a live target has a deployment or a URI"
        return parse_uri(secret)

    @property
    def _notes(self) -> KeptNotes:
        return KeptNotes(self.resources.metadata.live_writes, self.restore.id)

    def _writer(self, primary: Primary) -> LiveWriter:
        overwrite = self.restore.where.overwrite
        return LiveWriter(primary, self._notes, self.restore.id, overwrite=overwrite)

    @contextmanager
    def _primary(self, task: Task, seconds: float | None = None) -> Iterator[Primary]:
        patience = {} if seconds is None else {"patience_seconds": seconds}
        with closing(Primary(self.uri(), self.resources.clock, task, **patience)) as primary:
            yield primary

    def _check_set(self) -> None:
        """A known deployment must still be the set that was added. Raises WrongReplicaSet."""
        if self.restore.where.deployment:
            found = self.resources.metadata.deployments.get(self.restore.where.deployment)
            Origin(parse_uri(found.uri), "primary", found.set_id).replica_set()

    def _check_version(self, primary: Primary) -> None:
        snapshot = self.resources.metadata.snapshots.find(self.restore.snapshot)
        if snapshot is not None:
            check_version(standing_of(primary), snapshot.fcv, primary.where)

    def _expected(self) -> list[DumpedCollection]:
        """What comes, by its name at the target: as the snapshot is known to hold it, or as it was
        named. A point behind the snapshot may bring more.
        """
        what = self.restore.what
        witness = self.resources.metadata.witnesses.of_snapshot(self.restore.snapshot)
        if witness is not None and witness.packed:
            there = [Namespace(*ns.split(".", 1)) for ns in unpack(witness.packed)]
        else:
            there = [Namespace(*text.split(".", 1)) for text in what.namespaces if "." in text]
        chooser = Chooser(what)
        chosen = (chooser.new_name(one) for one in there if chooser.is_chosen(one))
        return [
            DumpedCollection(one.database, one.collection)
            for one in chosen
            if one.database not in SYSTEM_DATABASES and not one.collection.startswith(SYSTEM)
        ]
