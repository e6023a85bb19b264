"""The spool is a file that nobody sees and that ends with its process."""

from pathlib import Path

from mmsconsole.head.spool import FileSpool


def test_what_was_put_is_found_at_its_place(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    places = [spool.put(data) for data in (b"one", b"", b"three")]
    assert [spool.get(place, n) for place, n in zip(places, (3, 0, 5), strict=True)] == [
        b"one",
        b"",
        b"three",
    ]


def test_it_has_no_name_in_the_head_s_folder(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    spool.put(b"something")
    assert list(tmp_path.iterdir()) == []


def test_it_begins_anew_after_it_was_cleared(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    spool.put(b"gone")
    spool.clear()
    assert spool.get(spool.put(b"new"), 3) == b"new"


def test_clearing_an_unused_one_is_nothing(tmp_path: Path) -> None:
    FileSpool(tmp_path).clear()
