"""The format of a manifest: which files a snapshot has, and where the records of their blocks lie.

    frame (MMSMANIF)   header: snapshot, deployment, group, block_bytes
    pages              per page of block records (pages.py), in their order: sha256 of its raw
                       bytes (32), number of the pack in the table below (u32), offset in the pack
                       (u32), stored bytes (u32), number of the block in its pack (u32), raw bytes
                       (u32), number of records in it (u32)
    files              BSON documents in order of their paths: FileEntry
    packs              the packs that hold the blocks and the pages (used_packs.py), with a bitmap
                       of what this snapshot uses of each
    trailer            magic (8), offset of the pages, of the files, of the packs, number of
                       block records (u64 each), number of pages, of files, of packs (u32 each),
                       sha256 of the object's key and the packs (32), sha256 of everything before
                       the trailer (32)

It is enough to restore from: nothing else need be known but the packs themselves. A page is a block
of the pool like any other. Which blocks a snapshot uses is told by the end of its manifest alone.
"""

import hashlib
import struct
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.rawbson import Buffer
from mmsconsole.stores.blocks.block import block_count
from mmsconsole.stores.blocks.paths import is_plain_path
from mmsconsole.stores.framing import PREFIX_BYTES, Header
from mmsconsole.stores.objects import plain_id

NO_PACK = 0xFFFFFFFF
PAGE_REF = struct.Struct("<32sIIIIII")
PAGE_BYTES_MAX = 1 << 20
"""Raw."""

_END = b"MANIFEND"
_trailer = struct.Struct("<8sQQQQIII32s32s")
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
    """Number of its first block record, among those of all files."""

    def blocks(self, block_bytes: int) -> int:
        return block_count(self.size, block_bytes)


@dataclass(frozen=True, slots=True)
class PackEntry:
    id: str
    key: str
    bytes: int
    """Of the whole object."""
    sha256: str
    """Of the whole object, in hex."""


class PackUse(NamedTuple):
    """What a snapshot uses of a pack."""

    entry: PackEntry
    used: int
    """Bit n is the pack's block n."""


class BlockRecord(NamedTuple):
    hash: bytes
    pack: int
    """Number in the manifest's table of packs, or NO_PACK."""
    offset: int
    stored_bytes: int
    number: int
    """Of the block in its pack."""


class PageRef(NamedTuple):
    """Where a page of block records lies."""

    hash: bytes
    pack: int
    """Number in the manifest's table of packs."""
    offset: int
    stored_bytes: int
    number: int
    """Of the block in its pack."""
    raw_bytes: int
    records: int
    """In it; at least one."""


def manifest_folder(deployment: str) -> str:
    return f"manifests/{plain_id(deployment)}"


def manifest_key(deployment: str, snapshot: str, attempt: str) -> str:
    """Each attempt has its own: a late second writer can not change the bytes under a record."""
    return f"{manifest_keys_begin(deployment, snapshot)}{attempt}.manifest"


def manifest_keys_begin(deployment: str, snapshot: str) -> str:
    """With what the keys of all attempts of a snapshot begin."""
    return f"{manifest_folder(deployment)}/{plain_id(snapshot)}."


def packs_digest(key: str, packs: Buffer) -> bytes:
    """With the key, so that no other manifest's table can be taken for this one's."""
    digest = hashlib.sha256(key.encode())
    digest.update(packs)
    return digest.digest()


class Trailer(NamedTuple):
    """Where the parts of a manifest lie."""

    pages_at: int
    files_at: int
    packs_at: int
    blocks: int
    pages: int
    files: int
    packs: int
    packs_digest: bytes
    digest: bytes
    """sha256 of everything before the trailer: it can be trusted without the metadata."""

    def encoded(self) -> bytes:
        return _trailer.pack(_END, *self)

    @classmethod
    def decoded(cls, data: bytes, end: int, key: str) -> "Trailer":
        """`end` is where the trailer begins. Raises ObjectCorrupt unless all parts fit."""
        magic, *values = _trailer.unpack(data)
        trailer = cls(*values)
        parts = (PREFIX_BYTES, trailer.pages_at, trailer.files_at, trailer.packs_at, end)
        whole = trailer.files_at - trailer.pages_at == trailer.pages * PAGE_REF.size
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
