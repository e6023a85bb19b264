"""A head's files, looked over by its own mongod, collection by collection.

`validate` with full: true has WiredTiger verify the files of a collection and of its indexes:
every block is read from the disk and its checksum compared, whatever the cache holds, and what
is wrong is told of. Without `full` mongod reads rotten blocks in the ordinary way, or takes what
its cache holds: then it dies, or sees nothing (measured on 6.0.5). A verification wants files
without unwritten changes, so each begins with a checkpoint.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mmsconsole.errors import CommandFailed, FilesDamaged
from mmsconsole.head.position import DATABASE
from mmsconsole.head.server import HeadServer

NAMESPACE_NOT_FOUND = 26
TRIES = 3
SAID_MAX = 3
CHARACTERS_MAX = 300
"""Of one sentence: mongod would tell the bytes of documents as well."""

_DUMP = "corrupt_dump"
_PLACE = re.compile(r"^__\w+:\d+:\s*")
_BUSY = "Could not complete validation"


@dataclass(frozen=True, slots=True)
class Problem:
    ns: str
    said: str
    """What mongod says of it, without anybody's data."""

    def __str__(self) -> str:
        return f"{self.ns}: {self.said}"


@dataclass(frozen=True, slots=True)
class Validated:
    problem: Problem | None
    unverified: bool = False
    """Its documents and indexes were read, but not every block of its files."""
    documents: int | None = None
    """How many there are, counted one by one; None: it was not read to its end."""


def collections_of(server: HeadServer) -> list[str]:
    """Names of all that has files, in order; `local` is taken out of snapshots and left out."""
    with server.errors():
        return sorted(
            f"{database}.{entry['name']}"
            for database in server.client.list_database_names()
            if database != DATABASE
            for entry in server.client[database].list_collections()
            if entry["type"] == "collection"
        )


def validate_collection(server: HeadServer, ns: str, *, written: bool = False) -> Validated:
    """Nobody else should work on the head. `written`: all of it is in the files already.

    Raises MongodFailed.
    """
    found: dict[str, Any] = {}
    try:
        for _ in range(TRIES):
            if not written:
                server.make_durable()
            with server.errors():
                found = _validate(server, ns)
            if not _was_busy(found):
                return Validated(_problem(ns, found), documents=found.get("nrecords"))
        return Validated(_problem(ns, found), unverified=True, documents=found.get("nrecords"))
    except FilesDamaged as error:
        return Validated(Problem(ns, f"its mongod {in_words([error.what])}"))


def _validate(server: HeadServer, ns: str) -> dict[str, Any]:
    """What has been dropped is good."""
    database, name = ns.split(".", 1)
    reply = server.client[database].command("validate", name, full=True, check=False)
    if reply.get("ok") == 1:
        return reply
    if reply.get("code") == NAMESPACE_NOT_FOUND:
        return {"valid": True}
    said = str(reply.get("errmsg", ""))[:CHARACTERS_MAX]
    raise CommandFailed(said, server_code=int(reply.get("code", 0)))


def _was_busy(found: dict[str, Any]) -> bool:
    return any(_BUSY in str(said) for said in found.get("warnings", ()))


def _problem(ns: str, found: dict[str, Any]) -> Problem | None:
    if found.get("valid") is True:
        return None
    return Problem(ns, in_words(str(each) for each in found.get("errors", ())))


def in_words(errors: Iterable[str]) -> str:
    """What mongod says, for people: the first few errors, without dumps of what it read. Pure."""
    said = [_sentence(each) for each in errors if _DUMP not in each]
    return "; ".join(dict.fromkeys(said[:SAID_MAX])) or "it is not valid"


def _sentence(error: str) -> str:
    """WiredTiger's errors are JSON, and begin with a place in its program."""
    try:
        told = json.loads(error)
    except ValueError:
        told = error
    text = str(told.get("msg", "")) if isinstance(told, dict) else error
    return _PLACE.sub("", text)[:CHARACTERS_MAX]
