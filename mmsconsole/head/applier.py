"""Applies the stored oplog to a head.

One applier serves the catch-up of an initial sync, the steady state and restores to a point in
time. Documents' entries go to the head in batches, as they came; a command goes alone, with all
before it applied; a transaction goes when it commits.

What a crash leaves: the position says `applied`, and `applying_until` for the batch that was
under way. After it the same entries are applied again. Until `applying_until` an update may
then miss its document and a value may clash with a later one's; each such document must be
made good by a later entry of the same range, or the head is given up (ApplyFailed): nothing is
passed over silently. The position does not move before that range is through.
"""

from collections.abc import Iterable

from mmsconsole.clock import Clock
from mmsconsole.errors import ApplyFailed, OplogError, WindowEnded
from mmsconsole.head.batch import Batch, alone
from mmsconsole.head.index_changes import change_index, create_all, save_catalogue
from mmsconsole.head.missing import MissingDocument, MissingDocuments
from mmsconsole.head.plain import PlainEntries
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.sending import Sender, Tolerance
from mmsconsole.head.stream import EntryStream
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.oplog.decide import decide
from mmsconsole.oplog.decisions import (
    APPLY,
    Apply,
    CreateIndexes,
    Decision,
    DropIndex,
    EndOfWindow,
    IndexChange,
    InTransaction,
    ModifyIndex,
    Refuse,
    Rewrite,
    Unwrap,
)
from mmsconsole.oplog.entry import Entry, array_entries
from mmsconsole.oplog.transactions import Spool, TransactionBuffer
from mmsconsole.optime import Optime
from mmsconsole.task import Task

NO_SCAN = Optime(0, 0)
"""As `tolerate_until`: there was no scan, or it is through."""

_Time = tuple[int, int, float]
"""Seconds, increment, term: what an entry is ordered by."""
_EVER = float("inf")
_NEVER: _Time = (1 << 32, 0, 0)


