"""What a real mongodump has written, into a real replica set, by the whole way."""

import json
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import json_util
from bson.codec_options import CodecOptions

from mmsconsole.clock import SystemClock
from mmsconsole.dump.documents import spans
from mmsconsole.errors import (
    ApplyFailed,
    DumpDamaged,
    SourceUnreachable,
    TargetNotEmpty,
    UsageError,
)
from mmsconsole.metadata.targets import WHOLE, Selection
from mmsconsole.restore.live.from_dump import DumpRestore, DumpRestored, DumpWish, open_dump
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.task import Task
from tests.restore.live.conftest import FIXTURES, Live

pytestmark = pytest.mark.xdist_group("restores")
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
HASHES: dict[str, str | None] = EXPECTED[
    "dbHash of the source when plain, gzip, folder and folder-gzip were taken"
]


def restore(
    live: Live, path: Path, what: Selection = WHOLE, *, overwrite: bool = False, replay: bool = True
) -> DumpRestored:
    wish = DumpWish(path, live.uri, what, overwrite, replay)
    return DumpRestore(wish, SystemClock(), Task()).run(lambda _: None)


def state_of(live: Live) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for database in ("shop", "db-two"):
        found |= {f"{database}.{name}": md5 for name, md5 in live.hashes(database).items()}
    return found


def test_archive_and_folder_with_and_without_gzip_give_the_sources_documents(live: Live) -> None:
    expected = {ns: md5 for ns, md5 in HASHES.items() if md5 is not None}
    for number, name in enumerate(("plain.archive", "gzip.archive", "folder", "folder-gzip")):
        done = restore(live, FIXTURES / name, overwrite=number > 0)
        assert state_of(live) == expected, name
        assert "number of documents equal for 9 collections" in done.verified
        assert done.until is None
    assert [one["_id"] for one in live.client.admin["system.users"].find()] == ["admin.app"]
    assert [one["_id"] for one in live.client.admin["system.roles"].find()] == ["admin.auditor"]
    left = [name for name in live.client.admin.list_collection_names() if "mmsconsole" in name]
    assert left == []


def test_options_indexes_views_and_time_series_are_as_they_were_dumped(live: Live) -> None:
    restore(live, FIXTURES / "folder")
    listed = {one["name"]: one for one in live.client.shop.list_collections()}
    for path in sorted((FIXTURES / "folder" / "shop").glob("*.metadata.json")):
        text = json_util.loads(path.read_text())
        one = listed[text["collectionName"]]
        assert one["type"] == text["type"]
        assert one["options"] == text.get("options", {})
        if text["type"] == "collection":
            found = list(live.client.shop[one["name"]].list_indexes())
            assert [dict(index) for index in found] == text["indexes"], one["name"]
            assert [list(i["key"]) for i in found] == [list(i["key"]) for i in text["indexes"]]
    assert live.client.shop.metrics.count_documents({}) > 3
    assert live.client.shop.recent.count_documents({}) > 0


AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
State = dict[str, dict[Any, dict[str, Any]]]


def follow(state: State, entry: dict[str, Any]) -> None:
    """What an entry of the fixtures does."""
    documents = state.get(entry["ns"], {})
    if entry["op"] == "d":
        documents.pop(entry["o"]["_id"])
    elif "diff" in entry["o"]:
        diff = entry["o"]["diff"]
        documents[entry["o2"]["_id"]] |= diff.get("u", {}) | diff.get("i", {})
    elif entry["op"] != "n":
        documents[entry["o"]["_id"]] = entry["o"]


def decoded(data: bytes) -> list[dict[str, Any]]:
    return [bson.decode(data[start:end], AWARE) for start, end in spans(data)]


