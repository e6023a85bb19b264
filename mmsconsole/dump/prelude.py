"""What stands at the beginning of an archive: versions, and all its namespaces."""

from dataclasses import dataclass

MAGIC = b"\x6d\xe2\x99\x81"
GZIP_MAGIC = b"\x1f\x8b"
TERMINATOR_BYTES = b"\xff\xff\xff\xff"
FORMAT_VERSION = "0.1"
TOOL_VERSION = "100.18.0"
"""The mongodump whose format this is; mongorestore tells its own version from it."""
OPLOG = ("", "oplog")
"""Database and collection under which an archive has its oplog."""


@dataclass(frozen=True, slots=True)
class PreludeEntry:
    database: str
    collection: str
    metadata: str = ""
    """The text of its metadata.json; empty for the oplog."""
    kind: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Prelude:
    server_version: str
    entries: tuple[PreludeEntry, ...]
    tool_version: str = TOOL_VERSION
    concurrent: int = 1
