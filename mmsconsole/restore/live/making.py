"""Collections, views and indexes at the target, from what is said of them: byte for byte."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.errors import ApplyFailed, CommandFailed
from mmsconsole.oplog import index_spec
from mmsconsole.oplog.operation import without
from mmsconsole.rawbson import DOCUMENT, document, element, fields, find
from mmsconsole.restore.live.primary import DURABLE, Primary
from mmsconsole.task import Task
from mmsconsole.threads import in_order

INDEX_SECONDS_MAX = 24 * 3600.0
INDEX_PHASE = "creating indexes"
"""Counts collections."""
BUILDERS = 2
NAMESPACE_NOT_FOUND, NAMESPACE_EXISTS = 26, 48
_MADE_WITH_IT = (b"_id_",)


def create(primary: Primary, one: DumpedCollection) -> None:
    """A collection or view with its options, without indexes. Raises ApplyFailed naming it."""
    options: dict[str, Any] = dict(RawBSONDocument(one.options))
    options.pop("create", None)  # a dump may say it; the name is the one that was looked at
    try:
        command = {"create": one.name, **options}
        primary.write(one.database, command, again=(NAMESPACE_EXISTS,))
    except CommandFailed as error:
        raise ApplyFailed(f"could not be created: {error.what}", where=one.ns) from error


def drop(primary: Primary, database: str, name: str) -> None:
    """No harm if it is not there."""
    try:
        primary.write(database, {"drop": name})
    except CommandFailed as error:
        if error.server_code != NAMESPACE_NOT_FOUND:
            raise


def secondary(one: DumpedCollection) -> list[bytes]:
    """The indexes that are not made with the collection, as this server takes them."""
    kept = []
    for spec in one.indexes:
        if index_spec.name_of(spec) in _MADE_WITH_IT or find(spec, b"clustered"):
            continue
        kept.append(without(spec, 0, b"ns"))  # before 4.4 it named its collection
    return kept


@dataclass(frozen=True, slots=True)
class IndexCommand:
    ns: str
    body: bytes
    """A createIndexes command."""


def index_commands(collections: Iterable[DumpedCollection]) -> list[IndexCommand]:
    """One for each collection that has secondary indexes. Pure."""
    return [
        IndexCommand(
            one.ns, index_spec.create_indexes(one.database.encode(), one.name.encode(), specs)
        )
        for one in collections
        if (specs := secondary(one))
    ]


def create_indexes(primary: Primary, commands: Sequence[IndexCommand], task: Task) -> None:
    """Two collections at one time. What is there stays, so it may be run again.

    Raises ApplyFailed naming the collection, SourceError, Cancelled.
    """
    task.report(INDEX_PHASE, 0, len(commands))

    def build(command: IndexCommand) -> None:
        task.check()
        _build(primary, command)

    for number, _ in enumerate(in_order(build, commands, BUILDERS, BUILDERS), 1):
        task.report(INDEX_PHASE, number, len(commands))
        task.check()


def _build(primary: Primary, command: IndexCommand) -> None:
    builder = primary.another()
    try:
        builder.call([_durable(command.body)], seconds=INDEX_SECONDS_MAX)
    except CommandFailed as error:
        raise ApplyFailed(f"an index could not be made: {error.what}", where=command.ns) from error
    finally:
        builder.close()


def _durable(command: bytes) -> bytes:
    """The same command, done when a majority has it."""
    said = (command[f.start - len(f.name) - 2 : f.end] for f in fields(command))
    return document([*said, element(DOCUMENT, b"writeConcern", bson.encode(DURABLE))])
