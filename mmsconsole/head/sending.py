"""One batch into the head, and what its errors mean (measured on 6.0.5).

With allowAtomic: false an update of a missing document is told of in `results` and the batch
goes on; what throws (a duplicate key, a missing collection) stops it there, and it is sent
again from the operation behind.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from bson.binary import UUID_SUBTYPE, Binary

from mmsconsole.clock import Clock
from mmsconsole.errors import ApplyFailed, CommandFailed, MmsError
from mmsconsole.head.batch import MISSING_DOCUMENT, Batch, Outcome, alone
from mmsconsole.head.busy import Pauses, refused
from mmsconsole.head.missing import MissingDocument, MissingDocuments, document_of
from mmsconsole.head.position import check_written
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.operation import operation
from mmsconsole.oplog.zero_timestamps import setting_zeros, zero_fields
from mmsconsole.rawbson import STRING, document, element, fields, string

DUPLICATE_KEY = 11000
NAN_IS_THERE = 50819
"""A clustered collection that has a document whose _id is NaN says so, at a fault of its own
(6.0.5), where others say DUPLICATE_KEY, and where applyOps replaces the document.
"""
NAMESPACE_NOT_FOUND = 26
REBUILD = "the head differs from its source; it is to be rebuilt from its newest snapshot"


Time = tuple[int, int, float]
"""Seconds, increment, term: what an entry is ordered by."""


class Tolerance(Enum):
    """Which errors are no errors, and why."""

    NOTHING = auto()
    REPLAY = auto()
    """After a crash: entries may be there already, and later ones with them."""
    SCAN = auto()
    """Before the end of an initial sync's scan: the head holds no single moment yet."""


class _UnderWay(NamedTuple):
    batch: Batch
    tolerance: Tolerance
    through: Time
    announced: bool
    """The answer to a write of the position comes before the batch's."""


