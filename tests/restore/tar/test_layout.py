"""The layout of a tar archive against what Python's own tarfile writes and reads."""

import io
import tarfile
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.restore.tar.layout import MODE, Layout, header_of
from mmsconsole.stores.blocks.pieces import FileRange, StreamedFile, piece_bytes, windows

GIB = 1 << 30
PARTS = st.text(
    st.characters(blacklist_characters="/\x00", blacklist_categories=("Cs",)), min_size=1,
    max_size=60,
)  # fmt: skip
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
FILES = st.lists(
    st.builds(StreamedFile, PATHS, st.integers(0, 3000), st.integers(0, 2_000_000_000)),
    max_size=6, unique_by=lambda file: file.path,
)  # fmt: skip


def content(file: StreamedFile) -> bytes:
    return bytes(len(file.path) % 251 for _ in range(file.bytes))


def by_tarfile(files: list[StreamedFile]) -> bytes:
    """The whole archive as Python writes it."""
    written = io.BytesIO()
    with tarfile.open(
        fileobj=written, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8"
    ) as tar:
        for file in files:
            info = tarfile.TarInfo(file.path)
            info.size, info.mtime, info.mode = file.bytes, file.mtime, MODE
            tar.addfile(info, io.BytesIO(content(file)))
    return written.getvalue()


def by_layout(layout: Layout, start: int, end: int) -> bytes:
    made = bytearray()
    for piece in layout.pieces(start, end):
        if isinstance(piece, FileRange):
            made += content(layout.files[piece.file])[piece.start : piece.end]
        else:
            made += piece
    return bytes(made)


@given(FILES)
@settings(max_examples=100, deadline=None)
def test_the_archive_is_byte_for_byte_what_tarfile_writes(files: list[StreamedFile]) -> None:
    layout = Layout(files)

    whole = by_layout(layout, 0, layout.bytes)

    assert whole == by_tarfile(files)
    assert len(whole) == layout.bytes


@given(FILES, st.data())
@settings(max_examples=100, deadline=None)
def test_any_range_is_that_part_of_the_whole(
    files: list[StreamedFile], data: st.DataObject
) -> None:
    layout = Layout(files)
    start = data.draw(st.integers(0, layout.bytes))
    end = data.draw(st.integers(start, layout.bytes + 5000))

    assert by_layout(layout, start, end) == by_tarfile(files)[start:end]


@given(FILES, st.integers(1, 4000))
@settings(max_examples=50, deadline=None)
def test_windows_are_the_same_pieces_and_none_is_too_large(
    files: list[StreamedFile], window_bytes: int
) -> None:
    layout = Layout(files)

    cut = list(windows(layout.pieces(0, layout.bytes), window_bytes))

    assert all(len(window) == 1 or sum(map(piece_bytes, window)) <= window_bytes for window in cut)
    assert sum(piece_bytes(piece) for window in cut for piece in window) == layout.bytes
    ranges = [piece for window in cut for piece in window if isinstance(piece, FileRange)]
    for number, file in enumerate(files):
        own = [piece for piece in ranges if piece.file == number]
        ends = list(accumulate(map(piece_bytes, own)))
        assert [piece.end for piece in own] == ends
        assert ends[-1:] == [file.bytes][: bool(file.bytes)]


@pytest.mark.parametrize("size", [8 * GIB - 1, 8 * GIB, 5000 * GIB])
@pytest.mark.parametrize("path", ["a.wt", "db/" + "long" * 60 + ".wt", "größe/ü.wt"])
def test_a_file_of_any_size_and_name_is_read_back_by_tarfile(path: str, size: int) -> None:
    layout = Layout([StreamedFile(path, size, 1_700_000_000), StreamedFile("z", 3, 5)])

    pieces = list(layout.pieces(0, layout.bytes))

    assert pieces[1] == FileRange(0, 0, size)
    assert sum(map(piece_bytes, pieces)) == layout.bytes
    with tarfile.open(fileobj=io.BytesIO(pieces[0]), encoding="utf-8") as tar:
        info = tar.next()
    assert info is not None
    assert (info.name, info.size, info.mtime) == (path, size, 1_700_000_000)


@pytest.mark.parametrize("mtime", [-5, 1 << 40])
def test_a_time_that_no_header_holds_is_the_nearest_that_it_does(mtime: int) -> None:
    header = header_of(StreamedFile("a", 1, mtime))

    assert len(header) == 512


def test_an_archive_of_nothing_is_one_that_tarfile_reads() -> None:
    layout = Layout([])

    assert by_layout(layout, 0, layout.bytes) == by_tarfile([])
