"""Pieces of a stream: bytes as they are, and ranges of files. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class StreamedFile(NamedTuple):
    path: str
    """Relative, with '/'."""
    bytes: int
    mtime: int
    """Whole seconds."""


class FileRange(NamedTuple):
    """Bytes `start` to `end`, exclusive, of the file of that number."""

    file: int
    start: int
    end: int


Piece = bytes | FileRange


def piece_bytes(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.end - piece.start


def windows(pieces: Iterable[Piece], window_bytes: int) -> Iterator[list[Piece]]:
    """The same pieces, files cut where a window is full: each has `window_bytes` at most, or is
    a single piece of bytes.
    """
    window: list[Piece] = []
    room = window_bytes
    for piece in pieces:
        for part in _parts(piece, room, window_bytes):
            size = piece_bytes(part)
            if window and size > room:
                yield window
                window, room = [], window_bytes
            window.append(part)
            room -= size
    if window:
        yield window


def _parts(piece: Piece, room: int, window_bytes: int) -> Iterator[Piece]:
    if isinstance(piece, bytes):
        yield piece
        return
    start, room = piece.start, room or window_bytes
    while start < piece.end:
        end = min(piece.end, start + room)
        yield piece._replace(start=start, end=end)
        start, room = end, window_bytes