class Sender:
    """Over a connection that nobody else uses between `begin` and `finish`."""

    def __init__(self, connection: WireConnection, missing: MissingDocuments, clock: Clock) -> None:
        self._connection = connection
        self.pauses = Pauses(clock)
        self._under_way: deque[_UnderWay] = deque()
        self.missing = missing
        """Noted while Tolerance.SCAN."""
        self._elsewhere: dict[bytes, bytes] = {}
        """UUID -> name of collections that a later entry renames, and that the scan found
        under their later name. applyOps wants the name to exist as well as the UUID.
        """
        self.in_doubt = MissingDocuments()
        """Noted while Tolerance.REPLAY: all must be crossed out when the replay is through."""

    @property
    def under_way(self) -> int:
        """How many batches were begun and not finished."""
        return len(self._under_way)

    def may_overlap(self, tolerance: Tolerance) -> bool:
        """Whether a batch may be sent before the one before it is through. Not where something
        of that one may be sent again: with no tolerance its first error is the end of all.
        """
        special = self.missing or self.missing.collections or self.missing.unsaved
        both = {tolerance, *(one.tolerance for one in self._under_way)}
        return both == {Tolerance.NOTHING} and not special and not self._elsewhere

    def begin(
        self, batch: Batch, tolerance: Tolerance, through: Time, *, announced: bool = False
    ) -> None:
        """Send a batch; `finish` it before anything else is called over the connection.

        `through`: what `finish` tells when it is applied. `announced`: the answer to a write of
        the position comes first.
        """
        assert not self._under_way or self.may_overlap(tolerance), "one batch at a time"
        if self.missing.collections or self._elsewhere:
            batch = Batch(self._placed(batch.entries))
        if batch:
            self._connection.send(batch.command)
        self._under_way.append(_UnderWay(batch, tolerance, through, announced))

    def finish(self) -> Time:
        """Wait until the oldest batch under way is applied. Raises ApplyFailed for what is not
        tolerated, MongodBusy, Cancelled; the head has a part of the batch then, and perhaps of
        the next.
        """
        batch, tolerance, through, _ = self._take_oldest()
        if batch:
            self._finish(batch, tolerance)
        return through

    def _take_oldest(self) -> _UnderWay:
        """With the answer to a write of the position before it."""
        if self._under_way[0].announced:
            self._under_way[0] = self._under_way[0]._replace(announced=False)
            check_written(self._connection.checked(self._connection.receive()))
        return self._under_way.popleft()

    def _finish(self, batch: Batch, tolerance: Tolerance) -> None:
        outcome = self._outcome(lambda: self._connection.checked(self._connection.receive()))
        if outcome is not None and outcome.busy and self._under_way:
            self._send_again(self._behind(batch, outcome, tolerance))
        else:
            self._go_on(batch, outcome, tolerance)

    def _send_again(self, rest: Batch) -> None:
        """What was sent behind it has met a head without it. So all of it goes again, in order, as
        it would after a crash: the position reaches over it.
        """
        for batch in (rest, *self._take_back()):
            self._go_on(batch, self._call(batch), Tolerance.REPLAY)
        self.conclude_replay()

    def _take_back(self) -> list[Batch]:
        """All that is under way, whatever becomes of it; who then finishes it has nothing to do."""
        taken = []
        while self._under_way:
            taken.append(self._take_oldest())
            if taken[-1].batch:
                self._connection.receive()
        self._under_way.extend(one._replace(batch=Batch(), announced=False) for one in taken)
        return [one.batch for one in taken if one.batch]

    def _go_on(self, batch: Batch, outcome: Outcome | None, tolerance: Tolerance) -> None:
        """Until all of the batch was tried."""
        while outcome is not None:
            batch = self._behind(batch, outcome, tolerance)
            if not batch:
                return
            outcome = self._call(batch)
        self._cross_out(batch)

    def conclude_replay(self) -> None:
        """Raises ApplyFailed for what no later entry has made good."""
        left = self.in_doubt.documents()
        if left:
            what = f"{len(left)} documents could not be made good by applying the oplog again"
            raise ApplyFailed(what, where=left[0].ns, hint=REBUILD)

    def abandon(self) -> None:
        """After an error: wait for all answers, and do nothing about them."""
        while self._under_way:
            batch, _, _, announced = self._under_way.popleft()
            for _ in range(announced + bool(batch)):
                self._connection.receive()

    def send_command(self, entry: Entry, tolerance: Tolerance) -> None:
        """An entry of op `c`, alone."""
        outcome = self._call(Batch([entry]))
        while outcome is not None and outcome.busy:
            self.pauses.after(_failed(entry, outcome.code, outcome.message))
            outcome = self._call(Batch([entry]))
        gone = tolerance is Tolerance.SCAN and outcome and outcome.code == NAMESPACE_NOT_FOUND
        if outcome is not None and not gone:
            raise _failed(entry, outcome.code, outcome.message)
        self._elsewhere.pop(entry.uuid, None)
        self.missing.follow(entry)
        self.in_doubt.follow(entry)

    def put(self, missing: MissingDocument, found: bytes | None) -> None:
        """Make the head's document what `found` is (raw BSON); None: delete it."""
        ns = missing.ns.encode()
        if missing.uuid:
            ns = name_in_head(self._connection, ns.partition(b".")[0], missing.uuid) or ns
        op, o = (b"d", missing.id) if found is None else (b"i", found)
        operations = [operation(op, ns, missing.uuid, o)]
        if found is not None and (zeros := zero_fields(found, 0)):
            operations.append(setting_zeros(ns, missing.uuid, found, 0, zeros))
        self.begin(Batch([alone(one) for one in operations]), Tolerance.NOTHING, (0, 0, 0))
        self.finish()

    def _call(self, batch: Batch) -> Outcome | None:
        """None: everything went well."""
        return self._outcome(lambda: self._connection.call(batch.command))

    def _outcome(self, answer: Callable[[], bytearray]) -> Outcome | None:
        try:
            answer()
        except CommandFailed as error:
            outcome = Outcome.of(error.reply if isinstance(error.reply, dict) else {})
            if not outcome.results and not outcome.busy:
                raise ApplyFailed(f"the head refused a batch: {error.what}") from error
            return outcome
        self.pauses.begin()
        return None

    def _cross_out(self, batch: Batch) -> None:
        if self.missing or self.in_doubt:
            for entry in batch.entries:
                self._applied(entry)

    def _applied(self, entry: Entry) -> None:
        self.missing.cross_out(entry)
        self.in_doubt.cross_out(entry)

    def _behind(self, batch: Batch, outcome: Outcome, tolerance: Tolerance) -> Batch:
        """Judge what was tried; returns what was not, or is to be tried again, after a pause."""
        entries, tried = batch.entries, len(outcome.results)
        stopped = -1 if outcome.busy or outcome.code == MISSING_DOCUMENT else tried - 1
        rest = entries[tried:]
        if any(outcome.results):
            self.pauses.begin()
        for number, (entry, done) in enumerate(zip(entries, outcome.results, strict=False)):
            if done:
                self._applied(entry)
            elif self._is_elsewhere(entry, outcome.code, tolerance):
                rest = [entry, *rest]
            elif _is_nan_again(entry, outcome.code, tolerance):
                rest = [_deletion(entry), entry, *rest]
            else:
                code = outcome.code if number == stopped else MISSING_DOCUMENT
                self._judge(entry, code, outcome.message, tolerance)
        if outcome.busy:
            self.pauses.after(_failed(rest[0], outcome.code, outcome.message))
        return Batch(self._placed(rest))

    def _is_elsewhere(self, entry: Entry, code: int, tolerance: Tolerance) -> bool:
        """Whether the head has the collection under another name; it is noted then."""
        if tolerance is not Tolerance.SCAN or code != NAMESPACE_NOT_FOUND:
            return False
        name = name_in_head(self._connection, entry.database, entry.uuid)
        if name is None or name == entry.ns:
            return False
        self._elsewhere[entry.uuid] = name
        return True

    def _placed(self, entries: list[Entry]) -> list[Entry]:
        """Without those for collections that are not there, the others under their names."""
        lost, elsewhere = self.missing.collections, self._elsewhere
        return [
            renamed(entry, elsewhere[entry.uuid]) if entry.uuid in elsewhere else entry
            for entry in entries
            if entry.uuid not in lost
        ]

    def _judge(self, entry: Entry, code: int, message: str, tolerance: Tolerance) -> None:
        scan = tolerance is Tolerance.SCAN
        missed = code == MISSING_DOCUMENT and entry.op == b"u"
        if tolerance is not Tolerance.NOTHING and (missed or code == DUPLICATE_KEY):
            (self.missing if scan else self.in_doubt).note(entry)
        elif scan and code == NAMESPACE_NOT_FOUND:
            self.missing.note_collection(entry)
        else:
            raise _failed(entry, code, message)


