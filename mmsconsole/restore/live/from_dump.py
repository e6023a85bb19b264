"""A dump of mongodump into a live deployment, with its oplog if it has one."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Protocol

import bson

from mmsconsole.clock import Clock
from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.collections import COLLECTION
from mmsconsole.dump.contents import Content
from mmsconsole.dump.folder_content import FolderContent
from mmsconsole.durable import disk_errors
from mmsconsole.errors import MmsError, NotFound, UsageError
from mmsconsole.head.spool import FileSpool
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.targets import Selection
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from mmsconsole.restore.choosing import Choice, choose
from mmsconsole.restore.live.making import IndexCommand, index_commands, secondary
from mmsconsole.restore.live.notes import MemoryNotes
from mmsconsole.restore.live.primary import PATIENCE_SECONDS, Primary
from mmsconsole.restore.live.replaying import LiveReplay
from mmsconsole.restore.live.standing import Occupied, check_version, occupied, standing_of
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.restore.selecting import shown
from mmsconsole.task import Task


class Dump(Content, Protocol):
    @property
    def has_oplog(self) -> bool: ...

    def oplog(self, task: Task) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class DumpWish:
    path: Path
    uri: SourceUri
    what: Selection
    overwrite: bool = False
    replay: bool = True
    """Its oplog too, if it has one."""


@dataclass(frozen=True, slots=True)
class DumpPlan:
    where: str
    server_version: str
    """Of the dumped server."""
    namespaces: tuple[str, ...]
    """At the target."""
    there: tuple[Occupied, ...]
    """Which of them are there already."""
    replays: bool


@dataclass(frozen=True, slots=True)
class DumpRestored:
    where: str
    collections: int
    bytes: int
    entries: int
    """Of the oplog."""
    until: Optime | None
    """The data are those of this moment; None: each collection of the moment it was read at."""
    verified: str
    differs: bool
    """What is there is not what the dump holds; `verified` says where."""


def open_dump(path: Path) -> ArchiveContent | FolderContent:
    """Raises NotFound, DumpDamaged, StorageError."""
    with disk_errors(str(path)):
        if not path.exists():
            raise NotFound("there is no such dump", where=str(path))
        return FolderContent(path) if path.is_dir() else ArchiveContent(path)


class DumpRestore:
    """One, from beginning to end, in this process. Killed, it is begun again by who asked."""

    def __init__(
        self, wish: DumpWish, clock: Clock, task: Task, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._wish = wish
        self._task = task
        self._dump: Dump = open_dump(wish.path)
        self._choice = choose(self._dump.collections, wish.what)
        self._replays = wish.replay and self._dump.has_oplog
        if self._replays and not _all_data(wish.what):
            raise UsageError(
                "its oplog belongs to all of it: a part, or other names, go without",
                where=str(wish.path),
                hint="say --no-oplog: each collection is then as it was when it was read",
            )
        self._primary = Primary(wish.uri, clock, task, patience_seconds)
        self._writer = LiveWriter(self._primary, MemoryNotes(), new_id(), overwrite=wish.overwrite)

    def plan(self) -> DumpPlan:
        """Changes nothing. Raises as run() does before it writes, but not TargetNotEmpty."""
        with closing(self._primary):
            self._check_version()
            targets = [one.target for one in self._choice.data]
            there = occupied(self._primary, targets)
            return DumpPlan(
                self._primary.where, self._dump.server_version,
                tuple(one.ns for one in targets), tuple(there), self._replays,
            )  # fmt: skip

    def run(self, tell: Callable[[str], None]) -> DumpRestored:
        """What it made is taken away again when it fails or is cancelled; `tell` hears of what
        can not be, and of what differs. Raises DumpDamaged, Refused, SourceError, OplogError,
        Cancelled.
        """
        with closing(self._primary):
            self._check_version()
            self._writer.check(self._choice)
            try:
                return self._run(tell)
            except BaseException:
                self._abandon(tell)
                raise

    def _check_version(self) -> None:
        standing = standing_of(self._primary)
        check_version(standing, self._dump.server_version, self._primary.where)

    def _run(self, tell: Callable[[str], None]) -> DumpRestored:
        written = self._writer.documents(self._dump, self._choice, self._task)
        verdict = self._writer.compare(self._choice, None, frozenset(), self._task)
        if verdict.different:
            tell(verdict.in_words())
        entries, until, indexes, more = 0, None, None, []
        if self._replays:
            catalogue = catalogue_of(self._choice)
            with tempfile.TemporaryDirectory(prefix="mmsconsole-") as folder:
                replay = LiveReplay(self._primary, catalogue, FileSpool(Path(folder)))
                done = replay.apply(self._dump.oplog(self._task), self._task)
            entries, until = done.entries, done.until
            indexes = [*_of_time_series(self._choice), *commands_of(catalogue)]
            if done.left_out:
                more = [f"{done.left_out} changes of the server's own databases left out"]
        said = self._writer.complete(self._choice, self._task, indexes)
        verified = "; ".join(filter(None, [verdict.in_words(), said, *more, "UUIDs are new"]))
        return DumpRestored(
            self._primary.where, len(self._choice.data), written, entries, until, verified,
            bool(verdict.different),
        )  # fmt: skip

    def _abandon(self, tell: Callable[[str], None]) -> None:
        """Of a task that was cancelled, too. What goes wrong here does not hide why."""
        self._primary.forgive()
        try:
            hurt = self._writer.abandon()
        except MmsError as error:
            tell(f"what was written stays there: {error}")
            return
        tell("what it had made was taken away again")
        if hurt:
            names = ", ".join(map(shown, hurt))
            tell(f"these were being overwritten, and are not what they were: {names}")


def _all_data(what: Selection) -> bool:
    return not (what.namespaces or what.excluded or what.renames or what.filters)


def catalogue_of(choice: Choice) -> IndexCatalogue:
    """The indexes of all plain collections, where changes of the oplog find them. Pure."""
    catalogue = IndexCatalogue()
    for one in choice.data:
        if one.target.kind == COLLECTION:
            name = one.target.ns.encode()
            uuid = one.source.uuid or md5(name, usedforsecurity=False).digest()
            database, _, collection = name.partition(b".")
            catalogue.add(uuid, database, collection, secondary(one.target))
    return catalogue


def commands_of(catalogue: IndexCatalogue) -> list[IndexCommand]:
    return [IndexCommand(_named(body), body) for body in catalogue.commands()]


def _named(body: bytes) -> str:
    found = bson.decode(body)
    return f"{found['$db']}.{found['createIndexes']}"


def _of_time_series(choice: Choice) -> list[IndexCommand]:
    return index_commands(one.target for one in choice.data if one.target.kind != COLLECTION)
