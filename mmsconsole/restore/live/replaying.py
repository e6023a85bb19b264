"""The oplog of a dump on top of its documents, at a live deployment.

mongodump reads the collections one after the other and takes the oplog meanwhile: applied from
its first to its last entry it makes one moment of them. `decide` says what is done with each
entry, as for a head. What differs there:

- collections have other UUIDs: an operation goes by name, stripped to what it does
- indexes stay in the catalogue until all is applied: values of two moments may clash before
- what an entry does not find, a later one must make good, or the dump is not whole
- nothing is done to the server's own databases: users changed while it was dumped stay as dumped
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bson

from mmsconsole.dump.documents import spans
from mmsconsole.errors import ApplyFailed, CommandFailed, OplogError
from mmsconsole.head.batch import MISSING_DOCUMENT, Batch, Outcome, alone
from mmsconsole.head.missing import MissingDocuments
from mmsconsole.head.sending import DUPLICATE_KEY
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import (
    Apply,
    CreateIndexes,
    DropIndex,
    EndOfWindow,
    InTransaction,
    ModifyIndex,
    Refuse,
    Rewrite,
    Unwrap,
)
from mmsconsole.oplog.entry import Entry, array_entries, peek
from mmsconsole.oplog.operation import operation
from mmsconsole.oplog.transactions import Spool, TransactionBuffer
from mmsconsole.optime import Optime
from mmsconsole.rawbson import ARRAY, BINARY, BOOLEAN, array_of, document, element, fields, int32_at
from mmsconsole.restore.live.making import NAMESPACE_EXISTS, NAMESPACE_NOT_FOUND
from mmsconsole.restore.live.primary import DURABLE, Primary
from mmsconsole.restore.selecting import SYSTEM_DATABASES
from mmsconsole.task import Task

PHASE = "applying oplog"
"""In bytes."""
APPLY_SECONDS = 600.0
"""How long one batch may take: a command on a large collection is one, too."""
_SYSTEM = frozenset(name.encode() for name in SYSTEM_DATABASES)
_AFTER = bson.encode({
    "allowAtomic": False, "alwaysUpsert": False, "bypassDocumentValidation": True,
    "writeConcern": DURABLE, "$db": "admin",
})[4:-1]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replayed:
    entries: int
    until: Optime | None
    """The last entry; None: there was none."""
    left_out: int
    """Operations on the server's own databases."""


