"""A stream of buffers, cut anew into pieces of one size."""

from collections.abc import Iterable, Iterator

from mmsconsole.storage.base import Buffer


def pieces(parts: Iterable[Buffer], size: int) -> Iterator[bytearray]:
    """Each of exactly `size` bytes, the last one shorter or as long; none where there are no bytes.

    Holds one piece at a time, and each is a buffer of its own.
    """
    piece = bytearray()
    for part in parts:
        rest = memoryview(part).cast("B")
        while rest:
            room = size - len(piece)
            piece += rest[:room]
            rest = rest[room:]
            if len(piece) == size:
                yield piece
                piece = bytearray()
    if piece:
        yield piece
