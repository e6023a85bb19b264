"""One batch into the head, and what its errors mean (measured on 6.0.5).

With allowAtomic: false an update of a missing document is told of in `results` and the batch
goes on; what throws (a duplicate key, a missing collection) stops it there, and it is sent
again from the operation behind.
"""

from enum import Enum, auto

from mmsconsole.errors import ApplyFailed, CommandFailed
from mmsconsole.head.batch import MISSING_DOCUMENT, Batch, Outcome, alone
from mmsconsole.head.missing import MissingDocument, MissingDocuments
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.entry import Entry
from mmsconsole.rawbson import BINARY, DOCUMENT, STRING, document, element, string

DUPLICATE_KEY = 11000
NAMESPACE_NOT_FOUND = 26
REBUILD = "the head differs from its source; it is to be rebuilt from its newest snapshot"


class Tolerance(Enum):
    """Which errors are no errors, and why."""

    NOTHING = auto()
    REPLAY = auto()
    """After a crash: entries may be there already, and later ones with them."""
    SCAN = auto()
    """Before the end of an initial sync's scan: the head holds no single moment yet."""


class Sender:
    def __init__(self, connection: WireConnection, missing: MissingDocuments) -> None:
        self._connection = connection
        self.missing = missing
        """Noted while Tolerance.SCAN."""
        self.in_doubt = MissingDocuments()
        """Noted while Tolerance.REPLAY: all must be crossed out when the replay is through."""

    def send(self, batch: Batch, tolerance: Tolerance) -> None:
        """Raises ApplyFailed for what is not tolerated; the head has a part of it then."""
        while batch.entries:
            outcome = self._call(batch)
            if outcome is None:
                self._cross_out(batch)
                return
            batch = self._behind(batch, outcome, tolerance)

    def send_command(self, entry: Entry, tolerance: Tolerance) -> None:
        """An entry of op `c`, alone."""
        outcome = self._call(Batch([entry]))
        gone = tolerance is Tolerance.SCAN and outcome and outcome.code == NAMESPACE_NOT_FOUND
        if outcome is not None and not gone:
            raise _failed(entry, outcome.code, outcome.message)
        self.missing.follow(entry)
        self.in_doubt.follow(entry)

    def put(self, missing: MissingDocument, found: bytes | None) -> None:
        """Make the head's document what `found` is (raw BSON); None: delete it."""
        uuid = b"\x10\x00\x00\x00\x04" + missing.uuid
        operation = document([
            element(STRING, b"op", string(b"d" if found is None else b"i")),
            element(STRING, b"ns", string(missing.ns.encode())),
            *([element(BINARY, b"ui", uuid)] if missing.uuid else []),
            element(DOCUMENT, b"o", missing.id if found is None else found),
        ])  # fmt: skip
        self.send(Batch([alone(operation)]), Tolerance.NOTHING)

    def _call(self, batch: Batch) -> Outcome | None:
        try:
            self._connection.call(batch.command())
        except CommandFailed as error:
            outcome = Outcome.of(error.reply if isinstance(error.reply, dict) else {})
            if not outcome.results:
                raise ApplyFailed(f"the head refused a batch: {error.what}") from error
            return outcome
        return None

    def _cross_out(self, batch: Batch) -> None:
        if self.missing or self.in_doubt:
            for entry in batch.entries:
                self._applied(entry)

    def _applied(self, entry: Entry) -> None:
        self.missing.cross_out(entry)
        self.in_doubt.cross_out(entry)

    def _behind(self, batch: Batch, outcome: Outcome, tolerance: Tolerance) -> Batch:
        """Judge what was tried; returns what was not."""
        tried = len(outcome.results)
        stopped = tried - 1 if outcome.code != MISSING_DOCUMENT else -1
        for number, (entry, done) in enumerate(zip(batch.entries, outcome.results, strict=False)):
            if done:
                self._applied(entry)
            else:
                code = outcome.code if number == stopped else MISSING_DOCUMENT
                self._judge(entry, code, outcome.message, tolerance)
        lost = self.missing.collections
        return Batch([entry for entry in batch.entries[tried:] if entry.uuid not in lost])

    def _judge(self, entry: Entry, code: int, message: str, tolerance: Tolerance) -> None:
        scan = tolerance is Tolerance.SCAN
        missed = code == MISSING_DOCUMENT and entry.op == b"u"
        if tolerance is not Tolerance.NOTHING and (missed or code == DUPLICATE_KEY):
            (self.missing if scan else self.in_doubt).note(entry)
        elif scan and code == NAMESPACE_NOT_FOUND:
            self.missing.note_collection(entry)
        else:
            raise _failed(entry, code, message)


def _failed(entry: Entry, code: int, message: str) -> ApplyFailed:
    what = "the document is missing" if code == MISSING_DOCUMENT else message
    return ApplyFailed(
        f"{entry} could not be applied: {what} (code {code})",
        where=f"oplog entry {entry.optime}" if entry.t else "an operation of a transaction",
        hint=REBUILD,
    )
