"""Dump folders: names that come from outside, and files that are not what they should be."""

import gzip
from pathlib import Path

import bson
import pytest

from mmsconsole.dump.collections import BUCKETS, DumpedCollection
from mmsconsole.dump.folder_content import FolderContent
from mmsconsole.dump.folder_writer import FolderWriter
from mmsconsole.dump.names import check_names, file_name
from mmsconsole.errors import DumpDamaged
from mmsconsole.task import Task

ONE = bson.encode({"_id": 1})
NAMES = [
    "plain", "with space", "a/b", "a\\b", "..c", "a..b", "c:d*e?f|g<h>\"i'", "%41", "a+b",
    "ünïcödé", "日本" * 30, "x" * 238, "x" * 239, "\N{SNOWMAN}" * 70, "a\nb\rc\td", "$" + "d" * 10,
    "~tilde", ".bson", "c.metadata.json", "c.bson.gz", "CON", "-rf",
]  # fmt: skip


def usable(name: str) -> bool:
    return not name.startswith(".")


@pytest.mark.parametrize("compressed", [False, True])
def test_names_of_every_kind_come_back_and_stay_inside(tmp_path: Path, compressed: bool) -> None:
    writer = FolderWriter(tmp_path / "dump", compressed=compressed)
    (tmp_path / "dump").mkdir()
    names = sorted(filter(usable, NAMES))
    for name in names:
        one = DumpedCollection("dä-ta", name)
        writer.write_metadata(one)
        with writer.documents(one) as file:
            file.write(ONE)
    writer.write_prelude("6.0.5")
    writer.sync()
    content = FolderContent(tmp_path / "dump")
    assert sorted(one.name for one in content.collections) == names
    wanted = frozenset(one.ns for one in content.collections)
    found = [batch for batch in content.batches(wanted, Task()) if batch.count]
    assert sorted(batch.collection.name for batch in found) == names
    assert {path.name for path in tmp_path.iterdir()} == {"dump"}
    assert all(len(path.name.encode()) <= 255 for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["..", "a/b", "", "x" * 64, "a.b", "a\0b", "a b"])
def test_a_database_that_would_be_a_path_is_never_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(DumpDamaged):
        FolderWriter(tmp_path, compressed=False).write_metadata(DumpedCollection(name, "c"))
    assert not list(tmp_path.iterdir())


def test_a_lone_surrogate_is_no_name() -> None:
    with pytest.raises(DumpDamaged, match="no text"):
        check_names("a", "b\udc80", "here")


def test_a_time_series_with_a_long_name_finds_its_buckets(tmp_path: Path) -> None:
    writer = FolderWriter(tmp_path, compressed=False)
    name = "\N{SNOWMAN}" * 60
    one = DumpedCollection("db", name, "timeseries")
    writer.write_metadata(one)
    with writer.documents(one) as file:
        file.write(ONE)
    content = FolderContent(tmp_path)
    assert [(c.name, c.kind) for c in content.collections] == [(name, "timeseries")]
    assert file_name(BUCKETS + name) != BUCKETS + name


def metadata(name: str) -> bytes:
    text = f'{{"indexes":[],"collectionName":"{name}","type":"collection"}}'
    return text.encode()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no dump"),
        ({"db/c.metadata.json": metadata("c")}, "documents are missing"),
        ({"db/c.metadata.json": metadata("other"), "db/c.bson": ONE}, "speaks of 'other'"),
        ({"db/c.metadata.json": b"\xff\xfe", "db/c.bson": ONE}, "no text"),
        ({"db/c.bson": ONE, "db/c.bson.gz": gzip.compress(ONE)}, "compressed and not compressed"),
        ({"d b/c.bson": ONE}, "no database can have this name"),
        ({"db/%00.bson": ONE}, "no collection can have this name"),
        ({"db/%2E%2E%2Fetc.bson": ONE}, "no collection can have this name"),
        ({"db/%ff.bson": ONE}, "no collection's"),
        ({"db/" + "x" * 208 + "%24" + "h" * 27 + ".bson": ONE}, "metadata are missing"),
        ({"prelude.json": b"[", "db/c.bson": ONE}, "no JSON"),
    ],
)
def test_a_folder_that_mongodump_did_not_write_is_refused(
    tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DumpDamaged, match=said) as raised:
        FolderContent(tmp_path)
    assert raised.value.where.startswith(str(tmp_path))


@pytest.mark.parametrize("data", [ONE[:-1], ONE + b"\x05", b"\xff\xff\xff\xff", ONE + bytes(9)])
def test_documents_that_are_cut_off_or_none_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "c.bson").write_bytes(data)
    content = FolderContent(tmp_path)
    with pytest.raises(DumpDamaged) as raised:
        list(content.batches(frozenset({"db.c"}), Task()))
    assert raised.value.where == str(tmp_path / "db" / "c.bson")


def test_a_folder_without_metadata_and_prelude_is_read_as_old_versions_wrote_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "a+b%2Fc.bson").write_bytes(ONE)
    content = FolderContent(tmp_path)
    assert [one.ns for one in content.collections] == ["db.a b/c"]
    assert content.server_version == ""