@pytest.mark.parametrize("name", ["oplog.archive", "folder-oplog"])
def test_the_oplog_of_a_dump_is_applied_up_to_its_end(live: Live, name: str) -> None:
    dump = open_dump(FIXTURES / name)
    state: State = {"shop.live": {}, "shop.orders": {}}
    for batch in dump.batches(frozenset(state), Task()):
        found = {one["_id"]: one for one in decoded(bytes(batch.data))}
        state[batch.collection.ns].update(found)
    entries = [one for run in dump.oplog(Task()) for one in decoded(run)]
    for entry in entries:
        for each in entry["o"].get("applyOps", [entry]):
            follow(state, each)
    done = restore(live, FIXTURES / name)
    for ns, documents in state.items():
        collection = live.client.shop[ns.removeprefix("shop.")]
        assert {one["_id"]: one for one in collection.find()} == documents
    assert done.entries == len(entries) > 5
    assert done.until is not None
    indexes = live.client.shop.orders.index_information()
    assert set(indexes) == {"_id_", "customer_1_at_-1", "by_total"}


def test_without_its_oplog_a_part_may_be_restored_under_another_name(live: Live) -> None:
    what = Selection(namespaces=("shop",), renames=(("shop", "old"),), users=False)
    with pytest.raises(UsageError, match="oplog belongs to all of it"):
        restore(live, FIXTURES / "oplog.archive", what)
    restore(live, FIXTURES / "oplog.archive", what, replay=False)
    assert live.client.old.orders.count_documents({}) == 400
    assert live.client.old.recent.count_documents({}) > 0
    assert "shop" not in live.client.list_database_names()


def test_what_is_there_is_not_touched_unless_that_was_asked_for(live: Live) -> None:
    live.client.shop.orders.insert_one({"_id": "mine"})
    with pytest.raises(TargetNotEmpty, match=r"'shop.orders' \(1 documents"):
        restore(live, FIXTURES / "folder")
    assert [one["_id"] for one in live.client.shop.orders.find()] == ["mine"]
    assert live.client.shop.list_collection_names() == ["orders"]
    restore(live, FIXTURES / "folder", overwrite=True)
    assert live.client.shop.orders.count_documents({}) == 400


def test_of_a_damaged_dump_nothing_stays_but_what_was_there(live: Live, tmp_path: Path) -> None:
    data = bytearray((FIXTURES / "plain.archive").read_bytes())
    data[-9] ^= 1
    (tmp_path / "bad.archive").write_bytes(data)
    before = live.client.list_database_names()
    live.client.other.mine.insert_one({"_id": 1})
    with pytest.raises(DumpDamaged, match="checksum"):
        restore(live, tmp_path / "bad.archive")
    assert live.client.list_database_names() == sorted([*before, "other"])
    assert not [n for n in live.client.admin.list_collection_names() if "mmsconsole" in n]


def test_an_oplog_that_changes_what_no_dump_has_is_refused(live: Live, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.bson").write_bytes(b"")
    change = {"op": "u", "ns": "a.b", "ui": bson.Binary(bytes(15) + b"1", 4), "o2": {"_id": 1},
              "o": {"$v": 2, "diff": {"u": {"x": 1}}}, "ts": bson.Timestamp(9, 1),
              "t": bson.Int64(1), "v": bson.Int64(2)}  # fmt: skip
    (folder / "oplog.bson").write_bytes(bson.encode(change))
    with pytest.raises(ApplyFailed, match="1 documents that the oplog changes are not in the dump"):
        restore(live, folder)
    assert "a" not in live.client.list_database_names()
    gone = {**change, "op": "d", "o": {"_id": 1}, "ts": bson.Timestamp(9, 2)}
    put = {**change, "op": "i", "o": {"_id": 1, "x": 2}, "ts": bson.Timestamp(9, 3)}
    (folder / "oplog.bson").write_bytes(b"".join(map(bson.encode, [change, gone, put])))
    restore(live, folder)
    assert list(live.client.a.b.find()) == [{"_id": 1, "x": 2}]


def test_what_can_not_be_taken_away_is_said_and_does_not_hide_why(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: LiveWriter) -> list[str]:
        raise SourceUnreachable("the target is gone")

    monkeypatch.setattr(LiveWriter, "abandon", gone)
    (tmp_path / "bad.archive").write_bytes((FIXTURES / "plain.archive").read_bytes()[:-9])
    told: list[str] = []
    wish = DumpWish(tmp_path / "bad.archive", live.uri, WHOLE)
    with pytest.raises(DumpDamaged):
        DumpRestore(wish, SystemClock(), Task()).run(told.append)
    assert told == ["what was written stays there: the target is gone"]
