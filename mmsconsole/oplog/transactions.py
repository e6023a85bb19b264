"""Transactions, put together before they are applied.

What the oplog holds of one, all under the same session (lsid) and number (txnNumber):

    small                  one applyOps, without partialTxn and without prepare
    large                  applyOps with partialTxn: true ..., then one without
    prepared (by a mongos) as either, the last with prepare: true; much later an entry
                           commitTransaction or abortTransaction

Each entry but the first names the one before it in prevOpTime. Nothing is applied before the
entry that commits has come, so a position before that entry holds nothing of the transaction.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from mmsconsole.errors import OplogError
from mmsconsole.oplog.entry import Entry
from mmsconsole.optime import Optime
from mmsconsole.rawbson import fields, find, int64_at, timestamp_at

MEMORY_BYTES_MAX = 64 << 20
"""Open transactions beyond this lie in the spool."""


class Spool(Protocol):
    """Where operations of open transactions are put when they are too many for memory."""

    def put(self, data: bytes) -> int:
        """Keep `data`; returns its place."""
        ...

    def get(self, place: int, length: int) -> bytes: ...

    def clear(self) -> None:
        """Nothing that was put is needed any more."""
        ...


class _Place(NamedTuple):
    place: int
    length: int


@dataclass(slots=True)
class _Open:
    first: Optime
    last: Optime
    pieces: list[bytes | _Place] = field(default_factory=list)
    """The arrays of operations, in order."""


_Key = tuple[bytes, int]


class Piece:
    """One array of a committed transaction's operations, perhaps still in the spool."""

    def __init__(self, spool: Spool, kept: bytes | _Place) -> None:
        self._spool = spool
        self._kept = kept

    def read(self) -> bytes:
        if isinstance(self._kept, _Place):
            return self._spool.get(self._kept.place, self._kept.length)
        return self._kept


class TransactionBuffer:
    """The open transactions of one oplog, and the operations of each as it commits.

    Memory: at most `memory_bytes_max` and one array (16 MB); the rest is in the spool.
    """

    def __init__(self, spool: Spool, memory_bytes_max: int = MEMORY_BYTES_MAX) -> None:
        self._spool = spool
        self._memory_bytes_max = memory_bytes_max
        self._memory_bytes = 0
        self._open: dict[_Key, _Open] = {}
        self._ended: list[tuple[Optime, Optime]] = []
        """First and last optime of those that were ended beyond the head's position."""

    def __len__(self) -> int:
        return len(self._open)

    def replay_from(self, applied: Optime) -> Optime:
        """After which entry reading must begin again, when all up to `applied` is applied.

        Just before the first entry of the oldest transaction that was open at `applied`, or
        `applied` itself if none was. `applied` never goes back.
        """
        self._ended = [ended for ended in self._ended if ended[1] > applied]
        firsts = [each.first for each in self._open.values()] + [e[0] for e in self._ended]
        return min([applied, *(first.before for first in firsts)])

    def take(self, entry: Entry, applied: bool = False) -> list[Piece]:
        """Take one entry for which the decision was InTransaction.

        Returns the arrays of operations to apply, in order: none unless it commits; `release`
        when they have been read. `applied`: the entry is at or before the head's position
        and is read again only for what is still open; then nothing is returned, and entries
        whose beginning was not read are passed over. Raises OplogError for a broken chain.
        """
        key = _key(entry)
        command = next(fields(entry.data, entry.o)).name
        if command == b"abortTransaction":
            self._end(key, entry)
            return []
        if command == b"applyOps":
            known = self._add(key, entry, applied)
            if not known or _is_true(entry, b"partialTxn") or _is_true(entry, b"prepare"):
                return []
        elif key not in self._open and not applied:
            raise _broken(entry, "a transaction is committed whose beginning was not read")
        pieces = self._end(key, entry)
        return [] if applied else [Piece(self._spool, piece) for piece in pieces]

    def _add(self, key: _Key, entry: Entry, applied: bool) -> bool:
        """False if it continues what was not read."""
        array = find(entry.data, b"applyOps", entry.o)
        assert array is not None  # the name that brought us here
        previous = _previous(entry)
        if previous is None:
            self._forget_older(key, entry)
            self._open[key] = _Open(entry.optime, entry.optime)
        elif key not in self._open and applied:
            return False
        elif key not in self._open or self._open[key].last != previous:
            raise _broken(entry, f"a transaction's entry at {previous} is missing")
        transaction = self._open[key]
        transaction.last = entry.optime
        transaction.pieces.append(self._keep(entry.data[array.start : array.end]))
        return True

    def _keep(self, array: bytes) -> bytes | _Place:
        if self._memory_bytes + len(array) > self._memory_bytes_max:
            return _Place(self._spool.put(array), len(array))
        self._memory_bytes += len(array)
        return array

    def _forget_older(self, key: _Key, entry: Entry) -> None:
        """A session has one transaction at a time: what it left open has come to nothing."""
        for other in [other for other in self._open if other[0] == key[0]]:
            self._end(other, entry)

    def _end(self, key: _Key, entry: Entry) -> list[bytes | _Place]:
        transaction = self._open.pop(key, None)
        if transaction is None:
            return []
        if transaction.first < entry.optime:
            self._ended.append((transaction.first, entry.optime))
        self._memory_bytes -= sum(len(p) for p in transaction.pieces if isinstance(p, bytes))
        return transaction.pieces

    def release(self) -> None:
        """What `take` returned has been read: empty the spool if nothing open lies there."""
        pieces = (piece for each in self._open.values() for piece in each.pieces)
        if not any(isinstance(piece, _Place) for piece in pieces):
            self._spool.clear()


def _key(entry: Entry) -> _Key:
    session, number = entry.find(b"lsid"), entry.find(b"txnNumber")
    if session is None or number is None:
        raise _broken(entry, "a transaction's entry without a session")
    return entry.data[session.start : session.end], int64_at(entry.data, number.start)


def _previous(entry: Entry) -> Optime | None:
    """Where the transaction's entry before this one is; None for its first."""
    chain = entry.find(b"prevOpTime")
    ts = find(entry.data, b"ts", chain.start) if chain else None
    seconds, increment = timestamp_at(entry.data, ts.start) if ts else (0, 0)
    return Optime(seconds, increment) if seconds else None


def _is_true(entry: Entry, name: bytes) -> bool:
    field = find(entry.data, name, entry.o)
    return field is not None and entry.data[field.start] == 1


def _broken(entry: Entry, what: str) -> OplogError:
    return OplogError(what, where=f"oplog entry {entry.optime}")
