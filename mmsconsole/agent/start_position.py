"""The entry that an initial sync's replay begins after.

Called T0 here. Three things must hold for it, or the head would miss writes:

1. It is majority-committed on the member that will be read, so that every majority read from
   now on sees at least everything up to it. A lagging member thus gives an older T0.
2. No transaction spans it: one whose first entry is at or before T0 and whose last is behind
   it could not be put together again. Transactions that are open now stand in
   config.transactions; those that have ended since are found by their entries behind T0 that
   point to one before it (prevOpTime).
3. It is an entry of the oplog, with its term, so that the tail can prove that it continues.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from bson.timestamp import Timestamp

from mmsconsole.agent.reader import Reader, entry_optime
from mmsconsole.errors import SourceRefused
from mmsconsole.optime import Optime
from mmsconsole.task import Task

CROSSING_MAX = 1000
"""Transactions looked at in one round; more are found by the next."""
NO_ENTRY = Timestamp(0, 0)
"""The prevOpTime of a transaction's first entry."""


class OplogView(Protocol):
    """What the choice must know of a member. Answered by the member, or by a table in a test."""

    def majority(self) -> Optime: ...

    def open_transactions(self) -> list[Optime]:
        """The first entries of the transactions in progress or prepared, as applied here."""
        ...

    def newest(self, at_most: Optime, before: Optime | None) -> Optime | None:
        """The newest entry that is no newer than `at_most` and older than `before`."""
        ...

    def crossing(self, position: Optime) -> list[Optime]:
        """First entries of the transactions whose entries lie on both sides of `position`."""
        ...


def choose_start(view: OplogView, where: str, task: Task) -> Optime:
    """Pure but for what `view` does. Raises SourceRefused if the oplog does not reach back."""
    at_most = view.majority()
    starts = view.open_transactions()
    while True:
        task.check()
        before = min(starts, default=None)
        found = view.newest(at_most, before)
        if found is None:
            raise SourceRefused(
                f"the oplog does not reach back to the start of the oldest open transaction "
                f"({before})",
                where=where,
                hint="let that transaction end, or make the oplog larger",
            )
        crossing = view.crossing(found)
        if not crossing:
            return found
        starts += crossing


class MemberOplog:
    """The oplog of the member being read. Implements OplogView.

    All but majority() read what the member has applied: what it shows is at least as new as
    any majority read made before. Whether all of it lasts is no matter, T0 only gets older.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def majority(self) -> Optime:
        return self._reader.optimes().majority

    def open_transactions(self) -> list[Optime]:
        command = {
            "find": "transactions",
            "filter": {"state": {"$in": ["inProgress", "prepared"]}},
            "projection": {"startOpTime": 1, "lastWriteOpTime": 1},
            "readConcern": {"level": "local"},
        }
        found = self._reader.decoded("config", command, "transactions")
        return [_optime(each.get("startOpTime") or each["lastWriteOpTime"]) for each in found]

    def newest(self, at_most: Optime, before: Optime | None) -> Optime | None:
        bounds: dict[str, Timestamp] = {"$lte": at_most.timestamp}
        if before is not None:
            bounds["$lt"] = before.timestamp
        found = self._reader.oplog_entries({"ts": bounds}, newest_first=True)
        return entry_optime(found[0]) if found else None

    def crossing(self, position: Optime) -> list[Optime]:
        query = {
            "ts": {"$gt": position.timestamp},
            "op": "c",
            "prevOpTime.ts": {"$gt": NO_ENTRY, "$lte": position.timestamp},
        }
        return [self._first(e) for e in self._reader.oplog_entries(query, limit=CROSSING_MAX)]

    def _first(self, entry: Mapping[str, Any]) -> Optime:
        """The first entry of its transaction that the oplog still has."""
        while (previous := entry["prevOpTime"]["ts"]) != NO_ENTRY:
            found = self._reader.oplog_entries({"ts": {"$gte": previous, "$lte": previous}})
            if not found:
                return Optime.of(previous)
            entry = found[0]
        return entry_optime(entry)


def _optime(document: Mapping[str, Any]) -> Optime:
    return Optime.of(document["ts"], document["t"])
