"""The formats in storage, byte for byte as docs/formats.md has them.

These tests read and write the bytes by themselves. One that fails tells that objects which are
stored somewhere can no longer be read: then the version must change, not the test.
"""

import hashlib
import struct
import zlib
from pathlib import Path

import bson
import pytest

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.metadata.blocks import BlockPlace
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.block import BLOCK_BYTES, hash_of, is_block_size, zero_hash
from mmsconsole.stores.blocks.manifest import NO_PACK, FileEntry, PackEntry, PackUse
from mmsconsole.stores.blocks.manifest_reader import ManifestReader, read_uses
from mmsconsole.stores.blocks.manifest_writer import ManifestWriter
from mmsconsole.stores.blocks.packs import PackBuilder, pack_key, read_index
from mmsconsole.stores.framing import CHUNK, MANIFEST, PACK, SLICE, frame, unframe
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task

HASHES = [hash_of(bytes([number])) for number in range(3)]


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def framed(magic: bytes, header: dict[str, object]) -> bytes:
    encoded = bson.encode(header)
    prefix = magic + b"\x01\x00\x00\x00" + struct.pack("<I", len(encoded))
    return prefix + struct.pack("<I", zlib.crc32(prefix + encoded)) + encoded


def test_the_magics_and_sizes_are_what_they_always_were() -> None:
    assert (SLICE, CHUNK, PACK, MANIFEST) == (b"MMSSLICE", b"MMSCHUNK", b"MMSPACK\0", b"MMSMANIF")
    assert BLOCK_BYTES == 262_144
    assert hashlib.sha256(bytes(262_144)).digest() == zero_hash(262_144)


def test_a_block_size_is_a_power_of_two_from_64_kib_to_4_mib() -> None:
    allowed = [size for size in range(0, 5 << 20, 1 << 12) if is_block_size(size)]

    assert allowed == [65_536 << doubled for doubled in range(7)]
    for nonsense in (None, "262144", 262_144.0, -65_536, True, 65_537):
        assert not is_block_size(nonsense)


def test_a_frame() -> None:
    header = {"a": 1, "b": "c"}

    assert frame(SLICE, header) == framed(b"MMSSLICE", header)
    assert unframe(framed(b"MMSSLICE", header) + b"content", SLICE, "k") == (header, 41)


def test_a_pack(storage: LocalStorage) -> None:
    pack = PackBuilder("default", "ab12")
    for number, stored in enumerate((b"first", b"second!", b"3")):
        pack.add(HASHES[number], stored, raw_bytes=100 + number)

    start = framed(b"MMSPACK\0", {"group": "default", "pack": "ab12"})
    at = len(start)
    index = b"".join(
        hash_ + struct.pack("<III", at + offset, stored, raw)
        for hash_, offset, stored, raw in zip(
            HASHES, (0, 5, 12), (5, 7, 1), (100, 101, 102), strict=True
        )
    )
    trailer = b"PACKEND\0" + struct.pack("<IIQ", 3, 0, at + 13) + hashlib.sha256(index).digest()
    assert b"".join(pack.parts()) == start + b"firstsecond!3" + index + trailer
    assert pack.key == pack_key("default", "ab12") == "packs/default/ab/ab12.pack"

    storage.put(pack.key, pack.parts())
    assert read_index(storage, pack.key) == ({"group": "default", "pack": "ab12"}, pack.places)
    assert pack.places[1] == BlockPlace(HASHES[1], "ab12", at + 5, 7, 101, 1)


def test_a_damaged_pack_index_is_corrupt(storage: LocalStorage) -> None:
    pack = PackBuilder("default", "ab12")
    pack.add(HASHES[0], b"stored", raw_bytes=100)
    whole = b"".join(pack.parts())
    undamaged = index_or_error(storage, whole)

    for byte in range(len(whole)):
        changed = whole[:byte] + bytes([whole[byte] ^ 0x40]) + whole[byte + 1 :]
        # A block's bytes have their own hash.
        in_block = pack.places[0].offset <= byte < pack.places[0].offset + len(b"stored")
        assert index_or_error(storage, changed) == (undamaged if in_block else pack.key)
    for length in (0, 15, 60, len(whole) - 1):
        assert index_or_error(storage, whole[:length]) == pack.key


def test_a_pack_in_the_place_of_another_is_corrupt(storage: LocalStorage) -> None:
    pack = PackBuilder("default", "ab12")
    pack.add(HASHES[0], b"stored", raw_bytes=100)
    storage.put("packs/default/cd/cd34.pack", pack.parts())

    with pytest.raises(ObjectCorrupt, match="says that it is the pack ab12"):
        read_index(storage, "packs/default/cd/cd34.pack")


def index_or_error(storage: LocalStorage, data: bytes) -> str | list[tuple[int | bytes, ...]]:
    """What the index says of the blocks, or where the error is."""
    key = pack_key("default", "ab12")
    storage.put(key, [data])
    try:
        places = read_index(storage, key).places
    except ObjectCorrupt as error:
        return error.where
    return [(p.hash, p.offset, p.stored_bytes, p.raw_bytes, p.number) for p in places]


def test_a_pack_index_that_points_outside_of_the_blocks_is_corrupt(storage: LocalStorage) -> None:
    start = framed(b"MMSPACK\0", {"group": "default", "pack": "ab12"})
    for offset, stored in ((0, 5), (len(start), 6), (len(start) + 6, 0)):
        index = HASHES[0] + struct.pack("<III", offset, stored, 10)
        digest = hashlib.sha256(index).digest()
        trailer = b"PACKEND\0" + struct.pack("<IIQ", 1, 0, len(start) + 5) + digest
        key = pack_key("default", "ab12")
        storage.put(key, [start, b"block", index, trailer])
        with pytest.raises(ObjectCorrupt, match="points outside"):
            read_index(storage, key)


