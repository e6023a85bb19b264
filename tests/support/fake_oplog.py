"""A stored oplog in memory, for the console's scenes: entries as a server writes them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson
from bson import ObjectId
from bson.timestamp import Timestamp

from mmsconsole.errors import NotFound
from mmsconsole.operations.oplog_browser import row_of
from mmsconsole.operations.oplog_views import (
    BEGINNING,
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRate,
    OplogRow,
    OplogSearch,
)
from mmsconsole.operations.points import Position, parse_point
from mmsconsole.operations.views import Window
from mmsconsole.oplog.destruction import BackwardSearch
from mmsconsole.oplog.entry import Entry, peek
from mmsconsole.oplog.extended import extended
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.support import oplog_entries as made
from tests.support.fake_data import NOW
from tests.support.fake_desk import FakeDesk

STATES = ("open", "paid", "packed", "sent")


@dataclass(frozen=True, slots=True)
class FakeOplog:
    """Entries in order; `missing` stands at its place among them."""

    entries: tuple[Entry, ...] = ()
    missing: tuple[OplogRow, ...] = ()

    def page(self, query: OplogQuery, task: Task) -> OplogPage:
        task.check()
        rows = [row_of(one) for one in self.entries if query.wanted.matches(one)]
        rows = [row for row in [*rows, *self.missing] if _within(row.optime, query)]
        rows.sort(key=lambda row: row.optime, reverse=query.newest_first)
        taken = rows[: query.limit]
        goes_on = taken[-1].optime if len(taken) < len(rows) else None
        if query.newest_first and goes_on is None and self.entries:
            first = self.entries[0].optime.before
            taken.append(OplogRow(BEGINNING, first, first, change="the stored oplog begins here"))
        return OplogPage(tuple(taken), goes_on, 1_000_000)

    def entry(self, at: Optime) -> OplogEntryView:
        for one in self.entries:
            if one.optime == at:
                return OplogEntryView(row_of(one), extended(one))
        raise NotFound(f"the stored oplog has no entry {at}")

    def rate(self, count: int, first: str, last: str) -> OplogRate:
        if not self.entries:
            return OplogRate(NOW, 1.0, (None,) * count, True, None)
        stored = Window(self.entries[0].optime.before, self.entries[-1].optime)
        start = _seconds(first) if first else stored.start.t
        end = _seconds(last) if last else stored.end.t
        seconds = max(1.0, (end + 1 - start) / count)
        counts: list[int | None] = [None] * count
        for place in range(count):
            if stored.start.t <= start + place * seconds <= stored.end.t:
                counts[place] = 0
        for one in self.entries:
            place = int((one.t - start) // seconds)
            if 0 <= place < count:
                counts[place] = (counts[place] or 0) + 1
        return OplogRate(datetime.fromtimestamp(start, UTC), seconds, tuple(counts), True, stored)

    def search(self, before: Optime | None) -> OplogSearch:
        looking = BackwardSearch()
        for one in reversed(self.entries):
            if before is None or one.optime < before:
                looking.take(one)
        looking.end()
        return OplogSearch(tuple(looking.found()[:1]), (), None)


def _within(at: Optime, query: OplogQuery) -> bool:
    return (query.after is None or query.after < at) and (query.before is None or at < query.before)


def _seconds(point: str) -> int:
    found = parse_point(point)
    assert isinstance(found, Position)
    return found.end.t


def entry(seconds: int, increment: int, fields: dict[str, Any]) -> Entry:
    raw = bson.encode(fields | {"ts": Timestamp(seconds, increment)})
    return peek(raw, 0, len(raw))


def oplog_of_a_day() -> FakeOplog:
    """An hour and a half up to NOW: a shop at work, one collection dropped, one mostly deleted."""
    now = int(NOW.timestamp())
    entries = [entry(at, 1, _work(at)) for at in range(now - 5400, now - 600, 12)]
    gone = now - 2640
    entries += [entry(gone + n // 20, n % 20 + 5, made.delete(0, n, ns="shop.carts"))
                for n in range(60)]  # fmt: skip
    drop = made.command(0, {"drop": "sessions"}, db="shop") | {"o2": {"numRecords": 4812}}
    entries.append(entry(now - 1500, 3, drop))
    inside = [made.inner(made.insert(0, {"_id": n}, ns="shop.orders")) for n in range(3)]
    inside.append(made.inner(made.update(0, 7, {"u": {"stock": 4}}, ns="shop.goods")))
    entries.append(entry(now - 590, 1, made.transaction(0, {"applyOps": inside})))
    entries += [entry(at, 2, _work(at)) for at in range(now - 580, now - 2, 30)]
    return FakeOplog(tuple(sorted(entries, key=lambda one: one.optime)))


def _work(at: int) -> dict[str, Any]:
    identity = ObjectId(f"{at:08x}c4f1a2b300000000")
    if at % 5 == 0:
        return made.update(0, identity, {"u": {"status": STATES[at % 4]}}, ns="shop.orders")
    if at % 7 == 0:
        return made.delete(0, identity, ns="shop.carts")
    order = {"_id": identity, "customer": at % 997, "total": at % 90 + 0.99, "status": "open"}
    return made.insert(0, order, ns="shop.orders")


@dataclass
class FakeOplogDoor(FakeDesk):
    """The part of FakeOperations that is about it."""

    kept_oplog: FakeOplog = field(default_factory=FakeOplog)

    def oplog(
        self, name: str, query: OplogQuery | None = None, *, task: Task | None = None
    ) -> OplogPage:
        self._ask("oplog", query or OplogQuery())
        return self.kept_oplog.page(query or OplogQuery(), task or Task())

    def oplog_entry(self, name: str, at: Optime) -> OplogEntryView:
        self._reach("oplog_entry")
        return self.kept_oplog.entry(at)

    def oplog_rate(
        self, name: str, *, count: int = 60, first: str = "", last: str = "",
        task: Task | None = None,
    ) -> OplogRate:  # fmt: skip
        self._ask("oplog_rate", first, last)
        return self.kept_oplog.rate(count, first, last)

    def oplog_search(
        self, name: str, *, before: Optime | None = None, task: Task | None = None
    ) -> OplogSearch:
        self._ask("oplog_search", before)
        return self.kept_oplog.search(before)
