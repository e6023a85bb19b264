"""A new head compared with its source, before it is said to be in sync.

The head stands still at its position; the source is read as it was at that position, where its
version and the rights of the user allow. Small data is read whole, of the rest the number of
documents and samples. Documents that are missing or not the same are fetched again, and what
then still differs makes the head a suspect one. What could not be compared is told.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from mmsconsole.agent.catalogue_reads import Catalogue, read_catalogue
from mmsconsole.agent.listing import list_collections
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.snapshot_reads import Unread
from mmsconsole.agent.source_member import SourceMember
from mmsconsole.errors import ApplyFailed
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.missing import MissingDocument
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.metadata.validations import Validation, ValidationKind, shortened
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.comparison import (
    Finding,
    Ledger,
    catalogue_problems,
    is_compared,
    read_whole,
)
from mmsconsole.strategies.looking import HeadAsItIs, Look, SourceAt
from mmsconsole.task import Task

PHASE = SyncPhase.COMPARING.value
MEGABYTE = 1 << 20

Advance = Callable[[Optime, list[MissingDocument]], None]
"""Fetches documents from the source again, and brings the head on to at least the optime."""


class HeadComparison:
    """Belongs to one thread, which has the head; whoever made `member` closes it."""

    def __init__(
        self, resources: Resources, kept: KeptHead, member: SourceMember, task: Task
    ) -> None:
        self._kept = kept
        self._member = member
        self._clock = resources.clock
        self._settings = resources.settings.tree.validation
        self._task = task
        self._quiet = Task(task.cancellation)
        self._ledger = Ledger()
        self._started_at = resources.clock.now()
        self._bytes = 0
        self._mended = 0

    # -- documents ----------------------------------------------------------------------------

    def compare_documents(self, advance: Advance) -> None:
        """Until every collection is known to be equal, or not. Raises SourceError, Cancelled."""
        pending: set[bytes] | None = None
        while pending is None or pending:
            findings = self._look(pending)
            pending = self._ledger.take(findings)
            if pending:
                missing = [one for found in findings for one in missing_of(found)]
                self._mended += len(missing)
                advance(self._member.primary_applied(self._task), missing)

    def _look(self, pending: set[bytes] | None) -> list[Finding]:
        """At the collections with these UUIDs, or at all."""
        source = SourceAt(
            self._member, self._position().applied, self._clock,
            self._settings.compare_seconds, self._task,
        )  # fmt: skip
        with closing(self._reader()) as reader:
            chosen = [
                one for one in self._listed(reader)
                if is_compared(one) and (pending is None or one.uuid in pending)
            ]  # fmt: skip
            whole = read_whole(chosen, self._settings.compare_mb * MEGABYTE)
            whole |= self._ledger.suspects
            head = HeadAsItIs(self._kept.server, reader)
            looks = [(one, Look(one, source, head, self._read)) for one in chosen]
            self._task.report(PHASE, self._bytes, None)
            return [look.whole() if one.uuid in whole else look.sampled() for one, look in looks]

    def _read(self, count: int) -> None:
        self._bytes += count
        self._task.report(PHASE, self._bytes, None)
        self._member.ease(count, lambda text: self._task.remark(PHASE, text), self._task)
        self._task.check()

    # -- options and indexes ------------------------------------------------------------------

    def compare_catalogue(self) -> None:
        """Names, UUIDs, options, indexes. Only what two looks show counts."""
        problems = self._catalogue_problems()
        if problems:
            confirmed = self._catalogue_problems()
            self._ledger.problems += [said for said in problems if said in confirmed]

    def _catalogue_problems(self) -> list[str]:
        position = self._position()
        seconds = self._settings.compare_seconds

        def read(reader: Reader, _: object) -> Catalogue:
            return read_catalogue(reader, position.replay_from, self._quiet)

        source = SourceAt(self._member, position.applied, self._clock, seconds, self._task)
        found = source.ask(read)
        if isinstance(found, Unread):
            self._leave_out([f"options and indexes: {found.reason}"])
            return []
        with closing(self._reader()) as reader:
            ours = self._listed(reader)
        problems, left_out = catalogue_problems(found, ours)
        self._leave_out(left_out)
        return problems

    def _leave_out(self, sentences: list[str]) -> None:
        known = self._ledger.left_out
        known += [said for said in sentences if said not in known]

    # -- the head -----------------------------------------------------------------------------

    def _reader(self) -> Reader:
        with self._kept.server.errors():
            return Reader("head", self._kept.server.connect())

    def _listed(self, reader: Reader) -> list[SyncCollection]:
        with self._kept.server.errors():
            return list_collections(reader, "", self._quiet)

    def _position(self) -> HeadPosition:
        position = self._kept.position()
        if position is None or position.applying_until is not None:
            raise ApplyFailed("the head is in the middle of a batch", where=self._kept.head.id)
        return position

    # -- what came of it ----------------------------------------------------------------------

    def conclude(self, now: datetime) -> Validation:
        ledger, head = self._ledger, self._kept.head
        return Validation(
            id=new_id(), deployment=head.deployment, head=head.id,
            kind=ValidationKind.COMPARISON, started_at=self._started_at, finished_at=now,
            optime=self._position().applied, good=not ledger.problems,
            collections=len(ledger.compared),
            documents=sum(one.documents for one in ledger.compared),
            bytes=sum(one.size for one in ledger.compared), mended=self._mended,
            problems=shortened(ledger.problems), left_out=shortened(ledger.left_out),
        )  # fmt: skip


def missing_of(found: Finding) -> list[MissingDocument]:
    """The documents that are to be fetched again; none of a capped collection, whose order would
    not be the source's afterwards.
    """
    one = found.collection
    if one.capped:
        return []
    return [MissingDocument(one.uuid, one.ns, id_) for id_ in found.ids]


def in_words(validation: Validation) -> str:
    """One sentence for people. Pure."""
    text = (
        f"the head was compared with the source at {validation.optime}: "
        f"{validation.collections} collections, {validation.documents} documents, "
        f"{validation.bytes / 1e6:.1f} MB"
    )
    if validation.mended:
        text += f"; {validation.mended} documents were fetched again"
    for what, sentences in (("", validation.problems), ("left out: ", validation.left_out)):
        if sentences:
            text += f"; {what}{'; '.join(sentences)}"
    return text
