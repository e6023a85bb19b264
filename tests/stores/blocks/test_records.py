"""Many block records at one time: the same as one by one."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.stores.blocks.manifest import NO_PACK, RECORD
from mmsconsole.stores.blocks.records import PackNumbers, UsedBlocks, columns_of, with_columns

u32 = st.integers(0, 0xFFFFFFFF)
records = st.lists(st.tuples(st.binary(min_size=32, max_size=32), u32, u32, u32, u32), max_size=9)
uses = st.lists(st.tuples(st.sampled_from([0, 1, 5, NO_PACK]), st.integers(0, 70)), max_size=30)


def packed(values: list[tuple[bytes, int, int, int, int]]) -> bytes:
    return b"".join(RECORD.pack(*each) for each in values)


@given(records)
def test_columns_are_the_fields_of_the_records(
    values: list[tuple[bytes, int, int, int, int]],
) -> None:
    found = columns_of(packed(values))

    assert list(zip(*found, strict=True)) == [each[1:] for each in values]


@given(records, u32)
def test_records_with_other_places_keep_their_hashes(
    values: list[tuple[bytes, int, int, int, int]], pack: int
) -> None:
    columns = columns_of(packed(values))
    other = columns._replace(packs=array("I", [pack] * len(values)))

    moved = [(each[0], pack, *each[2:]) for each in values]
    assert with_columns(packed(values), other) == packed(moved)


@given(uses)
def test_used_blocks_are_the_same_one_by_one_and_all_at_once(used: list[tuple[int, int]]) -> None:
    one_by_one, at_once = UsedBlocks(), UsedBlocks()
    for pack, number in used:
        if pack != NO_PACK:
            one_by_one.add(pack, number)
    at_once.add_all(columns_of(packed([(bytes(32), pack, 0, 0, number) for pack, number in used])))

    for pack in (0, 1, 5, NO_PACK):
        wanted = {number for each, number in used if each == pack != NO_PACK}
        assert one_by_one.bits(pack) == at_once.bits(pack) == sum(1 << each for each in wanted)


def test_packs_are_numbered_as_they_are_met_and_a_hole_is_in_none() -> None:
    numbers = PackNumbers()

    assert [numbers.of(pack) for pack in ("b", "a", "b", "", "c")] == [0, 1, 0, NO_PACK, 2]
    assert list(numbers) == ["b", "a", "c"]
