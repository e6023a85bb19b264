"""Restored files become what was chosen: by the mongod that runs on them, which then ends cleanly.

What is not chosen is dropped first, so that its names are free; then indexes and users go, if
nobody wants them; then names change. mongod changes a collection's database by copying it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.dump.collections import BUCKETS, TIMESERIES, VIEW
from mmsconsole.errors import Refused
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.targets import Selection
from mmsconsole.restore.dropped import files_of, wait_until_gone
from mmsconsole.restore.selecting import (
    ACCOUNTS,
    SCRIPTS,
    SYSTEM,
    SYSTEM_DATABASES,
    Move,
    Namespace,
    moves,
    shown,
)
from mmsconsole.task import Task

PHASE = "shaping collections"
PASSING = "mmsconsole.passing"
"""The name of a collection while two change theirs for each other's."""


@dataclass(frozen=True, slots=True)
class Found:
    """One collection, view or time series."""

    namespace: Namespace
    kind: str
    options: dict[str, Any]

    @property
    def own_collection(self) -> str:
        """That has the documents."""
        name = self.namespace.collection
        return BUCKETS + name if self.kind == TIMESERIES else name


Step = Callable[[], object]


def shape(server: HeadServer, selection: Selection, clock: Clock, task: Task) -> None:
    """Raises Refused where the selection does not fit what is there; Cancelled; MongodFailed."""
    with server.errors():
        there = found_in(server)
        chosen = moves(selection, (one.namespace for one in there))
        shaping = Shaping(server, selection, there, chosen)
        steps = shaping.steps()
        files = shaping.files_that_go()
        task.report(PHASE, 0, len(steps))
        for done, step in enumerate(steps, 1):
            task.check()
            step()
            task.report(PHASE, done, len(steps))
        wait_until_gone(server, files, clock, task)


def found_in(server: HeadServer) -> list[Found]:
    """All that people know by a name, and stored functions."""
    return [
        Found(Namespace(database, entry["name"]), entry["type"], entry.get("options", {}))
        for database in sorted(server.client.list_database_names())
        if database not in SYSTEM_DATABASES
        for entry in server.client[database].list_collections()
        if not entry["name"].startswith(SYSTEM) or entry["name"] == SCRIPTS
    ]


class Shaping:
    """The steps of one selection on what is there."""

    def __init__(
        self, server: HeadServer, selection: Selection, there: Sequence[Found],
        chosen: Sequence[Move],
    ) -> None:  # fmt: skip
        self._client = server.client
        self._selection = selection
        self._there = {one.namespace: one for one in there}
        self._chosen = chosen

    def steps(self) -> list[Step]:
        """In order. Raises Refused before anything is changed."""
        renamed = [move for move in self._chosen if move.new != move.old]
        for move in renamed:
            self._check_renamable(move)
        return [
            *self._drops(),
            *([] if self._selection.users else self._without_users()),
            *([] if self._selection.indexes else self._without_indexes()),
            *self._renames(renamed),
        ]

    def files_that_go(self) -> list[str]:
        """Of what is dropped for good."""
        chosen = {move.old for move in self._chosen}
        gone = [
            (one.namespace.database, one.own_collection)
            for one in self._there.values()
            if one.namespace not in chosen and one.kind != VIEW
        ]
        if not self._selection.users:
            gone += [("admin", name) for name in self._users()]
        return [file for names in gone for file in files_of(self._client, *names)]

    def _users(self) -> list[str]:
        there = set(self._client.admin.list_collection_names())
        return [name for name in ACCOUNTS if name in there]

    def _check_renamable(self, move: Move) -> None:
        if self._there[move.old].kind == TIMESERIES:
            raise Refused(
                f"{shown(str(move.old))} is a time series: mongod can not rename it in data files",
                hint="restore it by an archive of mongodump, or into a live deployment",
            )

    def _drops(self) -> list[Step]:
        chosen = {move.old for move in self._chosen}
        kept = {one.database for one in chosen}
        gone = {one.database for one in self._there} - kept
        dropped = [one for one in self._there if one not in chosen and one.database in kept]
        return [
            *(self._drop_database(name) for name in sorted(gone)),
            *(self._drop(one) for one in sorted(dropped)),
        ]

    def _drop_database(self, name: str) -> Step:
        return partial(self._client.drop_database, name)

    def _drop(self, one: Namespace) -> Step:
        """By commands: pymongo takes not every name that mongod gives. `drop` refuses what belongs
        to the server, and deleting would leave hashes of passwords in the files.
        """
        if one.collection.startswith(SYSTEM):
            drop = {"op": "c", "ns": f"{one.database}.$cmd", "o": {"drop": one.collection}}
            return partial(self._client.admin.command, "applyOps", [drop])
        return partial(self._client[one.database].command, "drop", one.collection)

    def _without_users(self) -> list[Step]:
        return [self._drop(Namespace("admin", name)) for name in self._users()]

    def _without_indexes(self) -> list[Step]:
        with_own = [move.old for move in self._chosen if self._there[move.old].kind != VIEW]
        return [
            partial(self._client[one.database].command, "dropIndexes", one.collection, index="*")
            for one in with_own
        ]

    def _renames(self, renamed: Sequence[Move]) -> list[Step]:
        """Collections first: a view may be made when nothing is there yet that it shows."""
        views = [move for move in renamed if self._there[move.old].kind == VIEW]
        others = [move for move in renamed if self._there[move.old].kind != VIEW]
        emptied = {move.old.database for move in renamed} - {
            move.new.database for move in self._chosen
        }
        return [
            *(self._drop(move.old) for move in views),
            *(self._rename(old, new) for old, new in in_order(others)),
            *(self._create_view(move) for move in views),
            *(self._drop_database(name) for name in sorted(emptied)),
        ]

    def _rename(self, old: Namespace, new: Namespace) -> Step:
        return partial(self._client.admin.command, "renameCollection", str(old), to=str(new))

    def _create_view(self, move: Move) -> Step:
        options = self._there[move.old].options
        database = self._client[move.new.database]
        return partial(database.command, "create", move.new.collection, **options)


def in_order(renamed: Iterable[Move]) -> list[tuple[Namespace, Namespace]]:
    """Pure: renames, one after the other, of which none takes a name that is still in use. Those
    that change names in a circle do so by one that nobody has.
    """
    waiting = {move.old: move.new for move in renamed}
    passing = PASSING
    while any(passing in (old.collection, new.collection) for old, new in waiting.items()):
        passing += "_"
    done: list[tuple[Namespace, Namespace]] = []
    while waiting:
        free = next((old for old, new in waiting.items() if new not in waiting), None)
        if free is None:
            old, new = next(iter(waiting.items()))
            aside = Namespace(old.database, passing)
            done.append((old, aside))
            del waiting[old]
            waiting[aside] = new
        else:
            done.append((free, waiting.pop(free)))
    return done
