"""How blocks are handed on: in their order, few at one time."""

from mmsconsole.stores.blocks.reads import PORTION_BYTES, Wanted, portions


def wanted(position: int, raw_bytes: int) -> Wanted:
    return Wanted(0, position, raw_bytes, b"", raw_bytes, None, position)


def test_every_block_is_handed_on_once_and_in_order() -> None:
    sizes = [PORTION_BYTES // 4, 1, PORTION_BYTES, 4 * PORTION_BYTES, 7, PORTION_BYTES - 7, 1]
    blocks = [wanted(number, size) for number, size in enumerate(sizes)]
    handed = list(portions(blocks))
    assert [block for portion in handed for block in portion] == blocks
    assert [len(portion) for portion in handed] == [2, 1, 1, 2, 1]


def test_of_nothing_there_are_no_portions() -> None:
    assert list(portions([])) == []
