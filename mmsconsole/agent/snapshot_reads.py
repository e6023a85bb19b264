"""What a member held at one moment of the past, as numbers and hashes: to compare a head with it.

A find with readConcern snapshot and atClusterTime shows exactly that moment, on primaries and
secondaries, from 5.0 on; the role backup suffices. A source keeps 300 s of its history by
default, so what is asked for must be young. The same reads without a moment serve for the head,
which stands still meanwhile. Documents are hashed as they come, none is decoded.
"""

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from bson.binary import UUID_SUBTYPE, Binary
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from mmsconsole import rawbson
from mmsconsole.agent.documents import comparison
from mmsconsole.agent.failures import NAMESPACE_NOT_FOUND, Fate, fate_of_scan
from mmsconsole.agent.reader import Reader
from mmsconsole.agent.scan import collection_name
from mmsconsole.errors import CommandFailed, MissingPrivileges, MmsError, UnreadableEntry
from mmsconsole.mongod.wire import cursor_batch
from mmsconsole.optime import Optime

SNAPSHOT_TOO_OLD = 239
SNAPSHOT_UNAVAILABLE = 246
OUT_OF_TIME = 50
SAID_MAX = 200

Read = Callable[[int], None]
"""Told of each batch's bytes; may wait, and may raise Cancelled."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Documents of one collection, in an order that every member has."""

    database: str
    uuid: bytes
    natural: bool = False
    """In the order of the records (capped and clustered collections), not by the _id index."""
    begin: bytes = b""
    """The document {_id: VALUE} from which on, raw; empty: from the first."""
    limit: int = 0
    """0: to the last."""


class Moment(NamedTuple):
    at: Optime | None
    """None: as it is now."""
    seconds: float
    """How long the server may work on it."""


class Digest(NamedTuple):
    documents: int
    bytes: int
    sha256: str


class Identity(NamedTuple):
    """A document: its raw {_id: VALUE}, and the sha256 of all of it."""

    id: bytes
    sha256: bytes


class Unread(NamedTuple):
    """Why something could not be read at a moment."""

    reason: str
    again: bool
    """It may be possible at a later moment."""


def unread_of(error: MmsError) -> Unread | None:
    """None: another member, or another attempt, may serve the same read. Pure.

    Codes as 6.0.5 answers. A collection that was created, dropped, renamed or compacted after
    the moment can not be read as it was at the moment.
    """
    if isinstance(error, MissingPrivileges):
        return Unread(error.what, again=False)
    if not isinstance(error, CommandFailed):
        return None
    if error.server_code == NAMESPACE_NOT_FOUND:
        return Unread("it was dropped or renamed meanwhile", again=True)
    if error.server_code == SNAPSHOT_UNAVAILABLE:
        if "capped" in error.what:
            return Unread("capped collections show no past moment in this version", again=False)
        return Unread("it was changed meanwhile", again=True)
    if error.server_code == SNAPSHOT_TOO_OLD:
        return Unread("the source's history does not reach back so far", again=True)
    if error.server_code == OUT_OF_TIME:
        return Unread("the time for it was over", again=False)
    if fate_of_scan(error) in (Fate.OTHER_MEMBER, Fate.RESUME):
        return None
    return Unread(f"the source refused: {error.what[:SAID_MAX]}", again=False)


def find_command(stretch: Stretch, moment: Moment) -> dict[str, Any]:
    """Pure."""
    order: dict[str, Any] = {"hint": {"$natural": 1}}
    if not stretch.natural:
        order = {"hint": {"_id": 1}, "sort": {"_id": 1}}
    command: dict[str, Any] = {"find": Binary(stretch.uuid, UUID_SUBTYPE), **order}
    if stretch.begin:
        command["filter"] = RawBSONDocument(comparison(stretch.begin, b"$gte"))
    if stretch.limit:
        command["limit"] = stretch.limit
    return command | _limits(moment)


def _limits(moment: Moment) -> dict[str, Any]:
    limits: dict[str, Any] = {"maxTimeMS": max(1, int(moment.seconds * 1000))}
    if moment.at is not None:
        limits["readConcern"] = {"level": "snapshot", "atClusterTime": moment.at.timestamp}
    return limits


def digest(reader: Reader, stretch: Stretch, moment: Moment, read: Read) -> Digest:
    """Raises CommandFailed, MissingPrivileges, SourceUnreachable, and what `read` raises."""
    made, documents, count = hashlib.sha256(), 0, 0
    with closing(_batches(reader, stretch, moment, read)) as batches:
        for reply, array in batches:
            view = memoryview(reply)
            for start, end in rawbson.documents(reply, array):
                made.update(view[start:end])
                documents += 1
                count += end - start
    return Digest(documents, count, made.hexdigest())


def identities(reader: Reader, stretch: Stretch, moment: Moment, read: Read) -> Iterator[Identity]:
    """Of every document, in order. Raises as digest()."""
    with closing(_batches(reader, stretch, moment, read)) as batches:
        for reply, array in batches:
            for start, end in rawbson.documents(reply, array):
                made = hashlib.sha256(memoryview(reply)[start:end])
                yield Identity(id_of(reply, start), made.digest())


def id_of(data: bytearray, start: int) -> bytes:
    """The document {_id: VALUE} of the document that begins at `start`."""
    field = rawbson.find(data, b"_id", start)
    if field is None:
        raise UnreadableEntry("a document without _id")
    value = data[field.start : field.end]
    return rawbson.document([rawbson.element(field.kind, b"_id", value)])


def _batches(
    reader: Reader, stretch: Stretch, moment: Moment, read: Read
) -> Generator[tuple[bytearray, int], None, None]:
    """Each reply, and where its array of documents begins; the next is asked for before."""
    reader.send(stretch.database, find_command(stretch, moment))
    while True:
        reply = reader.receive()
        batch = cursor_batch(reply)
        name = collection_name(reply)
        if batch.cursor_id:
            more = {"getMore": Int64(batch.cursor_id), "collection": name}
            reader.send(stretch.database, more)
        try:
            read(batch.end - batch.start)
            yield reply, batch.start
        except BaseException:
            if batch.cursor_id:
                reader.end_cursor(stretch.database, name, batch.cursor_id, asked=True)
            raise
        if not batch.cursor_id:
            return


def count(reader: Reader, ns: str, moment: Moment) -> int:
    """All documents of a collection, by its name at the moment. Raises as digest()."""
    database, name = ns.split(".", 1)
    command = {"aggregate": name, "pipeline": [{"$count": "n"}], "cursor": {}}
    found = reader.run(database, command | _limits(moment))["cursor"]["firstBatch"]
    return int(found[0]["n"]) if found else 0


def random_ids(reader: Reader, ns: str, size: int) -> list[bytes]:
    """The {_id: VALUE} of so many documents, raw. Raises as digest()."""
    database, name = ns.split(".", 1)
    pipeline = [{"$sample": {"size": size}}, {"$project": {"_id": 1}}]
    command = {"aggregate": name, "pipeline": pipeline, "cursor": {}}
    return list(reader.documents(database, command, name))
