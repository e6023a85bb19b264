import pytest

from mmsconsole.dump.crc64 import Crc, by_library, by_table, crc64, signed

CASES = [
    (b"", 0),
    (b"123456789", 0x995DC9BBDF1939FA),  # the check value of CRC-64/XZ
    (b"\x00" * 33, by_table(b"\x00" * 33)),
    (bytes(range(256)) * 9, by_table(bytes(range(256)) * 9)),
]


@pytest.mark.parametrize("way", [by_library() or by_table, by_table])
@pytest.mark.parametrize(("data", "expected"), CASES)
def test_both_ways_are_crc_64_ecma(way: Crc, data: bytes, expected: int) -> None:
    assert way(data, 0) == expected
    for cut in (0, 1, len(data) // 2, len(data)):
        assert way(data[cut:], way(data[:cut], 0)) == expected


def test_the_library_is_reached_on_this_machine() -> None:
    """Else everything still works, at a four-hundredth of the speed."""
    assert by_library() is not None


def test_an_archive_has_it_signed() -> None:
    assert signed(crc64(b"123456789")) == 0x995DC9BBDF1939FA - (1 << 64)
    assert signed(5) == 5
