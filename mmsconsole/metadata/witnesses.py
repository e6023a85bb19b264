"""Witnesses: what a head held at an optime, as digests, to compare with what is restored of it."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.codec import from_document
from mmsconsole.metadata.collection import Indexes, Query, Records
from mmsconsole.metadata.failures import metadata_errors
from mmsconsole.metadata.snapshots import Verdict
from mmsconsole.optime import Optime

PACKED_BYTES_MAX = 8 << 20
"""A record is 16 MB at most; some 100,000 collections fit."""
UNPACKED_BYTES_MAX = 256 << 20
UNCOUNTED = -1


class Witnessed(NamedTuple):
    """One namespace, in few bytes."""

    kind: str
    """collection, view or timeseries."""
    md5: str
    """dbHash's, of the documents; empty: it has none of its own, or was not hashed."""
    documents: int
    """How many, exactly; UNCOUNTED: they were not counted."""
    options: str
    """Digest of them."""
    indexes: str
    uuid: str


@dataclass(frozen=True, slots=True)
class Witness:
    id: str
    deployment: str
    head: str
    optime: Optime
    taken_at: datetime
    snapshot: str = ""
    """Id of the snapshot that was taken just then; empty: of a moment between two snapshots."""
    namespaces: int = 0
    unhashed: int = 0
    """Collections whose documents were not hashed: there was no time for them."""
    packed: bytes = b""
    """See pack(); left out where many are listed."""
    verdict: Verdict = Verdict.NONE
    """Of the moment: restored from an earlier snapshot and the stored oplog."""
    verified_at: datetime | None = None
    verdict_text: str = ""


class Witnesses(Records[Witness]):
    name = "witnesses"
    record = Witness
    noun = "witness of a moment"
    indexes: ClassVar[Indexes] = [
        ([("deployment", 1), ("optime.t", 1), ("optime.i", 1)], {}),
        ([("snapshot", 1)], {}),
    ]

    def of(self, deployment: str) -> list[Witness]:
        """By optime, oldest first, without what they hold."""
        return list(self._slim({"deployment": deployment}))

    def of_snapshot(self, snapshot: str) -> Witness | None:
        return self.one({"snapshot": snapshot})

    def _slim(self, query: Query) -> Iterator[Witness]:
        sort = [("optime.t", 1), ("optime.i", 1)]
        with metadata_errors():
            for document in self.collection.find(query, {"packed": 0}, sort=sort):
                yield from_document(document, self.record)

    @metadata_errors()
    def drop(self, deployment: str, after: Optime | None = None) -> None:
        """All of them, or those behind a position: the source took back what they saw."""
        query: Query = {"deployment": deployment}
        if after is not None:
            query["$or"] = [
                {"optime.t": {"$gt": after.t}},
                {"optime.t": after.t, "optime.i": {"$gt": after.i}},
            ]
        self.collection.delete_many(query)


def pack(seen: Mapping[str, Witnessed]) -> bytes | None:
    """None where it is more than a record holds. Pure."""
    packed = zlib.compress(json.dumps(seen, separators=(",", ":")).encode())
    return packed if len(packed) <= PACKED_BYTES_MAX else None


def unpack(packed: bytes) -> dict[str, Witnessed]:
    """By namespace. Raises MetadataError for what pack() did not make. Pure."""
    try:
        text = zlib.decompressobj().decompress(packed, UNPACKED_BYTES_MAX)
        return {str(ns): Witnessed(*fields) for ns, fields in json.loads(text).items()}
    except (zlib.error, ValueError, TypeError, AttributeError) as error:
        raise MetadataError("a witness can not be read") from error
