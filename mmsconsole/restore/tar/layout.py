"""Where everything lies in a tar archive of some files, without writing one. Pure.

Headers are ustar; what does not fit (a path that is long or not ASCII, a size of 8 GiB or more)
is in a pax header before it. Byte for byte what Python's tarfile writes.
"""

import tarfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mmsconsole.stores.blocks.pieces import FileRange, Piece, StreamedFile, piece_bytes

BLOCK = tarfile.BLOCKSIZE
MODE = 0o600
PATH_MAX = tarfile.LENGTH_NAME
NUMBER_END = 8**11
"""From here on a size (8 GiB) or a time does not fit a ustar header."""


class Layout:
    """Of files in the order that they are given in. Owner and group are 0, without names."""

    def __init__(self, files: Sequence[StreamedFile]) -> None:
        self.files = files
        self._starts: list[int] = []
        """Of each file's header."""
        at = 0
        for file in files:
            self._starts.append(at)
            at += _header_bytes(file) + file.bytes + _padding(file)
        self._end = at
        self.bytes = -(-(at + 2 * BLOCK) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """Of the archive's bytes from `start` to `end`, exclusive, as far as there are any."""
        for at, piece in self._placed(start, end):
            cut = _cut(piece, start - at, end - at)
            if piece_bytes(cut):
                yield cut

    def _placed(self, start: int, end: int) -> Iterator[tuple[int, Piece]]:
        """Where the pieces begin that the range touches, and a few beside them."""
        number = max(0, bisect_right(self._starts, start) - 1)
        while number < len(self.files) and self._starts[number] < end:
            at, file = self._starts[number], self.files[number]
            header = header_of(file)
            yield at, header
            yield at + len(header), FileRange(number, 0, file.bytes)
            yield at + len(header) + file.bytes, bytes(_padding(file))
            number += 1
        yield self._end, bytes(self.bytes - self._end)


def header_of(file: StreamedFile) -> bytes:
    """A pax header before it, where it needs one."""
    info = tarfile.TarInfo(file.path)
    info.size, info.mode = file.bytes, MODE
    info.mtime = min(max(file.mtime, 0), NUMBER_END - 1)
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _header_bytes(file: StreamedFile) -> int:
    """Of nearly all files without making it: there may be a hundred thousand."""
    plain = file.path.isascii() and len(file.path) <= PATH_MAX and file.bytes < NUMBER_END
    return BLOCK if plain else len(header_of(file))


def _padding(file: StreamedFile) -> int:
    return -file.bytes % BLOCK


def _cut(piece: Piece, first: int, end: int) -> Piece:
    """Its bytes from `first` to `end`, counted from its own beginning."""
    first, end = max(0, first), max(0, end)
    if isinstance(piece, bytes):
        return piece[first:end]
    start = min(piece.end, piece.start + first)
    return piece._replace(start=start, end=max(start, min(piece.end, piece.start + end)))
