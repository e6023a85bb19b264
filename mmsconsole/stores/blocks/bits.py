"""Sets of small numbers as bits of an integer: bit n is set where n is in the set."""

from collections.abc import Iterable, Iterator


def numbers_in(bits: int) -> Iterator[int]:
    """Ascending."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def bits_of(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