def _is_nan_again(entry: Entry, code: int, tolerance: Tolerance) -> bool:
    return tolerance is not Tolerance.NOTHING and code == NAN_IS_THERE and entry.op == b"i"


def _deletion(entry: Entry) -> Entry:
    """Of the document that the entry inserts."""
    return alone(operation(b"d", entry.ns, entry.uuid, document_of(entry).id))


def name_in_head(connection: WireConnection, database: bytes, uuid: bytes) -> bytes | None:
    """The namespace of the collection with that UUID, among those of one database."""
    wanted = {"info.uuid": Binary(uuid, UUID_SUBTYPE)}
    command = {"listCollections": 1, "filter": wanted, "nameOnly": False}
    reply = connection.run(database.decode(), command)
    for found in reply["cursor"]["firstBatch"]:
        return database + b"." + str(found["name"]).encode()
    return None


def renamed(entry: Entry, ns: bytes) -> Entry:
    """The same entry for the collection called `ns`."""
    return alone(document(
        element(STRING, b"ns", string(ns))
        if field.name == b"ns"
        else entry.data[field.start - len(field.name) - 2 : field.end]
        for field in fields(entry.data, entry.start)
    ))  # fmt: skip


def _failed(entry: Entry, code: int, message: str) -> MmsError:
    what = "the document is missing" if code == MISSING_DOCUMENT else message
    return refused(
        f"{entry} could not be applied: {what} (code {code})",
        code,
        where=f"oplog entry {entry.optime}" if entry.t else "an operation of a transaction",
        hint=REBUILD,
    )
