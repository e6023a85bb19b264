"""The format of a manifest: which files a snapshot has, and where each of their blocks lies.

    frame (MMSMANIF)   header: snapshot, deployment, block_bytes
    block records      per block, file after file: sha256 of the raw bytes (32), number of the
                       pack in the table below (u32), offset in the pack (u32), stored bytes
                       (u32); the number is NO_PACK for a block of zeros, which is a hole
    files              BSON documents in order of their paths: FileEntry
    packs              BSON documents: PackEntry
    trailer            magic (8), offset of the records, of the files, of the packs, number of
                       blocks (u64 each), number of files, of packs (u32 each), sha256 of
                       everything before the trailer (32)

It is enough to restore from: nothing else need be known but the packs themselves. Manifests
grow with the head (44 bytes per block), so they are written and read as a stream.
"""

import struct
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.stores.block import block_count
from mmsconsole.stores.framing import PREFIX_BYTES, Header
from mmsconsole.stores.objects import plain_id
from mmsconsole.stores.paths import is_plain_path

NO_PACK = 0xFFFFFFFF
RECORD = struct.Struct("<32sIII")

_END = b"MANIFEND"
_trailer = struct.Struct("<8sQQQQII32s")
TRAILER_BYTES = _trailer.size

SIZE_MAX = 1 << 62
"""Of a file, in bytes: more is nonsense."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the head, and what its folder said of it when it was cut."""

    path: str
    """Relative to the dbpath, with '/'."""
    size: int
    inode: int
    mtime_ns: int
    ctime_ns: int
    """0 where the file had just been changed: its times can not tell the next change."""
    first: int
    """Number of its first block record."""

    @property
    def blocks(self) -> int:
        return block_count(self.size)


@dataclass(frozen=True, slots=True)
class PackEntry:
    id: str
    key: str
    bytes: int
    """Of the whole object."""
    sha256: str
    """Of the whole object, in hex."""


class BlockRecord(NamedTuple):
    hash: bytes
    pack: int
    """Number in the manifest's table of packs, or NO_PACK."""
    offset: int
    stored_bytes: int


def manifest_folder(deployment: str) -> str:
    return f"manifests/{plain_id(deployment)}"


def manifest_key(deployment: str, snapshot: str, attempt: str) -> str:
    """Each attempt has its own: a late second writer can not change the bytes under a record."""
    return f"{manifest_folder(deployment)}/{plain_id(snapshot)}.{attempt}.manifest"


def is_manifest_of(key: str, deployment: str, snapshot: str) -> bool:
    return key.startswith(f"{manifest_folder(deployment)}/{snapshot}.")


class Trailer(NamedTuple):
    """Where the parts of a manifest lie."""

    records_at: int
    files_at: int
    packs_at: int
    blocks: int
    files: int
    packs: int
    digest: bytes
    """sha256 of everything before the trailer: it can be trusted without the metadata."""

    def encoded(self) -> bytes:
        return _trailer.pack(_END, *self)

    @classmethod
    def decoded(cls, data: bytes, end: int, key: str) -> "Trailer":
        """`end` is where the trailer begins. Raises ObjectCorrupt unless all parts fit."""
        magic, *values = _trailer.unpack(data)
        trailer = cls(*values)
        parts = (PREFIX_BYTES, trailer.records_at, trailer.files_at, trailer.packs_at, end)
        whole = trailer.files_at - trailer.records_at == trailer.blocks * RECORD.size
        if magic != _END or not whole or list(parts) != sorted(parts):
            raise ObjectCorrupt("does not end like a manifest", where=key)
        return trailer


Entry = TypeVar("Entry", FileEntry, PackEntry)


def entry_document(entry: FileEntry | PackEntry) -> Header:
    return asdict(entry)


def entry_of(document: Header, kind: type[Entry], key: str) -> Entry:
    """Checked: every field there, of its type, in its bounds. Raises ObjectCorrupt."""
    expected: dict[str, Any] = kind.__annotations__
    values: dict[str, Any] = {field: document.get(field) for field in expected}
    if not all(isinstance(values[field], expected[field]) for field in expected):
        raise ObjectCorrupt(f"lists something that is not a {kind.__name__}", where=key)
    entry = kind(**values)
    if isinstance(entry, FileEntry):
        _check_file(entry, key)
    return entry


def _check_file(entry: FileEntry, key: str) -> None:
    if not is_plain_path(entry.path):
        raise ObjectCorrupt(f"names a file outside of its folder: {entry.path!r}", where=key)
    if not 0 <= entry.size <= SIZE_MAX:
        raise ObjectCorrupt(f"gives {entry.path!r} a size of {entry.size}", where=key)
