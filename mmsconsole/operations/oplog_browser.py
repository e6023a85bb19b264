"""The oplog browser: pages of the stored oplog, whole entries, and what took data away."""

from collections import deque
from collections.abc import Iterable, Iterator

from mmsconsole.errors import UsageError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.operations.oplog_views import (
    BEGINNING,
    ENTRY,
    LIMIT_MAX,
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRow,
    OplogSearch,
)
from mmsconsole.operations.stored_entries import UNREADABLE, StoredEntries
from mmsconsole.oplog.describing import described
from mmsconsole.oplog.destruction import MANY, TAKEN, BackwardSearch
from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.extended import extended
from mmsconsole.optime import Optime
from mmsconsole.task import Task

READING = "reading the oplog"
INNER_WHOLE = 1000


def page(stored: StoredEntries, query: OplogQuery, task: Task) -> OplogPage:
    """Raises UsageError, StorageError where a whole store is away, Cancelled."""
    if not 0 < query.limit <= LIMIT_MAX:
        raise UsageError(f"a page has 1 to {LIMIT_MAX} rows")
    rows: list[OplogRow] = []
    scan = _Scan(stored, query, task)
    for row in scan.rows():
        if row is None:
            return OplogPage(tuple(rows), scan.reached, scan.read_bytes)
        rows.append(row)
        if len(rows) == query.limit:
            return OplogPage(tuple(rows), _end_of(row, query), scan.read_bytes)
    return OplogPage(tuple(rows), None, scan.read_bytes)


def _end_of(row: OplogRow, query: OplogQuery) -> Optime | None:
    """Where the next page begins. The entry that a stretch is behind of is no part of it."""
    if row.row == ENTRY:
        return row.optime
    if query.newest_first:
        return None if row.row == BEGINNING else row.optime.after
    return row.until


class _Scan:
    """The rows of a query, in order; a None among them: enough was read for now."""

    def __init__(self, stored: StoredEntries, query: OplogQuery, task: Task) -> None:
        self._stored = stored
        self._query = query
        self._task = task
        self._total = None if query.wanted.empty else _bytes_of(stored, query)
        self.read_bytes = 0
        self.reached: Optime | None = None

    def rows(self) -> Iterator[OplogRow | None]:
        query = self._query
        back = query.newest_first
        pieces = self._stored.backward(query.before) if back else self._stored.forward(query.after)
        for piece in pieces:
            self._task.check()
            if self._is_beyond(piece):
                return
            if isinstance(piece, OplogRow):
                yield piece
                continue
            yield from self._of_chunk(piece)
            self.read_bytes += piece.raw_bytes
            self._task.report(READING, self.read_bytes, self._total)
            self.reached = piece.start.after if back else piece.end
            if query.scan_bytes and self.read_bytes >= query.scan_bytes:
                yield None

    def _is_beyond(self, piece: OplogChunk | OplogRow) -> bool:
        """Nothing from there on is asked for."""
        query = self._query
        if isinstance(piece, OplogRow):
            start, end = piece.optime, piece.until or piece.optime
        else:
            start, end = piece.start, piece.end
        if query.newest_first:
            return query.after is not None and end <= query.after
        return query.before is not None and start >= query.before

    def _of_chunk(self, chunk: OplogChunk) -> Iterator[OplogRow]:
        """Of a chunk backwards no more is kept than the page takes."""
        found: Iterable[Entry | OplogRow] = self._wanted(chunk)
        if self._query.newest_first:
            found = reversed(deque(found, self._query.limit))
        for one in found:
            yield row_of(one) if isinstance(one, Entry) else one

    def _wanted(self, chunk: OplogChunk) -> Iterator[Entry | OplogRow]:
        """In order; where it can not be read, a row behind them that says so."""
        try:
            for entry in self._stored.entries(chunk):
                if self._is_asked_for(entry) and self._query.wanted.matches(entry):
                    yield entry
        except UNREADABLE as error:
            yield self._stored.damaged(chunk, error)

    def _is_asked_for(self, entry: Entry) -> bool:
        query, at = self._query, (entry.t, entry.i)
        if query.after is not None and at <= (query.after.t, query.after.i):
            return False
        return query.before is None or at < (query.before.t, query.before.i)


def _bytes_of(stored: StoredEntries, query: OplogQuery) -> int:
    """Of the chunks that a query may have to read."""
    found = stored.desk.metadata.chunks.size(stored.deployment.id, query.after, query.before)
    return found.raw_bytes


def row_of(entry: Entry, inner_max: int | None = None) -> OplogRow:
    told = described(entry) if inner_max is None else described(entry, inner_max)
    what = told.what
    return OplogRow(
        ENTRY, told.optime, wall=told.wall, kind=what.kind, ns=what.ns, id=what.id,
        change=what.change, operations=told.inner, operation_count=told.inner_count,
        bytes=told.bytes,
    )  # fmt: skip


def whole_entry(stored: StoredEntries, at: Optime) -> OplogEntryView:
    """Raises NotFound, naming its neighbours; StorageError."""
    entry = stored.entry(at)
    return OplogEntryView(row_of(entry, INNER_WHOLE), extended(entry))


def search(
    stored: StoredEntries, before: Optime | None, limit: int, task: Task, *, many: int = MANY
) -> OplogSearch:
    """Drops and deletes of many, from `before` (None: the end) backwards: the newest `limit`.

    A burst that is found last is found whole, so a few more than `limit` may be read for.
    Raises StorageError where a whole store is away, Cancelled.
    """
    looking, damaged, read = BackwardSearch(many), [], 0
    total = stored.desk.metadata.chunks.size(stored.deployment.id, None, before).raw_bytes
    for piece in stored.backward(before):
        task.check()
        if isinstance(piece, OplogRow):
            looking.passed(piece.optime)
            continue
        error = _look(stored, piece, before, looking)
        damaged += [stored.damaged(piece, error)] if error is not None else []
        looking.passed(piece.start)
        read += piece.raw_bytes
        task.report(READING, read, total)
        found = looking.found()
        if len(found) >= limit and looking.settled:
            return OplogSearch(tuple(found[:limit]), tuple(damaged), piece.start)
    looking.end()
    return OplogSearch(tuple(looking.found()[:limit]), tuple(damaged), None)


def _look(
    stored: StoredEntries, chunk: OplogChunk, before: Optime | None, looking: BackwardSearch
) -> Exception | None:
    """What kept it from being looked into, if anything did."""
    entries: list[Entry] = []
    trouble: Exception | None = None
    try:
        for entry in stored.entries(chunk):
            is_asked_for = before is None or (entry.t, entry.i) < (before.t, before.i)
            if is_asked_for and entry.op in TAKEN:
                entries.append(entry)
    except UNREADABLE as error:
        trouble = error
    for entry in reversed(entries):
        looking.take(entry)
    return trouble