class Applier:
    """For one head and one thread. After an error, Cancelled too, it is spent: make a new one.

    `tolerate_until`: the end of the scan of an initial sync (NO_SCAN: there was none); up
    to it missing documents and clashes are collected in `missing`. It may be set anew between
    two calls. `catalogue`: while it is given, changes of indexes go there and not to the head.
    Raises ApplyFailed if the head has no position.
    """

    def __init__(
        self,
        connection: WireConnection,
        positions: PositionStore,
        spool: Spool,
        tolerate_until: Optime,
        clock: Clock,
        catalogue: IndexCatalogue | None = None,
    ) -> None:
        position = positions.read()
        if position is None:
            raise ApplyFailed("the head has no position", where=str(connection.address))
        self.tolerate_until = tolerate_until
        self.missing = MissingDocuments.load(connection)
        self._connection = connection
        self._positions = positions
        self._position = position
        self._catalogue = catalogue
        self._sender = Sender(connection, self.missing, clock)
        self._buffer = TransactionBuffer(spool)
        self._batch = Batch()
        self._plain = PlainEntries()
        self._applied = position.applied
        self._seen = _end_of(position.replay_from)
        self._reading_again = position.replay_from < position.applied
        """Not everything up to `applied` has been read: open transactions are not all known."""
        self._whole = _time(position.applied)
        """Newest entry of which everything is applied or in a batch."""
        self._sent = self._whole
        """The same, without the batch that is being filled."""
        self._commit: _Time | None = None
        """The commit of the transaction whose operations are going into the batch."""
        self._crashed_until = position.applying_until
        self._task = Task()
        self._spent = False

    @property
    def position(self) -> HeadPosition:
        """As it is written in the head."""
        return self._position

    # -- the stream ---------------------------------------------------------------------------

    def apply(self, arrays: bytes, until: Optime | None, task: Task) -> HeadPosition:
        """Apply the entries of the BSON arrays that lie one behind the other in `arrays`.

        Begin with the entries after `position.replay_from`. Entries that were taken before are
        passed over; it stops behind `until` (inclusive). All is applied on return.

        Raises OplogError (UnreadableEntry, UnknownCommand) for an entry that must not be passed
        over and WindowEnded where a head cannot follow: all before it has been applied then.
        ApplyFailed when the head refuses something, MongodBusy when it does so again and again for
        want of cache or time; Cancelled.
        """
        assert not self._spent, "an applier is spent after an error"
        self._spent, self._task, self._sender.pauses.task = True, task, task
        try:
            self._apply(arrays, until)
        finally:
            self._sender.abandon()
        self._spent = False
        return self._position

    def _apply(self, arrays: bytes, until: Optime | None) -> None:
        seen, applied, border = self._seen, _end_of(self._applied), self._border(until)
        last: _Time = (0, 0, -_EVER)
        stream = EntryStream(arrays, self._plain)
        while True:
            if last >= seen and last >= applied:
                last = self._take_plain(stream, last, border)
            entry = stream.next()
            if entry is None:
                break
            at = entry[5:8]
            if at <= last:
                raise OplogError("entries are out of order", where=_place(at))
            if at <= seen:
                last = at
                continue
            if at > border:
                self._reading_again = False
                self._settle()
                if until is not None and at > _end_of(until):
                    break
                border = self._border(until)
            last = at
            if at <= applied:
                self._read_again(entry)
                continue
            self._operation(entry, at)
            self._whole = at
        self._seen = max(seen, last)
        self._reading_again = self._reading_again and last < _time(self._applied)
        self._settle()

    def _take_plain(self, stream: EntryStream, last: _Time, border: _Time) -> _Time:
        """What `_operation` would put into the batch, in bulk; returns the time of the newest."""
        taken = stream.take_plain(self._batch, _packed(last), _packed(border))
        if taken is None:
            return last
        self._whole = taken.time >> 32, taken.time & 0xFFFFFFFF, taken.term
        return self._whole

    def _border(self, until: Optime | None) -> _Time:
        """No batch goes beyond this: here something ends (the tolerance, the replay, all)."""
        ends = [end for end in (self._crashed_until, self.tolerate_until) if end is not None]
        ahead = [_end_of(end) for end in ends if end > self._applied]
        return min([_end_of(until) if until else _NEVER, *ahead])

    def _read_again(self, entry: Entry) -> None:
        """It has been applied; only a transaction that is still open needs it."""
        if entry.op == b"c" and isinstance(decide(entry), InTransaction):
            self._buffer.take(entry, applied=True)

    def _operation(self, entry: Entry, at: _Time) -> None:
        """An entry, or an operation inside the entry at `at`."""
        decision = decide(entry)
        if decision is APPLY and entry.op != b"c":
            self._plain.learn(entry)
            self._add(entry)
        else:
            self._otherwise(entry, at, decision)

    def _otherwise(self, entry: Entry, at: _Time, decision: Decision) -> None:
        match decision:
            case Apply():
                self._command(entry, at)
            case Rewrite(operations):
                self._rewritten(operations, at)
            case CreateIndexes() | DropIndex() | ModifyIndex():
                self._change_index(decision, at)
            case Unwrap(start, end):
                self._operations(array_entries(entry.data, start, end), at)
            case InTransaction():
                for piece in self._buffer.take(entry):
                    array = piece.read()
                    self._operations(array_entries(array, 0, len(array)), at)
                self._buffer.release()
            case Refuse(error):
                self._leave()
                raise type(error)(error.what, where=_place(at), hint=error.hint)
            case EndOfWindow(reason):
                self._leave()
                raise WindowEnded(reason, at=at[:2], where=_place(at))

    def _rewritten(self, operations: Iterable[bytes], at: _Time) -> None:
        for operation in map(alone, operations):
            if operation.op == b"c":
                self._command(operation, at)
            else:
                self._add(operation)

    def _operations(self, operations: Iterable[Entry], at: _Time) -> None:
        """What one entry holds: the position passes it when the last of them is applied."""
        outer, self._commit = self._commit, at
        for operation in operations:
            self._operation(operation, at)
        self._commit = outer

    # -- to the head --------------------------------------------------------------------------

    def _add(self, entry: Entry) -> None:
        if not self._batch.add(entry):
            self._flush()
            self._batch.add(entry)

    def _flush(self) -> None:
        """Hand the batch to the head. When that may be, behind the one that it still works on:
        it goes from one to the next then, and the next one is made meanwhile.
        """
        if self._batch:
            batch, self._batch = self._batch, Batch()
            batch.command  # noqa: B018  made while the head works
            self._begin(batch, self._commit or self._whole)
        self._sent = self._whole

    def _begin(self, batch: Batch, reach: _Time) -> None:
        tolerance = self._tolerance(reach)
        waits = self._catalogue is not None or not self._sender.may_overlap(tolerance)
        if waits:
            self._finish()
        announced = self._announce(reach, wait=waits)
        before = self._sender.under_way
        self._sender.begin(batch, tolerance, self._whole, announced=announced)
        self._finish(before)

    def _finish(self, count: int | None = None) -> None:
        """Wait for so many of the batches under way, oldest first; None: all of them."""
        for _ in range(self._sender.under_way if count is None else count):
            self._applied = _optime(self._sender.finish())

    def _drain(self) -> None:
        """Apply all that was taken."""
        self._flush()
        self._finish()
        self._applied = _optime(self._sent)

    def _command(self, entry: Entry, at: _Time) -> None:
        """An entry of op `c`: all before it first, then it alone."""
        self._drain()
        self._announce(at)
        self._sender.send_command(entry, self._tolerance(at))
        if self._catalogue is not None:
            self._catalogue.command(entry)

    def _change_index(self, change: IndexChange, at: _Time) -> None:
        if self._catalogue is not None:
            self._catalogue.change(change)
            if isinstance(change, ModifyIndex) and change.rest is not None:
                self._command(alone(change.rest), at)
        elif isinstance(change, ModifyIndex):
            self._command(alone(change.operation), at)
        elif isinstance(change, CreateIndexes | DropIndex):
            self._drain()
            self._announce(at)
            tolerance = self._tolerance(at)
            self._sender.pauses.until_done(
                lambda: change_index(self._connection, change, tolerance)
            )

    def _tolerance(self, at: _Time) -> Tolerance:
        if at <= _end_of(self.tolerate_until):
            return Tolerance.SCAN
        return Tolerance.REPLAY if self._in_doubt(at) else Tolerance.NOTHING

    def _in_doubt(self, at: _Time) -> bool:
        """Whether it lies in the range that a crash left, which is applied again."""
        return self._crashed_until is not None and at <= _end_of(self._crashed_until)

    def _leave(self) -> None:
        """Before an entry that ends everything; inside a transaction a part of it is there."""
        if self._commit is None:
            self._settle()

    # -- the position -------------------------------------------------------------------------

    def _announce(self, reach: _Time, *, wait: bool = True) -> bool:
        """Say in the head how far what comes now will go. Returns whether an answer is still to
        come: without `wait`, what comes now can be sent at once, for the head does one after
        the other.
        """
        self._reading_again = False
        if self._task.cancellation.requested:
            self._finish()
            self._write(self._settled())
            self._task.check()
        if self._in_doubt(reach):
            return False
        replay_from = self._buffer.replay_from(self._applied)
        return self._write(HeadPosition(self._applied, replay_from, _optime(reach)), wait=wait)

    def _settle(self) -> None:
        """Apply all that was taken, and say that nothing is under way."""
        self._drain()
        if self._crashed_until is not None and self._crashed_until <= self._applied:
            self._conclude_replay()
        self._write(self._settled())

    def _settled(self) -> HeadPosition:
        """The position as it is when there is no doubt: not within a transaction or a replay."""
        if self._commit or self._crashed_until or self._reading_again:
            return self._position
        return HeadPosition(self._applied, self._buffer.replay_from(self._applied))

    def _conclude_replay(self) -> None:
        self._sender.conclude_replay()
        self._crashed_until = None

    def _write(self, position: HeadPosition, *, wait: bool = True) -> bool:
        """First what belongs to the entries that the position passes. Returns whether an answer
        is still to come.
        """
        self.missing.save(self._connection)
        if self._catalogue is not None and self._catalogue.changed:
            save_catalogue(self._connection, self._catalogue)
        if position == self._position:
            return False
        (self._positions.write if wait else self._positions.begin_write)(position)
        self._position = position
        return not wait

    # -- the end of an initial sync -----------------------------------------------------------

    def settle(self, missing: MissingDocument, found: bytes | None) -> None:
        """Put what the source has now (raw BSON; None: nothing) in the place of a missing
        document. Entries up to the moment of its reading must then be tolerated: set
        `tolerate_until` to it, and create no index before.
        """
        self._sender.put(missing, found)
        self.missing.discard(missing.key)
        self.missing.save(self._connection)

    def create_indexes(self, task: Task) -> None:
        """Make the catalogue's indexes; from now on changes of indexes go to the head."""
        if self._catalogue is not None:
            create_all(self._connection, self._catalogue, task)
            self._catalogue = None


def _time(optime: Optime) -> _Time:
    return optime.t, optime.i, optime.term


def _packed(at: _Time) -> int:
    """Its time as `take_plain` compares it."""
    return at[0] << 32 | at[1]


def _end_of(optime: Optime) -> _Time:
    """Not before any entry at that position, whatever its term."""
    return optime.t, optime.i, _EVER


def _optime(at: _Time) -> Optime:
    return Optime(at[0], at[1], int(at[2]))


def _place(at: _Time) -> str:
    return f"oplog entry {_optime(at)}"
