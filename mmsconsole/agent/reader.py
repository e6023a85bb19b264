"""A member of the source and the raw connection to it."""

import logging
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import bson
from bson.int64 import Int64

from mmsconsole import rawbson
from mmsconsole.errors import MmsError, SourceUnreachable, WrongReplicaSet
from mmsconsole.metadata.deployments import ReadFrom
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.source_uri import SourceUri, source_errors
from mmsconsole.mongod.topology import ReplicaSet, choose_member, inspect
from mmsconsole.mongod.wire import DECODING, WireConnection, cursor_batch
from mmsconsole.optime import Optime

Prefer = ReadFrom | Literal["primary", "secondary"]

log = logging.getLogger(__name__)

COMMAND_SECONDS = 30
READ_PREFERENCE = {"mode": "secondaryPreferred"}
"""Sent with each command: a secondary would else refuse it, although we ask nobody else."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to read: the source, and which of its members is preferred."""

    uri: SourceUri
    prefer: Prefer
    set_id: str = ""
    """The replicaSetId that it must have; empty: any."""

    def replica_set(self) -> ReplicaSet:
        """Raises WrongReplicaSet, and what inspect() raises."""
        where = self.uri.redacted
        with source_errors(where), self.uri.client() as client:
            found = inspect(client)
        if self.set_id and found.set_id != self.set_id:
            raise WrongReplicaSet(
                f"this is another replica set than the one added: its id is {found.set_id}, "
                f"not {self.set_id}",
                where=where,
                hint="add it as a deployment of its own, or correct the connection string",
            )
        return found

    def choose(self, avoid: frozenset[str] = frozenset()) -> str:
        """host:port of the member to read from; one in `avoid` only if there is no other.

        Raises SourceUnreachable when no member can be read from.
        """
        found = self.replica_set()
        prefer: Literal["primary", "secondary"]
        prefer = "primary" if self.prefer == "primary" else "secondary"
        others = tuple(member for member in found.members if member.host not in avoid)
        try:
            return choose_member(replace(found, members=others), prefer).host
        except SourceUnreachable:
            return choose_member(found, prefer).host


