"""One look at one collection: the source at a moment of its past, and the head as it stands."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from mmsconsole.agent.failures import Fate, fate_of_scan
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.snapshot_reads import (
    Digest,
    Identity,
    Moment,
    Stretch,
    Unread,
    count,
    digest,
    identities,
    random_ids,
    unread_of,
)
from mmsconsole.agent.source_member import LAG_SECONDS, SourceMember
from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, MissingPrivileges, SourceUnreachable
from mmsconsole.head.server import COMMAND_TIMEOUT_SECONDS, HeadServer
from mmsconsole.metadata.syncs import SyncCollection
from mmsconsole.optime import Optime
from mmsconsole.strategies.comparison import (
    MENDED_MAX,
    Finding,
    Result,
    differing,
    sample_of,
    stretch_of,
)
from mmsconsole.task import Task

SAMPLES = 16
NOW = Moment(None, COMMAND_TIMEOUT_SECONDS)
NOTHING = Digest(0, 0, "")
Answer = TypeVar("Answer")


class SourceAt:
    """The source as it was at one moment, for as long as it may be asked."""

    def __init__(
        self, member: SourceMember, at: Optime, clock: Clock, seconds: float, task: Task
    ) -> None:
        self._member = member
        self._at = at
        self._clock = clock
        self._deadline = clock.monotonic() + seconds
        self._task = task
        self._ready: Reader | None = None

    def ask(self, ask: Callable[[Reader, Moment], Answer]) -> Answer | Unread:
        """After the failure of a member another one is asked.

        Raises SourceError when none serves it, Cancelled.
        """
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            return Unread("the time for it was over", again=False)

        def attempt() -> Answer | Unread:
            try:
                return ask(self._reader(), Moment(self._at, left))
            except (CommandFailed, MissingPrivileges, SourceUnreachable) as error:
                if (unread := unread_of(error)) is not None:
                    return unread
                if fate_of_scan(error) is Fate.OTHER_MEMBER:
                    self._member.lose(error)
                raise

        return self._member.patience.retry(attempt, self._task)

    def _reader(self) -> Reader:
        """Of a member that has come to the moment; it was chosen for an older one, perhaps."""
        reader = self._member.reader(self._at, self._task)
        if reader is not self._ready:
            patience = self._member.patience
            patience.wait_for_majority(reader, self._at, self._task, LAG_SECONDS)
            self._ready = reader
        return reader


class HeadAsItIs:
    """The head, which stands still meanwhile. Raises MongodError."""

    def __init__(self, server: HeadServer, reader: Reader) -> None:
        self._server = server
        self._reader = reader

    def ask(self, ask: Callable[[Reader, Moment], Answer]) -> Answer:
        with self._server.errors():
            return ask(self._reader, NOW)

    def identities(self, stretch: Stretch) -> Iterator[Identity]:
        with self._server.errors():
            yield from identities(self._reader, stretch, NOW, lambda _: None)


class Look:
    """`read` is told how many bytes the source has sent."""

    def __init__(
        self, collection: SyncCollection, source: SourceAt, head: HeadAsItIs,
        read: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._collection = collection
        self._source = source
        self._head = head
        self._read = read

    def whole(self) -> Finding:
        stretch = stretch_of(self._collection)
        there, here = self._digests(stretch)
        if isinstance(there, Unread):
            return self._unread(there)
        if there == here:
            return Finding(self._collection, Result.EQUAL, there.documents, there.bytes)
        said = f"{there.documents} documents in the source, {here.documents} in the head"
        return self._differs(stretch, said)

    def sampled(self) -> Finding:
        """The number of documents, and some stretches that begin at random documents."""
        ns = self._collection.ns
        if self._collection.capped:
            return self._unread(Unread("too large to be compared", again=False))
        there = self._source.ask(lambda reader, moment: count(reader, ns, moment))
        if isinstance(there, Unread) and there.again:
            return self._unread(there)
        here = self._head.ask(lambda reader, moment: count(reader, ns, moment))
        if not isinstance(there, Unread) and there != here:
            return self._unlike(f"{there} documents in the source, {here} in the head")
        return self._samples(counted=not isinstance(there, Unread))

    def _samples(self, *, counted: bool) -> Finding:
        ns = self._collection.ns
        documents = size = 0
        for begin in self._head.ask(lambda reader, _: random_ids(reader, ns, SAMPLES)):
            there, here = self._digests(sample_of(self._collection, begin))
            if isinstance(there, Unread):
                return self._unread(there)
            if there != here:
                return self._unlike("samples are not the same")
            documents, size = documents + there.documents, size + there.bytes
        what = "only its number of documents and samples" if counted else "only samples"
        reason = f"{what} were compared ({documents} documents)"
        return Finding(self._collection, Result.EQUAL, documents, size, reason=reason, sampled=True)

    def _unlike(self, reason: str) -> Finding:
        return Finding(self._collection, Result.DIFFERS, reason=reason, sampled=True)

    def _digests(self, stretch: Stretch) -> tuple[Digest | Unread, Digest]:
        there = self._source.ask(lambda reader, moment: digest(reader, stretch, moment, self._read))
        if isinstance(there, Unread):
            return there, NOTHING
        return there, self._head.ask(
            lambda reader, moment: digest(reader, stretch, moment, lambda _: None)
        )

    def _differs(self, stretch: Stretch, said: str) -> Finding:
        """With the ids of what differs, if they are not too many."""
        ids = self._source.ask(
            lambda reader, moment: differing(
                identities(reader, stretch, moment, self._read), self._head.identities(stretch)
            )
        )
        if isinstance(ids, Unread):
            return Finding(self._collection, Result.DIFFERS, reason=said)
        many = f"more than {MENDED_MAX}" if ids is None else f"{len(ids)}"
        reason = f"{said}; {many} are missing or not the same"
        return Finding(self._collection, Result.DIFFERS, ids=tuple(ids or ()), reason=reason)

    def _unread(self, unread: Unread) -> Finding:
        return Finding(self._collection, Result.UNREAD, reason=unread.reason, again=unread.again)
