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
from mmsconsole.stores.blocks import used_packs
from mmsconsole.stores.blocks.block import BLOCK_BYTES, Place, hash_of, is_block_size, zero_hash
from mmsconsole.stores.blocks.manifest import NO_PACK, FileEntry, PackEntry
from mmsconsole.stores.blocks.manifest_reader import ManifestReader, read_uses
from mmsconsole.stores.blocks.packs import PackBuilder, pack_key, read_index
from mmsconsole.stores.blocks.page_writer import PageWriter
from mmsconsole.stores.blocks.records import PackNumbers
from mmsconsole.stores.framing import CHUNK, MANIFEST, PACK, SLICE, frame, unframe
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task
from tests.support.manifests import PAGES, written

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
PACKS = [
    PackEntry(id_, f"packs/default/{id_[:2]}/{id_}.pack", size, digest * 32)
    for id_, size, digest in (("a0" * 16, 5000, "aa"), ("b1" * 16, 6000, "bb"))
]
HEADER = {"block_bytes": BLOCK_BYTES, "group": "default", "snapshot": {"id": "s1"}}


def page_of(ids: list[str], records: list[tuple[bytes, int, int, int, int]]) -> bytes:
    """`records`: with the numbers of packs in `ids`."""
    hashes, *columns = zip(*records, strict=True)
    words = b"".join(struct.pack(f"<{len(column)}I", *column) for column in columns)
    names = b"".join(bytes.fromhex(id_) for id_ in ids)
    return struct.pack("<II", len(records), len(ids)) + names + b"".join(hashes) + words


def test_a_page_of_block_records() -> None:
    """Its packs are numbered as they are met."""
    ids = [f"{number:02x}" * 16 for number in range(9)]
    writer = PageWriter(numbers_of(ids))
    for pack in (7, NO_PACK, 2, 7):
        writer.add(HASHES[0], pack, 10, 20, 3)

    (name,), stored = writer.waiting(), []
    writer.store(lambda hash_, raw: stored.append((hash_, raw)) or Place(ids[1], 100, 50, 6))

    met = [(HASHES[0], pack, 10, 20, 3) for pack in (0, NO_PACK, 1, 0)]
    expected = page_of([ids[7], ids[2]], met)
    assert stored == [(name, expected)]
    assert name == hashlib.sha256(expected).digest()
    assert list(writer.refs()) == [(name, 1, 100, 50, 6, len(expected), 4)]


def numbers_of(ids: list[str]) -> PackNumbers:
    numbers = PackNumbers()
    for id_ in ids:
        numbers.of(id_)
    return numbers


def test_a_manifest(storage: LocalStorage) -> None:
    stored = written(storage, "k.manifest", HEADER, FILES, RECORDS, PACKS)

    page = page_of([pack.id for pack in PACKS], RECORDS)
    pack = storage.get(f"packs/default/9a/{PAGES}.pack")
    at = pack.index(page)
    start = framed(b"MMSMANIF", HEADER)
    pages = hash_of(page) + struct.pack("<IIIIII", 2, at, len(page), 0, len(page), 3)
    fields = ("path", "size", "inode", "mtime_ns", "ctime_ns", "first")
    files = b"".join(
        bson.encode({name: getattr(entry, name) for name in fields}) for entry in FILES
    )
    packs = (
        bytes.fromhex("a0" * 16 + "b1" * 16 + PAGES)
        + struct.pack("<QQQ", 5000, 6000, len(pack))
        + bytes.fromhex("aa" * 32 + "bb" * 32) + hashlib.sha256(pack).digest()
        + struct.pack("<HHH", 2, 1, 1)
        + b"\0\2" + b"\1" + b"\1"  # block 9; block 0; the page
    )  # fmt: skip
    before = start + pages + files + packs
    files_at = len(start) + len(pages)
    places = struct.pack("<QQQQIII", len(start), files_at, files_at + len(files), 3, 1, 3, 3)
    digests = hashlib.sha256(b"k.manifest" + packs).digest() + hashlib.sha256(before).digest()
    expected = before + b"MANIFEND" + places + digests
    assert storage.get("k.manifest") == expected
    assert stored == ("k.manifest", sha256_hex([expected]), len(expected))