FILES = [
    FileEntry("a.wt", BLOCK_BYTES + 1, 11, 12, 13, 0),
    FileEntry("db/empty.wt", 0, 21, 22, 23, 2),
    FileEntry("z.wt", 5, 31, 32, 0, 2),
]
RECORDS = [
    (HASHES[0], 0, 100, 200, 9),
    (zero_hash(BLOCK_BYTES), NO_PACK, 0, 0, 0),
    (HASHES[2], 1, 300, 5, 0),
]
PACKS = [PackEntry("p0", "packs/g/p0/p0.pack", 5000, "aa"), PackEntry("p1", "k", 6000, "bb")]


def test_a_manifest(storage: LocalStorage) -> None:
    header = {"block_bytes": BLOCK_BYTES, "snapshot": {"id": "s1"}}
    with ManifestWriter(header) as writer:
        for entry in FILES:
            writer.add_file(entry)
        for record in RECORDS:
            writer.add_record(*record)
        stored = writer.store(storage, "k.manifest", PACKS)

    start = framed(b"MMSMANIF", header)
    records = b"".join(hash_ + struct.pack("<IIII", *place) for hash_, *place in RECORDS)
    fields = ("path", "size", "inode", "mtime_ns", "ctime_ns", "first")
    files = b"".join(
        bson.encode({name: getattr(entry, name) for name in fields}) for entry in FILES
    )
    packs = b"".join(
        bson.encode({"id": p.id, "key": p.key, "bytes": p.bytes, "sha256": p.sha256, "used": used})
        for p, used in zip(PACKS, (b"\0\2", b"\1"), strict=True)  # block 9, block 0
    )
    before = start + records + files + packs
    files_at = len(start) + len(records)
    places = struct.pack("<QQQQII", len(start), files_at, files_at + len(files), 3, 3, 2)
    digests = hashlib.sha256(b"k.manifest" + packs).digest() + hashlib.sha256(before).digest()
    expected = before + b"MANIFEND" + places + digests
    assert storage.get("k.manifest") == expected
    assert stored == ("k.manifest", sha256_hex([expected]), len(expected))


def test_a_manifest_is_read_as_it_was_written(storage: LocalStorage) -> None:
    with ManifestWriter({"block_bytes": BLOCK_BYTES}) as writer:
        for entry in FILES:
            writer.add_file(entry)
        for record in (RECORDS[0], RECORDS[2], RECORDS[2]):
            writer.add_record(*record)
        stored = writer.store(storage, "k.manifest", PACKS)

    read = ManifestReader.open(storage, stored.key, stored.sha256, Task())

    assert list(read.files()) == FILES
    assert read.packs == PACKS
    assert list(read.records(0, 2)) == [RECORDS[0], RECORDS[2]]
    assert [use.used for use in read.uses] == [1 << 9, 1]
    assert read.bytes == BLOCK_BYTES + 6


def test_a_manifest_larger_than_memory_is_spooled_and_read_in_pages(storage: LocalStorage) -> None:
    count = 250_000
    with ManifestWriter({"block_bytes": BLOCK_BYTES}) as writer:
        writer.add_file(FileEntry("big.wt", count * BLOCK_BYTES, 1, 1, 1, 0))
        for number in range(count):
            writer.add_record(HASHES[number % 3], 0, number % 4000, 10, number % 4000)
        stored = writer.store(storage, "k.manifest", PACKS[:1])

    read = ManifestReader.open(storage, stored.key, stored.sha256, Task())

    assert stored.stored_bytes > 10 << 20
    assert [r.hash for r in read.records(count - 2, 2)] == [
        HASHES[(count - 2) % 3],
        HASHES[(count - 1) % 3],
    ]
    assert sum(1 for _ in read.records(100_000, 50_000)) == 50_000


def test_what_a_snapshot_uses_is_told_by_the_end_of_its_manifest(storage: LocalStorage) -> None:
    with ManifestWriter({"block_bytes": BLOCK_BYTES}) as writer:
        for record in RECORDS:
            writer.add_record(*record)
        writer.store(storage, "k.manifest", PACKS)
    whole = storage.get("k.manifest")
    storage.put("k.manifest", [bytes(180), whole[180:]])  # frame and records

    assert read_uses(storage, "k.manifest") == [PackUse(PACKS[0], 1 << 9), PackUse(PACKS[1], 1)]


def test_a_wrong_byte_or_another_name_is_never_taken_for_what_a_snapshot_uses(
    storage: LocalStorage,
) -> None:
    with ManifestWriter({"block_bytes": BLOCK_BYTES}) as writer:
        writer.add_record(*RECORDS[0])
        writer.store(storage, "k.manifest", PACKS[:1])
    whole, uses = storage.get("k.manifest"), read_uses(storage, "k.manifest")

    for byte in range(len(whole)):
        changed = whole[:byte] + bytes([whole[byte] ^ 0x10]) + whole[byte + 1 :]
        assert uses_or_none(storage, "k.manifest", changed) in (None, uses)
    for length in (0, 100, 130, len(whole) - 1):
        assert uses_or_none(storage, "k.manifest", whole[:length]) is None
    assert uses_or_none(storage, "other.manifest", whole) is None


def uses_or_none(storage: LocalStorage, key: str, data: bytes) -> list[PackUse] | None:
    storage.put(key, [data])
    try:
        return read_uses(storage, key)
    except ObjectCorrupt:
        return None
