"""Single documents that a head found missing, read again from the source."""

import struct
from typing import NamedTuple

from bson.binary import UUID_SUBTYPE, Binary
from bson.raw_bson import RawBSONDocument

from mmsconsole import rawbson
from mmsconsole.agent.failures import NAMESPACE_NOT_FOUND, Fate, fate_of_scan
from mmsconsole.agent.reader import Origin, Reader
from mmsconsole.agent.source_member import Patience, SourceMember
from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, SourceUnreachable, UnreadableEntry
from mmsconsole.mongod.wire import cursor_batch
from mmsconsole.optime import Optime
from mmsconsole.task import Task

WAIT_SECONDS = 30


class FetchedDocument(NamedTuple):
    raw: bytes | None
    """None: there is no such document, or no such collection any more."""
    at: Optime
    """The read saw no entry after this one (and all up to the position asked for)."""


def equality(id_document: bytes) -> bytes:
    """{_id: {$eq: VALUE}} of {_id: VALUE}, byte for byte. Pure."""
    return comparison(id_document, b"$eq")


def comparison(id_document: bytes, operator: bytes) -> bytes:
    """{_id: {OPERATOR: VALUE}} of {_id: VALUE}, byte for byte. Pure."""
    field = rawbson.find(id_document, b"_id")
    if field is None:
        raise UnreadableEntry("a document without _id")
    value = id_document[field.start : field.end]
    inner = _document(b"%c%b\x00%b" % (field.kind, operator, value))
    return _document(b"\x03_id\x00" + inner)


def _document(elements: bytes) -> bytes:
    return struct.pack("<i", len(elements) + 5) + elements + b"\x00"


class DocumentFetcher:
    """Majority reads that are at least as new as the head. Belongs to one thread; close it."""

    def __init__(self, origin: Origin, clock: Clock, patience_seconds: float = 600) -> None:
        self._member = SourceMember(origin, Patience(clock, patience_seconds))

    def fetch(
        self, database: str, uuid: bytes, id_document: bytes, after: Optime, task: Task
    ) -> FetchedDocument:
        """The document of {_id: VALUE} in the collection of that UUID.

        `after` is the head's position: an older state of the document is never answered. What
        the oplog says of it from `after` on is to be applied again, with tolerance up to
        `at`. Raises SourceError, SourceRefused, Cancelled.
        """

        def attempt() -> FetchedDocument:
            reader = self._member.reader(after, task)
            try:
                return fetch_document(reader, database, uuid, id_document, after)
            except (SourceUnreachable, CommandFailed) as error:
                if fate_of_scan(error) is Fate.OTHER_MEMBER:
                    self._member.lose(error)
                raise

        return self._member.patience.retry(attempt, task)

    def close(self) -> None:
        self._member.close()


def fetch_document(
    reader: Reader, database: str, uuid: bytes, id_document: bytes, after: Optime
) -> FetchedDocument:
    command = {
        "find": Binary(uuid, UUID_SUBTYPE),
        "filter": RawBSONDocument(equality(id_document)),
        "limit": 1,
        "singleBatch": True,
        "readConcern": {"level": "majority", "afterClusterTime": after.timestamp},
        "maxTimeMS": WAIT_SECONDS * 1000,
    }
    try:
        reader.send(database, command)
        reply = reader.receive()
    except CommandFailed as error:
        if error.server_code != NAMESPACE_NOT_FOUND:
            raise
        return FetchedDocument(None, reader.optimes().applied)
    operation_time = rawbson.find(reply, b"operationTime")
    if operation_time is None:
        raise UnreadableEntry("a reply without operationTime", where=reader.host)
    at = Optime(*rawbson.timestamp_at(reply, operation_time.start))
    for start, end in rawbson.documents(reply, cursor_batch(reply).start):
        return FetchedDocument(bytes(reply[start:end]), at)
    return FetchedDocument(None, at)