def test_a_manifest_is_read_as_it_was_written(storage: LocalStorage) -> None:
    records = [RECORDS[0], RECORDS[2], RECORDS[2]]
    stored = written(storage, "k.manifest", HEADER, FILES, records, PACKS)

    read = ManifestReader.open(storage, stored.key, stored.sha256, Task())

    assert list(read.files()) == FILES
    assert read.packs[:2] == PACKS
    assert list(read.records(0, 2)) == [RECORDS[0], RECORDS[2]]
    assert list(read.some(1, 2).one_by_one()) == [RECORDS[2], RECORDS[2]]
    assert [use.used for use in read.uses] == [1 << 9, 1, 1]
    assert read.bytes == BLOCK_BYTES + 6
    assert read.stored_bytes == stored.stored_bytes


def test_a_manifest_of_many_pages_is_read_some_at_a_time(storage: LocalStorage) -> None:
    count = 250_000
    files = [FileEntry("big.wt", count * BLOCK_BYTES, 1, 1, 1, 0)]
    records = ((HASHES[n % 3], 0, n % 4000, 10, n % 4000) for n in range(count))
    stored = written(storage, "k.manifest", HEADER, files, records, PACKS[:1])

    read = ManifestReader.open(storage, stored.key, stored.sha256, Task())

    assert stored.stored_bytes < 20_000
    assert len(read.pages) == 245
    assert [r.hash for r in read.records(count - 2, 2)] == [
        HASHES[(count - 2) % 3],
        HASHES[(count - 1) % 3],
    ]
    assert sum(1 for _ in read.records(100_000, 50_000)) == 50_000


def test_what_a_snapshot_uses_is_told_by_the_end_of_its_manifest(storage: LocalStorage) -> None:
    written(storage, "k.manifest", HEADER, FILES, RECORDS, PACKS)
    whole = storage.get("k.manifest")
    storage.put("k.manifest", [bytes(180), whole[180:]])  # frame and pages

    used = read_uses(storage, "k.manifest")

    assert used.by_id() == {PACKS[0].id: 1 << 9, PACKS[1].id: 1, PAGES: 1}
    assert used.entries("default")[:2] == PACKS


def test_a_wrong_byte_or_another_name_is_never_taken_for_what_a_snapshot_uses(
    storage: LocalStorage,
) -> None:
    written(storage, "k.manifest", HEADER, [], [RECORDS[0]], PACKS[:1])
    whole, uses = storage.get("k.manifest"), read_uses(storage, "k.manifest").by_id()

    for byte in range(len(whole)):
        changed = whole[:byte] + bytes([whole[byte] ^ 0x10]) + whole[byte + 1 :]
        assert uses_or_none(storage, "k.manifest", changed) in (None, uses)
    for length in (0, 100, 130, len(whole) - 1):
        assert uses_or_none(storage, "k.manifest", whole[:length]) is None
    assert uses_or_none(storage, "other.manifest", whole) is None


def uses_or_none(storage: LocalStorage, key: str, data: bytes) -> dict[str, int] | None:
    storage.put(key, [data])
    try:
        return read_uses(storage, key).by_id()
    except ObjectCorrupt:
        return None


def table(**changes: bytes) -> bytes:
    """Of two packs, each of which uses a byte of blocks."""
    parts = {
        "ids": bytes(16) + b"\1" * 16, "sizes": struct.pack("<QQ", 7, 8), "digests": bytes(64),
        "widths": struct.pack("<HH", 1, 1), "bitmaps": b"\1\2",
    }  # fmt: skip
    return b"".join((parts | changes).values())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table()[:90], "cut off"),
        (table()[:-1], "can not be"),
        (table() + b"\0", "can not be"),
        (table(ids=bytes(32)), "can not be"),
        (table(sizes=struct.pack("<QQ", 7, 1 << 63)), "can not be"),
        (table(widths=struct.pack("<HH", 8193, 1), bitmaps=bytes(8194)), "can not be"),
        (table(widths=struct.pack("<HH", 0, 0)), "can not be"),
    ],
    ids=["cut off", "a byte less", "a byte more", "one pack twice", "a size that nothing has",
         "more blocks than a pack has", "bitmaps that nobody has"],
)  # fmt: skip
def test_a_table_of_packs_that_can_not_be_is_not_believed(data: bytes, said: str) -> None:
    with pytest.raises(ObjectCorrupt, match=said) as caught:
        used_packs.decoded(data, 2, "k")
    assert caught.value.where == "k"
    assert used_packs.decoded(table(), 2, "k").by_id() == {"00" * 16: 1, "01" * 16: 2}
