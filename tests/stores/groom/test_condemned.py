"""A cut refers to no pack that is being taken away, and reads as little as it can for that."""

import os
from pathlib import Path

import pytest

from mmsconsole.metadata.blocks import BlockPlace, Pack, block_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.stores.blocks.block import BLOCK_BYTES
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.packs import PackBuilder, read_index
from mmsconsole.stores.objects import sha256_hex
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    CutRoot,
    block_packs,
    contents,
    half_random,
    manifest_of,
    pack_keys,
    restored,
    write_files,
)

NEW = "ab" * 16
"""Id of the pack that blocks are moved to."""


def condemn(metadata: Metadata, storage: FaultyStorage) -> list[BlockPlace]:
    """The only pack of blocks; their places."""
    (pack,) = block_packs(storage, metadata)
    metadata.packs.set(pack.id, condemned=2)
    return read_index(storage, pack.key).places


def move(metadata: Metadata, storage: FaultyStorage, places: list[BlockPlace]) -> None:
    """Some blocks into a new pack, in another order, and their places in the index with them."""
    old = metadata.packs.get(places[0].pack)
    new = PackBuilder("default", NEW)
    for place in reversed(places):
        stored = storage.get_range(old.key, place.offset, place.stored_bytes)
        new.add(place.hash, stored, place.raw_bytes)
    size = storage.put(new.key, new.parts())
    metadata.packs.add(
        Pack(NEW, "default", new.key, sha256_hex(new.parts()), len(places), size)
    )  # fmt: skip
    for place in places:
        metadata.blocks.collection.delete_one({"_id": block_id("default", place.hash)})
    metadata.blocks.add("default", new.places)


def test_a_place_in_a_condemned_pack_is_not_referred_to(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata,
) -> None:  # fmt: skip
    cut("s1")
    (condemned,) = pack_keys(storage)
    condemn(metadata, storage)

    second = cut("s2")

    assert condemned not in {pack.key for pack in manifest_of(storage, second).packs}
    storage.delete(condemned)
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


@pytest.mark.parametrize("record", ["condemned", "gone"])
def test_untouched_files_whose_blocks_were_moved_are_not_read(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata, read_files: list[str], record: str,
) -> None:  # fmt: skip
    write_files(root, {"holes.wt": bytes(BLOCK_BYTES) + half_random(9, 100)})
    first = cut("s1")
    (old,) = pack_keys(storage)
    places = condemn(metadata, storage)
    move(metadata, storage, places)
    if record == "gone":
        metadata.packs.remove(places[0].pack)
    read_files.clear()

    second = cut("s2", previous=first)

    assert read_files == []
    (pack,) = (pack for pack in manifest_of(storage, second).uses if pack.entry.id == NEW)
    assert pack.used == (1 << len(places)) - 1
    assert old not in [pack.key for pack in manifest_of(storage, second).packs]
    storage.delete(old)
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def test_blocks_that_no_pack_has_any_more_are_read_again_and_those_alone(
    blockstore: Blockstore, cut: CutRoot, root: Path, tmp_path: Path, storage: FaultyStorage,
    metadata: Metadata, read_files: list[str],
) -> None:  # fmt: skip
    first = cut("s1")
    places = condemn(metadata, storage)
    (old,) = pack_keys(storage)
    (small,) = (place for place in places if place.raw_bytes == 4096)
    move(metadata, storage, [place for place in places if place != small])
    read_files.clear()

    second = cut("s2", previous=first)

    assert read_files == ["db/index-2.wt"]
    storage.delete(old)
    assert restored(blockstore, second, tmp_path / "out") == contents(root)


def test_a_condemned_pack_is_seen_by_the_next_cut_and_not_told_as_lost(
    cut: CutRoot, storage: FaultyStorage, metadata: Metadata, blockstore: Blockstore, root: Path
) -> None:
    """What a cut of before knew of packs is not remembered."""
    first = cut("s1")
    cut("s2", previous=first)
    places = condemn(metadata, storage)
    (old,) = pack_keys(storage)
    move(metadata, storage, places)
    storage.delete(old)

    third = cut("s3", previous=first)

    manifest = manifest_of(storage, third)
    of_pages = {page.pack for page in manifest.pages}
    assert [p.id for n, p in enumerate(manifest.packs) if n not in of_pages] == [NEW]


def test_what_a_manifest_says_it_uses_is_what_its_records_say(
    cut: CutRoot, root: Path, storage: FaultyStorage
) -> None:
    """Also where blocks are met twice, and where records come from the previous manifest."""
    write_files(root, {"twice.wt": half_random(1, 2 * BLOCK_BYTES)})
    first = cut("s1")
    with (root / "collection-1.wt").open("r+b") as file:
        file.write(os.urandom(100))
    second = cut("s2", previous=first)

    for snapshot in (first, second):
        manifest = manifest_of(storage, snapshot)
        expected = [0] * len(manifest.packs)
        for page in manifest.pages:
            expected[page.pack] |= 1 << page.number
        for file in manifest.files():
            for record in manifest.records(file.first, file.blocks(BLOCK_BYTES)):
                expected[record.pack] |= 1 << record.number
        assert [use.used for use in manifest.uses] == expected
        assert all(expected)
