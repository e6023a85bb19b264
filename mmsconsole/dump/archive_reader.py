"""An archive, read from its beginning to its end. Nothing in it is believed.

Blocks: a header document, documents, a terminator. The first is the prelude; each further one
belongs to one namespace, in any order, and each namespace ends with an EOF that has the checksum
of all its documents.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import BSONError

from mmsconsole.dump.crc64 import crc64, signed
from mmsconsole.dump.names import check_names
from mmsconsole.dump.prelude import FORMAT_VERSION, MAGIC, OPLOG, Prelude, PreludeEntry
from mmsconsole.dump.reading import Input
from mmsconsole.errors import DumpDamaged

PRELUDE_BYTES_MAX = 256 << 20

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some documents of a namespace, or its end."""

    namespace: Key
    data: bytes = b""
    """Whole documents, one behind the other."""
    count: int = 0
    end: bool = False


class ArchiveReader:
    """`read` gives the bytes, uncompressed. Raises DumpDamaged naming `where`."""

    def __init__(self, read: Callable[[int], bytes], where: str) -> None:
        self._where = where
        self._input = Input(read, where)
        if self._input.take(len(MAGIC)) != MAGIC:
            raise self._damaged("this is no archive of mongodump")
        self.prelude = self._prelude()
        self._open: dict[Key, int] = {body_of(entry): 0 for entry in self.prelude.entries}
        """Checksums of the namespaces that have not ended."""
        if len(self._open) != len(self.prelude.entries):
            raise self._damaged("a namespace is announced twice")

    def _damaged(self, what: str) -> DumpDamaged:
        return DumpDamaged(what[:400], where=self._where)

    def _prelude(self) -> Prelude:
        header = self._document("its prelude has no header")
        if header.get("version") != FORMAT_VERSION:
            raise self._damaged(f"its format is {header.get('version')!r}, not {FORMAT_VERSION}")
        entries, size = [], 0
        while (raw := self._input.document()) is not None:
            size += len(raw)
            if size > PRELUDE_BYTES_MAX:
                raise self._damaged(f"its prelude has more than {PRELUDE_BYTES_MAX} bytes")
            entries.append(self._entry(self._decoded(raw)))
        return Prelude(
            str(header.get("server_version", "")), tuple(entries),
            str(header.get("tool_version", "")),
        )  # fmt: skip

    def _entry(self, found: dict[str, Any]) -> PreludeEntry:
        database, collection = self._namespace(found)
        metadata, kind, size = found.get("metadata"), found.get("type", ""), found.get("size", 0)
        if not isinstance(metadata, str) or not isinstance(kind, str) or not isinstance(size, int):
            raise self._damaged(f"the prelude says nothing sensible of {database}.{collection}")
        return PreludeEntry(database, collection, metadata, kind, size)

    def _namespace(self, found: dict[str, Any]) -> Key:
        key = found.get("db"), found.get("collection")
        if key != OPLOG:
            if not all(isinstance(name, str) for name in key):
                raise self._damaged("a namespace that is no text")
            check_names(str(key[0]), str(key[1]), self._where)
        return str(key[0]), str(key[1])

    def _document(self, missing: str) -> dict[str, Any]:
        raw = self._input.document()
        if raw is None:
            raise self._damaged(missing)
        return self._decoded(raw)

    def _decoded(self, raw: bytes) -> dict[str, Any]:
        try:
            return bson.decode(raw)
        except (BSONError, ValueError, OverflowError) as error:
            raise self._damaged("a header is unreadable") from error

    def pieces(self) -> Iterator[Piece]:
        """All of it; what has come is good only when this has ended without an error."""
        while self._input.has(1):
            header = self._document("a block without a header: two terminators in a row")
            key = self._namespace(header)
            name = ".".join(key).lstrip(".")
            if key not in self._open:
                raise self._damaged(f"a block of {name}, which was not announced or has ended")
            if header.get("EOF") is True:
                self._check_end(key, name, header.get("CRC"))
                yield Piece(key, end=True)
            elif header.get("EOF") is False:
                yield from self._body(key)
            else:
                raise self._damaged(f"a block of {name} without EOF")
        if self._open:
            missing = ", ".join(".".join(key).lstrip(".") for key in sorted(self._open)[:5])
            raise self._damaged(f"it was cut off: the end of {missing} is missing")

    def _body(self, key: Key) -> Iterator[Piece]:
        while True:
            data, count = self._input.run()
            if not data:
                return
            self._open[key] = crc64(data, self._open[key])
            yield Piece(key, data, count)

    def _check_end(self, key: Key, name: str, crc: object) -> None:
        if self._input.document() is not None:
            raise self._damaged(f"documents of {name} behind its end")
        if signed(self._open.pop(key)) != crc:
            raise self._damaged(f"the checksum of {name} is wrong")


def body_of(entry: PreludeEntry) -> Key:
    """Under which namespace its documents come."""
    if entry.kind == "timeseries":
        return entry.database, f"system.buckets.{entry.collection}"
    return entry.database, entry.collection
