"""Streams cut anew."""

from collections.abc import Iterator

import pytest

from mmsconsole.storage.pieces import pieces


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([], []),
        ([b""], []),
        ([b"a"], [b"a"]),
        ([b"abc"], [b"abc"]),
        ([b"abcd"], [b"abc", b"d"]),
        ([b"a", b"", b"bcd", b"efghij"], [b"abc", b"def", b"ghi", b"j"]),
        ([bytearray(b"ab"), memoryview(b"cdef")[1:]], [b"abd", b"ef"]),
    ],
)
def test_pieces_have_one_size_but_for_the_last(parts: list[bytes], found: list[bytes]) -> None:
    assert [bytes(piece) for piece in pieces(parts, 3)] == found


def test_a_piece_stays_as_it_was_when_the_next_one_comes() -> None:
    assert [bytes(piece) for piece in list(pieces([b"abcdef"], 3))] == [b"abc", b"def"]


def test_nothing_is_taken_before_it_is_needed() -> None:
    taken = []

    def source() -> Iterator[bytes]:
        for part in (b"abc", b"def"):
            taken.append(part)
            yield part

    next(pieces(source(), 3))

    assert taken == [b"abc"]
