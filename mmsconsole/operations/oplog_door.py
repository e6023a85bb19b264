"""What Operations asks the oplog browser: by names of deployments, and by points as people write
them.
"""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mmsconsole.operations import oplog_browser, oplog_rate
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.moments import bound_after, bound_before
from mmsconsole.operations.oplog_views import (
    OplogEntryView,
    OplogPage,
    OplogQuery,
    OplogRate,
    OplogSearch,
)
from mmsconsole.operations.stored_entries import StoredEntries, entries_of
from mmsconsole.optime import Optime
from mmsconsole.task import Task

if TYPE_CHECKING:
    from mmsconsole.storage.storages import Storages


class OplogDoor:
    """For any thread. Stores are opened once: the next page shall not wait for that again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._storages: Storages | None = None

    def page(
        self, name: str, query: OplogQuery, task: Task, first: str = "", last: str = ""
    ) -> OplogPage:
        """`first` and `last`: points, both included; they count before the query's bounds."""
        stored = self._stored(name)
        if first:
            query = replace(query, after=bound_after(stored, first))
        if last:
            query = replace(query, before=bound_before(stored, last))
        return oplog_browser.page(stored, query, task)

    def entry(self, name: str, at: Optime) -> OplogEntryView:
        return oplog_browser.whole_entry(self._stored(name), at)

    def rate(self, name: str, count: int, task: Task, first: str = "", last: str = "") -> OplogRate:
        """Between two points; empty: the ends of what is stored."""
        stored = self._stored(name)
        begin = bound_after(stored, first).after if first else stored.front()
        end = bound_before(stored, last).before if last else stored.last()
        if begin is None or end is None:
            return oplog_rate.rate(stored, None, None, count, task)
        seconds = max(1.0, (end.t + 1 - begin.t) / count)
        return oplog_rate.rate(stored, begin.time, seconds, count, task)

    def search(
        self, name: str, before: Optime | None, limit: int, task: Task, last: str = ""
    ) -> OplogSearch:
        stored = self._stored(name)
        bound = bound_before(stored, last) if last else before
        return oplog_browser.search(stored, bound, limit, task)

    def _stored(self, name: str) -> StoredEntries:
        from mmsconsole.storage.storages import open_storages

        deployment = self._desk.metadata.deployments.named(name)
        with self._lock:
            if self._storages is None:
                self._storages = open_storages(self._desk.settings)
        return entries_of(self._desk, deployment, self._storages)
