"""The index of blocks: the first place of a block stays its place."""

import hashlib
from typing import Any

import bson
import pytest
from pymongo.errors import BulkWriteError

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.blocks import LOOK_UP_MAX, BlockPlace, block_document
from mmsconsole.metadata.database import Metadata


def place(number: int, pack: str = "a1") -> BlockPlace:
    return BlockPlace(hashlib.sha256(b"%d" % number).digest(), pack, number * 10, 10, 20, number)


def test_a_block_is_found_where_it_was_put(metadata: Metadata) -> None:
    stored = [place(1), place(2)]

    metadata.blocks.add("g", stored)

    found = metadata.blocks.places("g", [place(n).hash for n in (1, 2, 3)])
    assert found == {each.hash: each for each in stored}


def test_blocks_of_another_pool_are_not_found(metadata: Metadata) -> None:
    metadata.blocks.add("g", [place(1)])

    assert metadata.blocks.places("other", [place(1).hash]) == {}


def test_the_first_place_of_a_block_wins_and_new_ones_beside_it_are_kept(
    metadata: Metadata,
) -> None:
    metadata.blocks.add("g", [place(1, "a1")])

    metadata.blocks.add("g", [place(1, "a2"), place(2, "a2")])

    found = metadata.blocks.places("g", [place(1).hash, place(2).hash])
    assert [found[place(n).hash].pack for n in (1, 2)] == ["a1", "a2"]


def test_more_hashes_than_one_look_up_takes_are_all_found(metadata: Metadata) -> None:
    many = [place(n) for n in range(LOOK_UP_MAX + 1)]
    metadata.blocks.add("g", many)

    assert len(metadata.blocks.places("g", [each.hash for each in many])) == LOOK_UP_MAX + 1


def test_nothing_to_add_is_no_error(metadata: Metadata) -> None:
    metadata.blocks.add("g", [])

    assert metadata.blocks.places("g", []) == {}


def test_a_document_is_small_and_has_no_index_but_its_id(metadata: Metadata) -> None:
    """There are 4.2 million of them in a terabyte: they must stay under 1 GB. On the disk they
    and their index took 132 bytes each (docs/performance.md).
    """
    largest = BlockPlace(bytes(32), "ff" * 16, 36 << 20, 4 << 20, 4 << 20, 65_535)

    metadata.ensure_indexes()
    metadata.blocks.add("default", [largest])

    assert len(bson.encode(block_document("default", largest))) <= 108
    assert list(metadata.blocks.collection.index_information()) == ["_id_"]


class TooLate:
    """A collection whose writes are taken, but not by a majority in time."""

    def bulk_write(self, writes: list[Any], ordered: bool) -> None:
        late = {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "timed out"}
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [late]})


def test_blocks_that_are_not_durable_in_time_are_an_error(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Duplicates are fine; but what is not durable must not be referred to."""
    monkeypatch.setattr(metadata.blocks, "collection", TooLate())

    with pytest.raises(MetadataError):
        metadata.blocks.add("g", [place(1)])
