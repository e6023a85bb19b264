"""Many block records at one time: the same as one by one."""

from array import array
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.stores.blocks.manifest import NO_PACK
from mmsconsole.stores.blocks.pages import decoded_page, encoded_page
from mmsconsole.stores.blocks.records import (
    PackNumbers,
    UsedBlocks,
    decoded_records,
    together,
)
from tests.support.manifests import Record, columns_of, id_of

u32 = st.integers(0, 0xFFFFFFFF)
hashes = st.binary(min_size=32, max_size=32)
records = st.lists(st.tuples(hashes, u32, u32, u32, u32), max_size=9)
placed = st.lists(
    st.tuples(hashes, st.sampled_from([0, 1, 5, 7, NO_PACK]), u32, u32, u32), max_size=9
)
uses = st.lists(st.tuples(st.sampled_from([0, 1, 5, NO_PACK]), st.integers(0, 70)), max_size=30)


@given(records)
def test_columns_are_the_fields_of_the_records(values: list[Record]) -> None:
    found = columns_of(values)

    assert list(found.one_by_one()) == values
    assert decoded_records(found.encoded(), len(values)) == found


@given(records, st.integers(0, 9), st.integers(0, 9))
def test_parts_of_records_together_are_the_records(
    values: list[Record], first: int, second: int
) -> None:
    found, cuts = columns_of(values), sorted([0, first, second, len(values) + 9])

    parts = [found.part(at, cuts[n + 1]) for n, at in enumerate(cuts[:-1])]

    assert together(parts) == found
    assert together([]) == columns_of([])


@given(placed, st.permutations(range(8)))
def test_a_page_is_the_same_whatever_numbers_a_manifest_gives_to_the_packs(
    values: list[Record], numbers: list[int]
) -> None:
    ids = [id_of(number) for number in range(8)]
    others = [""] * 8
    for number, other in enumerate(numbers):
        others[other] = ids[number]
    renamed = [
        (each[0], each[1] if each[1] == NO_PACK else numbers[each[1]], *each[2:]) for each in values
    ]

    page = encoded_page(columns_of(values), ids)

    assert page == encoded_page(columns_of(renamed), others)  # type: ignore[arg-type]
    found = decoded_page(page, len(values), "k")
    met = [NO_PACK if n == NO_PACK else ids.index(found.ids[n]) for n in found.records.packs]
    assert found.records._replace(packs=array("I", met)) == columns_of(values)


@given(st.binary(max_size=200), st.integers(0, 3))
def test_what_is_no_page_is_told_as_such(raw: bytes, count: int) -> None:
    with suppress(ObjectCorrupt):
        assert decoded_page(raw, count, "k").records.length == count


def test_a_page_of_another_length_is_no_page() -> None:
    page = encoded_page(columns_of([(bytes(32), 0, 1, 2, 3)] * 2), [id_of(1)])

    for wrong in (page[:-1], page + b"\0", page[:7], b""):
        with pytest.raises(ObjectCorrupt):
            decoded_page(wrong, 2, "k")
    for count in (0, 1, 3):
        with pytest.raises(ObjectCorrupt):
            decoded_page(page, count, "k")


@given(uses)
def test_used_blocks_are_the_same_one_by_one_and_all_at_once(used: list[tuple[int, int]]) -> None:
    one_by_one, at_once = UsedBlocks(), UsedBlocks()
    for pack, number in used:
        if pack != NO_PACK:
            one_by_one.add(pack, number)
    at_once.add_all(columns_of([(bytes(32), pack, 0, 0, number) for pack, number in used]))

    for pack in (0, 1, 5, NO_PACK):
        wanted = {number for each, number in used if each == pack != NO_PACK}
        assert one_by_one.bits(pack) == at_once.bits(pack) == sum(1 << each for each in wanted)


def test_packs_are_numbered_as_they_are_met_and_a_hole_is_in_none() -> None:
    numbers = PackNumbers()

    assert [numbers.of(pack) for pack in ("b", "a", "b", "", "c")] == [0, 1, 0, NO_PACK, 2]
    assert numbers.ids == ["b", "a", "c"]