class Rotation:
    """Which member to try next: those that failed since the last success come last."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._tried: frozenset[str] = frozenset()

    def next(self, useless: frozenset[str] = frozenset()) -> str:
        """host:port. It counts as failed until worked() is called."""
        host = self._origin.choose(self._tried | useless)
        self._tried = frozenset({host}) if host in self._tried else self._tried | {host}
        return host

    def worked(self) -> None:
        self._tried = frozenset()

    def failed(self, host: str) -> None:
        self._tried |= {host}


class Reader:
    """One member, and one connection to it. Belongs to one thread."""

    def __init__(self, host: str, connection: WireConnection) -> None:
        self.host = host
        self.connection = connection

    @classmethod
    def open(cls, uri: SourceUri, host: str, timeout_seconds: float) -> "Reader":
        """`timeout_seconds` is how long one answer may take."""
        return cls(host, WireConnection.connect(Address.parse(host), uri, timeout_seconds))

    def run(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        return self.connection.run(database, {**command, "$readPreference": READ_PREFERENCE})

    def send(self, database: str, command: Mapping[str, Any]) -> None:
        """Ask; the answer is read by receive()."""
        body = {**command, "$db": database, "$readPreference": READ_PREFERENCE}
        self.connection.send([bson.encode(body)])

    def receive(self) -> bytearray:
        """Raises CommandFailed if the answer is not ok: 1."""
        return self.connection.checked(self.connection.receive())

    def documents(
        self, database: str, command: Mapping[str, Any], collection: str
    ) -> Iterator[bytes]:
        """Every document of a cursor, raw; `collection` is what its getMore has to name."""
        self.send(database, command)
        while True:
            reply = self.receive()
            batch = cursor_batch(reply)
            for start, end in rawbson.documents(reply, batch.start):
                yield bytes(reply[start:end])
            if not batch.cursor_id:
                return
            self.send(database, {"getMore": Int64(batch.cursor_id), "collection": collection})

    def end_cursor(self, database: str, collection: str, cursor_id: int, *, asked: bool) -> None:
        """End a cursor; `asked`: its getMore is still under way.

        What hinders that is no matter: a cursor that nobody asks ends by itself.
        """
        try:
            if asked:
                self.receive()
            self.run(database, {"killCursors": collection, "cursors": [Int64(cursor_id)]})
        except MmsError as error:
            log.debug("a cursor on %s was not ended: %s", self.host, error)

    @property
    def process_id(self) -> str:
        """Of the mongod as it runs: another one after a restart."""
        return str(self.connection.hello.get("topologyVersion", {}).get("processId", ""))

    def optimes(self) -> "MemberOptimes":
        status = self.run("admin", {"replSetGetStatus": 1})
        found = status["optimes"]
        primary = next((m["name"] for m in status["members"] if m["stateStr"] == "PRIMARY"), "")
        return MemberOptimes(
            applied=_optime(found["appliedOpTime"]),
            majority=_optime(found["readConcernMajorityOpTime"]),
            committed=_optime(found["lastCommittedOpTime"]),
            primary=primary,
        )

    def oplog_entries(
        self,
        query: Mapping[str, Any],
        *,
        concern: str = "local",
        newest_first: bool = False,
        limit: int = 1,
    ) -> list[dict[str, Any]]:
        """A few entries of its oplog: only ts, t, wall and prevOpTime of each."""
        command = {
            "find": "oplog.rs",
            "filter": query,
            "projection": {"ts": 1, "t": 1, "wall": 1, "prevOpTime": 1},
            "sort": {"$natural": -1 if newest_first else 1},
            "limit": limit,
            "batchSize": limit,
            "singleBatch": True,
            "readConcern": {"level": concern},
            "maxTimeMS": COMMAND_SECONDS * 1000,
        }
        found: list[dict[str, Any]] = self.run("local", command)["cursor"]["firstBatch"]
        return found

    def has_entry(self, optime: Optime) -> bool:
        """Whether exactly that entry is majority-committed here."""
        at = {"$gte": optime.timestamp, "$lte": optime.timestamp}
        found = self.oplog_entries({"ts": at}, concern="majority")
        return any(entry_optime(entry).same_entry(optime) for entry in found)

    def decoded(
        self, database: str, command: Mapping[str, Any], collection: str
    ) -> Iterator[dict[str, Any]]:
        """As documents(), for small ones."""
        for raw in self.documents(database, command, collection):
            yield bson.decode(raw, DECODING)

    def close(self) -> None:
        self.connection.close()


@dataclass(frozen=True, slots=True)
class MemberOptimes:
    applied: Optime
    majority: Optime
    """What reads with readConcern majority see on this member."""
    committed: Optime
    """What a majority has, as far as this member has heard; it may itself lag behind that."""
    primary: str
    """host:port of the set's primary as this member knows it, or empty."""


def entry_optime(entry: Mapping[str, Any]) -> Optime:
    """The very first entry of a set has no term."""
    return Optime.of(entry["ts"], entry.get("t", -1))


def _optime(document: Mapping[str, Any]) -> Optime:
    return Optime.of(document["ts"], document["t"])


def cursor_value(reply: bytearray, name: bytes) -> Any:
    """A small field of the reply's cursor, decoded; None where there is none."""
    cursor = rawbson.find(reply, b"cursor")
    field = rawbson.find(reply, name, cursor.start) if cursor else None
    if field is None:
        return None
    value = bytes(reply[field.start : field.end])
    length = struct.pack("<i", len(value) + 8)
    return bson.decode(b"%b%cv\x00%b\x00" % (length, field.kind, value), DECODING)["v"]
