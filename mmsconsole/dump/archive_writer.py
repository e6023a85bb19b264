"""An archive, written one namespace after the other."""

from collections.abc import Callable
from typing import Any

import bson
from bson.int64 import Int64

from mmsconsole.dump.crc64 import crc64, signed
from mmsconsole.dump.prelude import (
    FORMAT_VERSION,
    MAGIC,
    TERMINATOR_BYTES,
    Prelude,
    PreludeEntry,
)


class ArchiveWriter:
    """`write` gets the bytes in order. Of each namespace of the prelude that has a body: begin,
    documents as often as needed, end.
    """

    def __init__(self, write: Callable[[bytes], object], prelude: Prelude) -> None:
        self._write = write
        self._namespace = ("", "")
        self._crc = 0
        write(MAGIC + _header_of(prelude))
        for entry in prelude.entries:
            write(bson.encode(_entry(entry)))
        write(TERMINATOR_BYTES)

    def begin(self, database: str, collection: str) -> None:
        self._namespace, self._crc = (database, collection), 0
        self._write(self._header(eof=False))

    def documents(self, data: bytes) -> None:
        """Whole documents, one behind the other."""
        self._crc = crc64(data, self._crc)
        self._write(data)

    def end(self) -> None:
        eof = self._header(eof=True)
        self._write(TERMINATOR_BYTES + eof + TERMINATOR_BYTES)

    def _header(self, *, eof: bool) -> bytes:
        database, collection = self._namespace
        crc = Int64(signed(self._crc) if eof else 0)
        return bson.encode({"db": database, "collection": collection, "EOF": eof, "CRC": crc})


def _header_of(prelude: Prelude) -> bytes:
    return bson.encode({
        "concurrent_collections": prelude.concurrent,
        "version": FORMAT_VERSION,
        "server_version": prelude.server_version,
        "tool_version": prelude.tool_version,
    })  # fmt: skip


def _entry(entry: PreludeEntry) -> dict[str, Any]:
    return {
        "db": entry.database,
        "collection": entry.collection,
        "metadata": entry.metadata,
        "size": min(entry.size, (1 << 31) - 1),
        "type": entry.kind,
    }
