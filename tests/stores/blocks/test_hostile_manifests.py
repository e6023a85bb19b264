"""A manifest comes from storage: what it says is checked before anything is done."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import bson
import pytest
import zstandard

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.blocks.block import BLOCK_BYTES, hash_of, zero_hash
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.manifest import (
    NO_PACK,
    PAGE_BYTES_MAX,
    PAGE_REF,
    FileEntry,
    Trailer,
    packs_digest,
)
from mmsconsole.stores.blocks.manifest_writer import StoredManifest
from mmsconsole.stores.blocks.packs import BLOCKS_MAX
from mmsconsole.stores.blocks.paths import is_plain_path
from mmsconsole.stores.framing import MANIFEST, frame
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.manifests import RawPage, Record, entry_of_pack, id_of, made, written
from tests.support.snapshots import files_below, snapshot_record

HEADER = {"block_bytes": BLOCK_BYTES, "group": "default", "snapshot": {"id": "s1"}}
KEY = "manifests/d1/s1.hostile.manifest"

HOSTILE_PATHS = [
    "../../etc/x", "/etc/x", "..", ".", "", "a/../../x", "a/..", "a//b", "a/", "./a", "a\x00b",
    "a/" + "b" * 256, "a/" * 3000 + "a",
]  # fmt: skip


def snapshot_of(storage: FaultyStorage, data: bytes) -> Snapshot:
    storage.put(KEY, [data])
    return replace(snapshot_record("s1"), manifest_key=KEY, manifest_sha256=sha256_hex([data]))


def snapshot_with(stored: StoredManifest) -> Snapshot:
    return replace(snapshot_record("s1"), manifest_key=KEY, manifest_sha256=stored.sha256)


def manifest(
    storage: FaultyStorage, files: list[FileEntry], records: list[Record]
) -> Snapshot:  # fmt: skip
    return snapshot_with(written(storage, KEY, HEADER, files, records))


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
PACK = entry_of_pack(id_of(7), 1000)
HOLE = (zero_hash(BLOCK_BYTES), NO_PACK, 0, 0, 0)


def page(*records: Record, ids: tuple[str, ...] = (PACK.id,), **counts: int) -> bytes:
    """`counts`: what it says of itself, where that is not so."""
    hashes, *columns = zip(*records, strict=True)
    says = struct.pack("<II", counts.get("records", len(records)), counts.get("packs", len(ids)))
    words = b"".join(struct.pack(f"<{len(column)}I", *column) for column in columns)
    return b"".join([says, *map(bytes.fromhex, ids), *hashes, words])


def of_pages(storage: FaultyStorage, size: int, *pages: RawPage, **lies: int) -> Snapshot:
    return snapshot_with(made(storage, KEY, HEADER, [file("a", size)], pages, [PACK], **lies))


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
        "a pack that is not in the page", "the last number but one", "a hole that is no zeros",
        "beyond the end of its pack", "no bytes", "more bytes than a block", "the largest numbers",
        "a number that no block has",
    ],
)  # fmt: skip
def test_a_block_lies_within_a_pack(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, record: Record
) -> None:
    snapshot = of_pages(storage, 2 * BLOCK_BYTES, RawPage(page(HOLE, record), 2))

    refused(blockstore, snapshot, tmp_path, "places a block where none can be")


def test_a_page_names_no_pack_that_the_manifest_does_not(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    """Nobody would know that it is needed."""
    raw = page((HASH, 0, 0, 10, 0), ids=(id_of(8),))

    snapshot = of_pages(storage, BLOCK_BYTES, RawPage(raw, 1))

    refused(blockstore, snapshot, tmp_path, "places a block where none can be")


@pytest.mark.parametrize(
    "raw",
    [
        b"", page(HOLE)[:7], page(HOLE)[:-1], page(HOLE) + b"\0", page(HOLE, HOLE),
        page(HOLE, records=2), page(HOLE, records=0), page(HOLE, records=0xFFFFFFFF),
        page(HOLE, packs=0), page(HOLE, packs=0xFFFFFFFF),
    ],
    ids=["nothing", "no counts", "a byte less", "a byte more", "more than was told",
         "says it has more", "says it has none", "says it has very many", "packs too few",
         "packs too many"],
)  # fmt: skip
def test_what_is_no_page_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, raw: bytes
) -> None:
    snapshot = of_pages(storage, BLOCK_BYTES, RawPage(raw, 1))

    refused(blockstore, snapshot, tmp_path, "has a page|places a page")


@pytest.mark.parametrize(
    "lies",
    [
        {"pack": 2}, {"pack": NO_PACK}, {"offset": 0xFFFFFFFF}, {"stored_bytes": 0},
        {"stored_bytes": 0xFFFFFFFF}, {"raw_bytes": 1}, {"raw_bytes": PAGE_BYTES_MAX + 1},
        {"number": BLOCKS_MAX}, {"records": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_page_lies_within_a_pack_and_has_a_size_that_can_be(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, lies: dict[str, int]
) -> None:
    snapshot = of_pages(storage, BLOCK_BYTES, RawPage(page(HOLE), 1), **lies)

    refused(blockstore, snapshot, tmp_path, "places a page where none can be")


def test_a_page_that_unpacks_to_more_than_was_told_is_not_unpacked(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path
) -> None:
    bomb = zstandard.compress(bytes(1 << 26))
    snapshot = of_pages(storage, BLOCK_BYTES, RawPage(bomb, 1), raw_bytes=PAGE_BYTES_MAX)

    with pytest.raises(ObjectCorrupt, match=f"another size: it holds block records of {KEY}"):
        blockstore.materialise(snapshot, tmp_path / "out", Task())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("group", ["../../etc", "", "a/b", None, 7])
def test_packs_can_not_lie_elsewhere(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, group: object
) -> None:
    snapshot = snapshot_with(made(storage, KEY, HEADER | {"group": group}, [], []))

    refused(blockstore, snapshot, tmp_path, "in an unknown way")


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
    snapshot = manifest(storage, files, [HOLE] * records)

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
    refused(blockstore, listing(storage, bson.encode(document)), tmp_path, "not a FileEntry")


def listing(storage: FaultyStorage, files: bytes, count: int = 1, **parts: int) -> Snapshot:
    """A manifest of these bytes as its files, and a trailer that says what it is told to."""
    start = frame(MANIFEST, HEADER)
    end = len(start) + len(files)
    fitting = {"pages_at": len(start), "files_at": len(start), "packs_at": end, "blocks": 0}
    counts = {**fitting, "pages": 0, "files": count, "packs": 0, **parts}
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
    refused(blockstore, listing(storage, files, count), tmp_path, said)


@pytest.mark.parametrize(
    "parts",
    [
        {"pages_at": 0},
        {"files_at": 1 << 40},
        {"packs_at": 1 << 40},
        {"packs_at": 0},
        {"pages": 1},
        {"pages": 0xFFFFFFFF},
    ],
)
def test_a_trailer_that_points_elsewhere_is_refused(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, parts: dict[str, int]
) -> None:
    refused(blockstore, listing(storage, b"", 0, **parts), tmp_path, "does not end like a manifest")


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


@pytest.mark.parametrize("parts", [{"blocks": 1}, {"blocks": 1 << 60}])
def test_blocks_and_pages_must_agree(
    blockstore: Blockstore, storage: FaultyStorage, tmp_path: Path, parts: dict[str, int]
) -> None:
    said = "another number of blocks than its pages"

    refused(blockstore, listing(storage, b"", 0, **parts), tmp_path, said)


def test_references_to_pages_have_the_size_that_the_format_says() -> None:
    assert PAGE_REF.size == 56
