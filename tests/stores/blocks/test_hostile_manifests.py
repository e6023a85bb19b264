"""A manifest comes from storage: what it says is checked before anything is done."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import bson
import pytest

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.blocks.block import BLOCK_BYTES, hash_of, zero_hash
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    RECORD,
    FileEntry,
    PackEntry,
    Trailer,
    packs_digest,
)
from mmsconsole.stores.blocks.manifest_writer import ManifestWriter
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.paths import is_plain_path
from mmsconsole.stores.framing import MANIFEST, frame
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import files_below, snapshot_record

HEADER = {"block_bytes": BLOCK_BYTES, "snapshot": {"id": "s1"}}
KEY = "manifests/d1/s1.hostile.manifest"

HOSTILE_PATHS = [
    "../../etc/x", "/etc/x", "..", ".", "", "a/../../x", "a/..", "a//b", "a/", "./a", "a\x00b",
    "a/" + "b" * 256, "a/" * 3000 + "a",
]  # fmt: skip


def snapshot_of(storage: FaultyStorage, data: bytes) -> Snapshot:
    storage.put(KEY, [data])
    return replace(snapshot_record("s1"), manifest_key=KEY, manifest_sha256=sha256_hex([data]))


def manifest(
    storage: FaultyStorage,
    files: list[FileEntry],
    records: list[tuple[bytes, int, int, int, int]],
    packs: list[PackEntry] | None = None,
) -> Snapshot:
    with ManifestWriter(HEADER) as writer:
        for entry in files:
            writer.add_file(entry)
        for record in records:
            writer.add_record(*record)
        stored = writer.store(storage, KEY, packs or [])
    return replace(snapshot_record("s1"), manifest_key=KEY, manifest_sha256=stored.sha256)


def file(path: str, size: int = 0, first: int = 0) -> FileEntry:
    return FileEntry(path, size, 1, 1, 1, first)


def refused(blockstore: Blockstore, snapshot: Snapshot, tmp_path: Path, said: str) -> None:
    with pytest.raises(ObjectCorrupt, match=said) as caught:
        blockstore.materialise(snapshot, tmp_path / "deep/in/out", Task())
    assert caught.value.where == KEY
    left = [path for path in files_below(tmp_path) if not path.startswith("storage/")]
    assert left == []


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_path_that_could_leave_the_target_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, path: str
) -> None:
    snapshot = manifest(storage, [file(path)], [])

    refused(blockstore, snapshot, tmp_path, "names a file outside of its folder")


def test_ordinary_paths_are_plain() -> None:
    for path in ("a", "a/b.wt", "...", "..a", "a..", "db%20x/ä", "_mdb_catalog.wt"):
        assert is_plain_path(path)
    assert not is_plain_path("a\ud800")


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"]], ids=["out of order", "one file twice"])
def test_files_come_in_order_and_once(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, names: list[str]
) -> None:
    snapshot = manifest(storage, [file(name) for name in names], [])

    refused(blockstore, snapshot, tmp_path, "out of order")


def test_a_file_can_not_be_a_folder_too(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    snapshot = manifest(storage, [file("a"), file("a/b")], [])

    with pytest.raises(Exception, match="File exists"):
        blockstore.materialise(snapshot, tmp_path / "out", Task())
    assert not (tmp_path / "out").exists()


HASH = hash_of(b"x" * BLOCK_BYTES)
PACK = PackEntry("p1", "packs/default/p1/p1.pack", 1000, "00")


@pytest.mark.parametrize(
    "record",
    [
        (HASH, 1, 0, 10, 0),
        (HASH, NO_PACK - 1, 0, 10, 0),
        (HASH, NO_PACK, 0, 0, 0),
        (HASH, 0, 991, 10, 0),
        (HASH, 0, 0, 0, 0),
        (HASH, 0, 0, BLOCK_BYTES + 1, 0),
        (HASH, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0),
        (HASH, 0, 0, 10, BLOCKS_MAX),
    ],
    ids=[
        "a pack that is not in the table", "the last number but one", "a hole that is no zeros",
        "beyond the end of its pack", "no bytes", "more bytes than a block", "the largest numbers",
        "a number that no block has",
    ],
)  # fmt: skip
def test_a_block_lies_within_a_pack(
    blockstore: Blockstore,
    storage: FaultyStorage,
    tmp_path: Path,
    record: tuple[bytes, int, int, int, int],
) -> None:
    snapshot = manifest(storage, [file("a", BLOCK_BYTES)], [record], [PACK])

    refused(blockstore, snapshot, tmp_path, "places a block where none can be")


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_a_pack_can_not_be_a_file_elsewhere(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, key: str
) -> None:
    pack = PackEntry("p1", key, 1000, "00")
    snapshot = manifest(storage, [file("a", BLOCK_BYTES)], [(HASH, 0, 0, 10, 0)], [pack])

    with pytest.raises(Exception, match="not a name for an object"):
        blockstore.materialise(snapshot, tmp_path / "out", Task())


@pytest.mark.parametrize("size", [-1, 1 << 62, (1 << 63) - 1])
def test_a_size_that_can_not_be_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, size: int
) -> None:
    snapshot = manifest(storage, [file("a", size)], [])

    refused(blockstore, snapshot, tmp_path, r"a size of|another number of blocks")


@pytest.mark.parametrize(
    ("files", "records"),
    [
        ([file("a", BLOCK_BYTES + 1)], 1),
        ([file("a", 1)], 2),
        ([file("a", 1, first=1)], 1),
        ([file("a", 1), file("b", 1, first=0)], 2),
    ],
    ids=["too few blocks", "too many", "not from the first", "a block of two files"],
)
def test_blocks_and_files_must_agree(
    blockstore: Blockstore,
    storage: FaultyStorage,
    tmp_path: Path,
    files: list[FileEntry],
    records: int,
) -> None:
    snapshot = manifest(storage, files, [(zero_hash(BLOCK_BYTES), NO_PACK, 0, 0, 0)] * records)

    refused(blockstore, snapshot, tmp_path, "out of order|another number of blocks")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"path": "a"},
        {"path": 1, "size": 0, "inode": 1, "mtime_ns": 1, "ctime_ns": 1, "first": 0},
        {"path": "a", "size": "0", "inode": 1, "mtime_ns": 1, "ctime_ns": 1, "first": 0},
        {"path": "a", "size": 0.5, "inode": 1, "mtime_ns": 1, "ctime_ns": 1, "first": 0},
    ],
)
def test_a_file_has_every_field_in_its_type(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, document: dict[str, object]
) -> None:
    refused(blockstore, made(storage, bson.encode(document)), tmp_path, "not a FileEntry")


def made(storage: FaultyStorage, files: bytes, count: int = 1, **parts: int) -> Snapshot:
    """A manifest of these bytes as its files, and a trailer that says what it is told to."""
    start = frame(MANIFEST, HEADER)
    end = len(start) + len(files)
    fitting = {"records_at": len(start), "files_at": len(start), "packs_at": end, "blocks": 0}
    counts = {**fitting, "files": count, "packs": 0, **parts}
    trailer = Trailer(**counts, packs_digest=packs_digest(KEY, b""), digest=bytes(32))
    return snapshot_of(storage, start + files + trailer.encoded())


@pytest.mark.parametrize(
    ("files", "count", "said"),
    [
        (struct.pack("<i", 1000) + b"x", 1, "cut off inside of a list"),
        (struct.pack("<i", -5), 1, "cut off inside of a list"),
        (b"\x05\x00", 1, "cut off inside of a list"),
        (b"", 1, "cut off inside of a list"),
        (bson.encode({}), 0, "more in a list than it counts"),
        (b"\x05\x00\x00\x00\x01", 1, "not BSON"),
        (b"\x09\x00\x00\x00\x02a\x00b\x00", 1, "not BSON"),
    ],
)
def test_a_list_that_is_not_one_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, files: bytes, count: int,
    said: str,
) -> None:  # fmt: skip
    refused(blockstore, made(storage, files, count), tmp_path, said)


@pytest.mark.parametrize(
    "parts",
    [
        {"records_at": 0},
        {"files_at": 1 << 40},
        {"packs_at": 1 << 40},
        {"packs_at": 0},
        {"blocks": 1},
        {"blocks": 1 << 60},
    ],
)
def test_a_trailer_that_points_elsewhere_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, parts: dict[str, int]
) -> None:
    refused(blockstore, made(storage, b"", 0, **parts), tmp_path, "does not end like a manifest")


def test_the_manifest_of_another_snapshot_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    snapshot = replace(manifest(storage, [], []), id="s2")

    refused(blockstore, snapshot, tmp_path, "of another snapshot")


def framed_badly(header: bytes) -> bytes:
    """A frame whose checksum is right, around what is no document."""
    prefix = b"MMSMANIF" + struct.pack("<HHI", 1, 0, len(header))
    return prefix + struct.pack("<I", zlib.crc32(prefix + header)) + header + bytes(200)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "too short"),
        (b"MMSMANIF", "too short"),
        (b"MMSPACK\x00" + bytes(200), "begins with"),
        (b"MMSMANIF" + struct.pack("<HHI", 2, 0, 0) + bytes(200), "version 2 of its format"),
        (b"MMSMANIF" + struct.pack("<HHI", 1, 0, 1 << 30) + bytes(200), "claims a header of"),
        (b"MMSMANIF" + struct.pack("<HHI", 1, 0, 500) + bytes(200), "has no bytes"),
        (framed_badly(b"not BSON!"), "not BSON"),
        (b"MMSMANIF" + struct.pack("<HHII", 1, 0, 5, 7) + bytes(5), "differs from its checksum"),
        (frame(MANIFEST, HEADER), "has no bytes"),
        (frame(MANIFEST, HEADER) + bytes(200), "does not end like a manifest"),
    ],
)
def test_what_is_not_a_manifest_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, data: bytes, said: str
) -> None:
    refused(blockstore, snapshot_of(storage, data), tmp_path, said)


def test_records_have_the_size_that_the_format_says() -> None:
    assert RECORD.size == 48