class LiveReplay:
    """For one oplog. `catalogue` holds the dump's indexes, and what becomes of them."""

    def __init__(self, primary: Primary, catalogue: IndexCatalogue, spool: Spool) -> None:
        self._primary = primary
        self._catalogue = catalogue
        self._buffer = TransactionBuffer(spool)
        self._missing = MissingDocuments()
        self._batch = Batch()
        self._entries = 0
        self._left_out = 0
        self._last: Optime | None = None

    def apply(self, runs: Iterable[bytes], task: Task) -> Replayed:
        """Entries one behind the other, all of them. Raises OplogError (an unknown command, an
        entry that nothing can follow, a document that is missing in the end), SourceError.
        """
        done = 0
        for run in runs:
            for start, end in spans(run):
                self._entry(peek(run, start, end))
            task.check()
            done += len(run)
            task.report(PHASE, done, None)
        self._flush()
        left = self._missing.documents()
        if left:
            what = f"{len(left)} documents that the oplog changes are not in the dump"
            raise ApplyFailed(what, where=left[0].ns, hint="take another dump")
        return Replayed(self._entries, self._last, self._left_out)

    def _entry(self, entry: Entry) -> None:
        if self._last is not None and entry.optime <= self._last:
            raise OplogError("entries are out of order", where=f"oplog entry {entry.optime}")
        self._last = entry.optime
        self._entries += 1
        self._operation(entry)

    def _operation(self, entry: Entry) -> None:
        decision = decide(entry)
        match decision:
            case Apply():
                self._apply(entry)
            case Rewrite(operations):
                self._operations(map(alone, operations), decided=True)
            case CreateIndexes() | DropIndex() | ModifyIndex():
                self._catalogue.change(decision)
                if isinstance(decision, ModifyIndex) and decision.rest is not None:
                    self._apply(alone(decision.rest))
            case Unwrap(start, end):
                self._operations(array_entries(entry.data, start, end))
            case InTransaction():
                for piece in self._buffer.take(entry):
                    array = piece.read()
                    self._operations(array_entries(array, 0, len(array)))
                self._buffer.release()
            case Refuse(error):
                raise type(error)(error.what, where=self._place(), hint=error.hint)
            case EndOfWindow(reason):
                raise OplogError(f"no restore can follow this: {reason}", where=self._place())

    def _operations(self, operations: Iterable[Entry], *, decided: bool = False) -> None:
        for one in operations:
            (self._apply if decided else self._operation)(one)

    def _place(self) -> str:
        return f"oplog entry {self._last}"

    # -- to the deployment --------------------------------------------------------------------

    def _apply(self, entry: Entry) -> None:
        if entry.database in _SYSTEM:
            self._left_out += 1
        elif entry.op == b"c":
            self._flush()
            self._catalogue.command(entry)
            self._send_command(entry)
        elif not self._batch.add(entry):
            self._flush()
            self._batch.add(entry)

    def _flush(self) -> None:
        entries, self._batch = self._batch.entries, Batch()
        while entries:
            entries = self._send(entries)

    def _send(self, entries: list[Entry]) -> list[Entry]:
        """Returns those that were not tried."""
        outcome = self._call(entries)
        if outcome is None:
            for entry in entries:
                self._missing.cross_out(entry)
            return []
        tried = len(outcome.results)
        for entry, done in zip(entries, outcome.results, strict=False):
            if done:
                self._missing.cross_out(entry)
            else:
                last = entry is entries[tried - 1] and outcome.code != MISSING_DOCUMENT
                self._judge(entry, outcome.code if last else MISSING_DOCUMENT, outcome.message)
        return entries[tried:]

    def _judge(self, entry: Entry, code: int, message: str) -> None:
        """An entry that did not find what it was written for: what it should be comes later."""
        if (code == MISSING_DOCUMENT and entry.op == b"u") or code == DUPLICATE_KEY:
            self._missing.note(entry)
        elif code != NAMESPACE_NOT_FOUND:  # of a collection that was dropped before the scan
            raise ApplyFailed(f"{entry} could not be applied: {message}", where=self._place())

    def _send_command(self, entry: Entry) -> None:
        outcome = self._call([entry])
        tolerated = (NAMESPACE_NOT_FOUND, NAMESPACE_EXISTS)
        if outcome is not None and outcome.code not in tolerated:
            what = f"{entry} could not be applied: {outcome.message}"
            raise ApplyFailed(what, where=self._place())
        self._missing.follow(entry)

    def _call(self, entries: list[Entry]) -> Outcome | None:
        """None: everything went well."""
        operations = element(ARRAY, b"applyOps", array_of([by_name(entry) for entry in entries]))
        try:
            self._primary.call([document([operations, _AFTER])], seconds=APPLY_SECONDS)
        except CommandFailed as error:
            outcome = Outcome.of(error.reply if isinstance(error.reply, dict) else {})
            if not outcome.results or outcome.busy:  # it was tried again, all the time
                what = f"the oplog was refused: {error.what}"
                raise ApplyFailed(what, where=self._place()) from error
            return outcome
        return None


def by_name(entry: Entry) -> bytes:
    """What the entry does, without UUIDs, session and time. Pure."""
    o = entry.data[entry.o : entry.o + int32_at(entry.data, entry.o)]
    if entry.op == b"c":
        o = document(_command_fields(o))
    o2 = b""
    if entry.o2 and entry.op == b"u":
        o2 = entry.data[entry.o2 : entry.o2 + int32_at(entry.data, entry.o2)]
    return operation(entry.op, entry.ns, b"", o, o2)


def _command_fields(o: bytes) -> Iterator[bytes]:
    for field in fields(o):
        if field.name == b"dropTarget" and field.kind == BINARY:
            yield element(BOOLEAN, b"dropTarget", b"\x01")
        else:
            yield o[field.start - len(field.name) - 2 : field.end]
