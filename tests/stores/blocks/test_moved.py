"""The list of a pack's moved blocks, and who follows it."""

import random
import struct
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blocks.bits import bits_of, numbers_in
from mmsconsole.stores.blocks.manifest import PackEntry, PackUse
from mmsconsole.stores.blocks.moved import MovedBlock, MovedBlocks, decoded, encoded, moved_key
from mmsconsole.stores.blocks.moved_packs import MovedPacks, check_there
from mmsconsole.stores.blocks.packs import pack_key


def entry(id_: str, size: int = 1000) -> PackEntry:
    return PackEntry(id_, pack_key("g", id_), size, "ab" * 32)


def moved(number: int, pack: PackEntry, there: int) -> MovedBlock:
    return MovedBlock(bytes([number]) * 32, pack, there * 10, 10, there)


BLOCKS = {3: moved(3, entry("b1"), 0), 1: moved(1, entry("b1"), 1), 70: moved(70, entry("c1"), 5)}
KEY = moved_key(pack_key("g", "a1"))


def put(storage: LocalStorage, pack: str, blocks: MovedBlocks) -> None:
    storage.put(moved_key(pack_key("g", pack)), [encoded("g", pack, blocks)])


def test_what_is_written_is_read() -> None:
    assert decoded(encoded("g", "a1", BLOCKS), KEY) == BLOCKS
    assert decoded(encoded("g", "a1", {}), KEY) == {}


def test_its_bytes_are_those_of_the_description() -> None:
    whole = encoded("g", "a1", BLOCKS)
    magic, version, _, length, _ = struct.unpack_from("<8sHHII", whole)
    header = bson.decode(whole[20 : 20 + length])
    packs = [entry("b1"), entry("c1")]
    assert (magic, version) == (b"MMSMOVED", 1)
    assert header == {"group": "g", "pack": "a1", "packs": [asdict(pack) for pack in packs]}
    records = b"".join(
        struct.pack("<I32sIIII", number, *place)
        for number, place in [
            (1, (bytes([1]) * 32, 0, 10, 10, 1)),
            (3, (bytes([3]) * 32, 0, 0, 10, 0)),
            (70, (bytes([70]) * 32, 1, 50, 10, 5)),
        ]
    )
    before = whole[: 20 + length] + records
    assert whole == before + b"MOVEDEND" + struct.pack("<II", 3, 0) + sha256(before).digest()


def test_no_wrong_byte_and_no_length_is_believed() -> None:
    whole = encoded("g", "a1", BLOCKS)
    chance = random.Random(1)
    broken = [whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
              for at in range(len(whole))]  # fmt: skip
    broken += [whole[:length] for length in range(len(whole))] + [whole + b"\0"]
    for data in broken:
        with pytest.raises(ObjectCorrupt) as caught:
            decoded(data, KEY)
        assert caught.value.where == KEY


def test_the_list_of_another_pack_is_not_believed() -> None:
    with pytest.raises(ObjectCorrupt, match="tells of the pack a1"):
        decoded(encoded("g", "a1", BLOCKS), moved_key(pack_key("g", "a2")))


@pytest.mark.parametrize(
    "block",
    [
        MovedBlock(bytes(32), entry("b1", size=5), 0, 10, 0),
        MovedBlock(bytes(32), entry("b1"), 995, 10, 0),
        MovedBlock(bytes(32), entry("b1"), 0, 10, 1 << 16),
    ],
)
def test_a_place_that_can_not_be_is_not_believed(block: MovedBlock) -> None:
    with pytest.raises(ObjectCorrupt, match="where none can be"):
        decoded(encoded("g", "a1", {0: block}), KEY)


def test_a_block_is_followed_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    put(storage, "a1", BLOCKS)
    packs = MovedPacks(storage)

    assert packs.block(entry("a1"), 70, bytes([70]) * 32) == BLOCKS[70]
    with pytest.raises(ObjectMissing, match="was not moved"):
        packs.block(entry("a1"), 2, bytes([2]) * 32)
    with pytest.raises(ObjectCorrupt, match="another block"):
        packs.block(entry("a1"), 70, bytes(32))
    with pytest.raises(ObjectMissing) as caught:
        packs.of(entry("zz"))
    assert caught.value.where == pack_key("g", "zz")


def test_the_packs_at_the_end_of_the_way_must_be_there(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    use = PackUse(entry("a1"), bits_of([1, 70]))
    put(storage, "a1", BLOCKS)
    put(storage, "b1", {1: moved(1, entry("d1"), 4)})
    storage.put(entry("c1").key, [bytes(1000)])
    with pytest.raises(ObjectMissing) as caught:
        check_there(storage, MovedPacks(storage), use)
    assert caught.value.where == entry("d1").key

    storage.put(entry("d1").key, [bytes(999)])
    with pytest.raises(ObjectCorrupt, match="1000 bytes"):
        check_there(storage, MovedPacks(storage), use)

    storage.put(entry("d1").key, [bytes(1000)])
    check_there(storage, MovedPacks(storage), use)


def test_a_circle_comes_to_an_end(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    put(storage, "a1", {0: moved(0, entry("b1"), 0)})
    put(storage, "b1", {0: moved(0, entry("a1"), 0)})

    with pytest.raises(ObjectMissing):
        check_there(storage, MovedPacks(storage), PackUse(entry("a1"), 1))


@given(st.sets(st.integers(0, 5000)))
def test_numbers_are_bits(numbers: set[int]) -> None:
    assert list(numbers_in(bits_of(numbers))) == sorted(numbers)


def test_a_list_that_has_grown_since_it_was_read_is_read_again(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    put(storage, "a1", {3: BLOCKS[3]})
    lists = MovedPacks(storage)
    assert lists.block(entry("a1"), 3, bytes([3]) * 32) == BLOCKS[3]

    put(storage, "a1", BLOCKS)

    assert lists.block(entry("a1"), 70, bytes([70]) * 32) == BLOCKS[70]
    with pytest.raises(ObjectMissing, match="was not moved"):
        lists.block(entry("a1"), 71, bytes([71]) * 32)
