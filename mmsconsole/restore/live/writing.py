"""A Content into a live deployment: options, documents, comparison, indexes, views, users."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing

from mmsconsole.dump.collections import VIEW
from mmsconsole.dump.contents import Content
from mmsconsole.errors import CommandFailed, MissingPrivileges, TargetNotEmpty
from mmsconsole.metadata.live_writes import LiveWrite
from mmsconsole.restore.choosing import Choice, Chosen
from mmsconsole.restore.delivery.base import PHASE
from mmsconsole.restore.live import users
from mmsconsole.restore.live.comparing import Comparison, HashOf, Verdict, compared
from mmsconsole.restore.live.inserting import Insert, Lanes
from mmsconsole.restore.live.making import (
    IndexCommand,
    create,
    create_indexes,
    drop,
    index_commands,
)
from mmsconsole.restore.live.notes import Notes
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.standing import (
    check_case,
    check_free,
    check_rights,
    is_empty,
    kinds_in,
    occupied,
    uuid_of,
)
from mmsconsole.restore.selecting import SYSTEM_DATABASES, shown
from mmsconsole.task import Task

log = logging.getLogger(__name__)

VIEWS = "system.views"


class LiveWriter:
    """One restore. What it has begun is in `notes`: a second one goes on from there."""

    def __init__(self, primary: Primary, notes: Notes, restore: str, *, overwrite: bool) -> None:
        self._primary = primary
        self._notes = notes
        self._overwrite = overwrite
        self._temporary = users.temporary_names(restore)
        self._accounts: dict[str, int] = {}
        """Users and roles that were written, by the collection that they wait in."""

    def check(self, choice: Choice) -> None:
        """That it may be written: rights, and nothing there, or it may be overwritten. Changes
        nothing. Raises TargetNotEmpty, MissingPrivileges, Refused, SourceError.
        """
        targets = [one.target for one in choice.data]
        databases = {one.database for one in targets}
        check_rights(self._primary, databases)
        check_case(self._primary, databases)
        found = occupied(self._primary, targets)
        if not self._overwrite:
            check_free(found, self._notes.begun().keys(), self._primary.where)

    def documents(self, content: Content, choice: Choice, task: Task) -> int:
        """Collections with options and all documents, each noted; returns the bytes written.

        Raises ApplyFailed, TargetNotEmpty, SourceError, what `content` raises, Cancelled.
        """
        self.check(choice)
        if choice.users:
            self._make_room_for_users()
        todo = self._begin(choice, task)
        by_name = {one.source.ns: one for one in (*todo, *self._users(choice))}
        total = sum(one.source.size for one in by_name.values())
        with closing(Lanes(self._primary)) as lanes:
            for batch in content.batches(frozenset(by_name), task):
                task.check()
                one = by_name[batch.collection.ns]
                if batch.data:
                    lanes.put(Insert(*self._place(one), _is_capped(one), batch))
                if batch.last:
                    lanes.drain()
                    self._finish(one, lanes)
                task.report(PHASE, lanes.bytes, max(total, lanes.bytes))
            lanes.drain()
            task.report(PHASE, lanes.bytes, max(total, lanes.bytes))
            self._accounts = {
                name: lanes.documents.get(f"{users.ADMIN}.{name}", 0)
                for name in self._temporary.values()
            }
            return lanes.bytes

    def _make_room_for_users(self) -> None:
        for name in self._temporary.values():
            self._notes.begin(f"{users.ADMIN}.{name}", existed=False)
        users.make_room(self._primary, self._temporary)

    def _begin(self, choice: Choice, task: Task) -> list[Chosen]:
        """Makes what is not finished anew, empty; returns it."""
        begun = self._notes.begun()
        there = {
            database: kinds_in(self._primary, database)
            for database in {one.target.database for one in choice.data}
        }
        todo = []
        for one in choice.data:
            task.check()
            target = one.target
            known = begun.get(target.ns)
            exists = target.name in there[target.database]
            if known is not None and exists:
                self._check_ours(known)
            if known is not None and known.finished and (exists or target.kind == VIEW):
                continue
            self._notes.begin(target.ns, existed=exists and known is None)
            if exists:
                drop(self._primary, target.database, target.name)
            if target.kind != VIEW:
                create(self._primary, target)
                made = uuid_of(self._primary, target.database, target.name)
                self._notes.made(target.ns, made)
                todo.append(one)
        return todo

    def _check_ours(self, known: LiveWrite) -> None:
        """Of what an earlier attempt began. Between the two somebody else may have made it, and
        only who asked to overwrite has agreed to lose what was there before. Raises TargetNotEmpty.
        """
        agreed = self._overwrite and not known.uuid
        if not agreed and not self._is_ours(known):
            raise TargetNotEmpty(
                "somebody has made this anew since the restore began", where=shown(known.ns),
                hint="keep it, and restore under another name; or drop it, and restore again",
            )  # fmt: skip

    def _is_ours(self, known: LiveWrite) -> bool:
        """One whose making could not be noted any more is empty still."""
        database, _, name = known.ns.partition(".")
        if database == users.ADMIN:
            return True  # temporary, by names of this restore's own
        uuid = uuid_of(self._primary, database, name)
        if known.uuid or not uuid:
            return uuid in ("", known.uuid)
        return is_empty(self._primary, database, name)

    def _users(self, choice: Choice) -> Iterator[Chosen]:
        return (one for one in choice.users if one.source.name in self._temporary)

    def _place(self, one: Chosen) -> tuple[str, str]:
        if one.source.database in SYSTEM_DATABASES:
            return users.ADMIN, self._temporary[one.source.name]
        return one.target.database, one.target.data_name

    def _finish(self, one: Chosen, lanes: Lanes) -> None:
        if one.source.database not in SYSTEM_DATABASES:
            self._notes.finish(one.target.ns, lanes.documents.get(one.target.data_ns, 0))

    def compare(
        self, choice: Choice, source: HashOf | None, filtered: frozenset[str], task: Task
    ) -> Verdict:
        """`source`: None where there is no mongod to be asked; `filtered`: namespaces of the
        source of which not all documents went. Changes nothing.
        """
        begun = self._notes.begun()
        names = {one.target.data_ns: one.target.ns for one in choice.data}
        return Comparison(self._primary, source, task).compare(
            compared(choice.data),
            lambda ns: begun[names[ns]].documents,
            lambda ns: ns not in filtered,
        )

    def complete(
        self, choice: Choice, task: Task, indexes: Sequence[IndexCommand] | None = None
    ) -> str:
        """Indexes (None: those that the collections came with), views, users: may be done again.
        Returns what is to be said of users.
        """
        if indexes is None:
            indexes = index_commands(one.target for one in choice.data)
        create_indexes(self._primary, indexes, task)
        views = [one.target for one in choice.data if one.target.kind == VIEW]
        for view in views:
            task.check()
            if view.name not in kinds_in(self._primary, view.database):
                create(self._primary, view)
            self._notes.finish(view.ns, 0)
        said = ""
        if choice.users:
            said = users.merge(self._primary, self._temporary, self._accounts)
            users.clear(self._primary, self._temporary)
        return said

    def abandon(self) -> list[str]:
        """Takes away what was begun and was not there before, unless somebody else has made it
        anew; returns the namespaces that were there, and that now hold what was written until
        then. Raises SourceError.
        """
        begun = self._notes.begun()
        for ns, one in begun.items():
            database, _, name = ns.partition(".")
            if not one.existed and self._is_ours(one):
                drop(self._primary, database, name)
        for database in {ns.partition(".")[0] for ns in begun}:
            self._drop_empty(database)
        self._notes.forget()
        return sorted(ns for ns, one in begun.items() if one.existed)

    def _drop_empty(self, database: str) -> None:
        """A database of which the catalogue of its views alone is left."""
        if kinds_in(self._primary, database).keys() == {VIEWS}:
            try:
                drop(self._primary, database, VIEWS)
            except (CommandFailed, MissingPrivileges) as error:
                log.info("an empty catalogue of views stays in %s: %s", database, error)


def _is_capped(one: Chosen) -> bool:
    return b"\x08capped\x00\x01" in one.source.options
