"""What a real mongodump 100.18 has written."""

import gzip
from pathlib import Path

import pytest

from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.dump.folder_content import FolderContent
from mmsconsole.dump.metadata_json import read_metadata, write_metadata
from mmsconsole.dump.names import file_name
from mmsconsole.task import Task
from tests.dump import strict_archive

FIXTURES = Path(__file__).parent / "fixtures"
ALL = ("plain.archive", "gzip.archive", "oplog.archive", "folder", "folder-gzip", "folder-oplog")
LONG = "x" * 200 + "\N{SNOWMAN}"
COUNTS = {
    "admin.system.users": 1, "admin.system.roles": 1, "admin.system.version": 2, "db-two.c": 10,
    "shop.empty": 0, "shop.fr": 2, "shop.log": 50, "shop.metrics": 3, "shop.orders": 400,
    "shop.types": 1, "shop.with/slash and%percent": 1,
}  # fmt: skip


def content_of(name: str) -> ArchiveContent | FolderContent:
    path = FIXTURES / name
    return FolderContent(path) if path.is_dir() else ArchiveContent(path)


def documents_of(content: ArchiveContent | FolderContent) -> dict[str, bytes]:
    wanted = frozenset(one.ns for one in content.collections)
    found: dict[str, bytes] = {}
    for batch in content.batches(wanted, Task()):
        found[batch.collection.ns] = found.get(batch.collection.ns, b"") + batch.data
    return found


@pytest.mark.parametrize("name", ALL)
def test_every_dump_is_read_whole(name: str) -> None:
    content = content_of(name)
    counts: dict[str, int] = {}
    ended = []
    for batch in content.batches(frozenset(one.ns for one in content.collections), Task()):
        counts[batch.collection.ns] = counts.get(batch.collection.ns, 0) + batch.count
        ended += [batch.collection.ns] if batch.last else []
    assert content.server_version == "6.0.5"
    assert counts.items() >= COUNTS.items()
    assert sum(ns.startswith("shop.xxx") for ns in counts) == 1
    assert sorted(ended) == sorted(counts)
    kinds = {one.ns: one.kind for one in content.collections}
    assert (kinds["shop.recent"], kinds["shop.metrics"]) == ("view", "timeseries")


def test_an_archive_and_a_folder_hold_the_same() -> None:
    plain = documents_of(content_of("plain.archive"))
    for name in ("gzip.archive", "folder", "folder-gzip"):
        assert documents_of(content_of(name)) == plain


@pytest.mark.parametrize("name", ["oplog.archive", "folder-oplog"])
def test_the_oplog_is_read_apart_from_the_collections(name: str) -> None:
    content = content_of(name)
    assert content.has_oplog
    assert len(b"".join(content.oplog(Task()))) > 2000
    assert not any(one.name == "oplog" for one in content.collections)


def test_metadata_are_written_byte_for_byte_as_mongodump_writes_them() -> None:
    texts = [path.read_text() for path in FIXTURES.glob("folder/*/*.metadata.json")]
    texts += [gzip.decompress(p.read_bytes()).decode() for p in FIXTURES.rglob("*.json.gz")
              if p.name != "prelude.json.gz"]  # fmt: skip
    assert len(texts) == 26
    for text in texts:
        assert write_metadata(read_metadata(text, "db", "c", "here")) == text


def test_files_are_named_as_mongodump_names_them() -> None:
    for content in (content_of("folder"), content_of("folder-gzip")):
        assert isinstance(content, FolderContent)
        for one in content.collections:
            if one.has_documents:
                stem = file_name(one.data_name)
                found = list((Path(content.where) / one.database).iterdir())
                assert any(path.name.startswith(stem + ".bson") for path in found)


def test_the_strict_reader_of_the_tests_agrees_with_the_real_archives() -> None:
    for name in ("plain.archive", "oplog.archive"):
        found = strict_archive.read((FIXTURES / name).read_bytes())
        ours = documents_of(content_of(name))
        names = {(one.database, one.data_name): one.ns for one in content_of(name).collections}
        for key, documents in found.documents.items():
            if key[0] and names[key] in ours:
                assert b"".join(documents) == ours[names[key]]


def test_what_is_not_wanted_is_passed_over() -> None:
    wanted = frozenset({"db-two.c"})
    for name in ALL:
        found = {batch.collection.ns for batch in content_of(name).batches(wanted, Task())}
        assert found == wanted


def test_indexes_keep_the_order_of_their_keys() -> None:
    orders = next(one for one in content_of("folder").collections if one.ns == "shop.orders")
    assert isinstance(orders, DumpedCollection)
    assert b"customer" in orders.indexes[1]
    assert orders.indexes[1].index(b"customer") < orders.indexes[1].index(b"at\x00")
