"""From a mongod on restored files into a replica set."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.binary import Binary
from bson.son import SON
from bson.timestamp import Timestamp

from mmsconsole.clock import SystemClock
from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.dump.contents import Batch, Content
from mmsconsole.dump.folder_content import FolderContent
from mmsconsole.errors import Cancelled, Refused, ServerTooOld, SourceUnreachable, TargetNotEmpty
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.targets import Selection
from mmsconsole.mongod.source_uri import parse_uri
from mmsconsole.restore.choosing import Choice, Chosen, choose
from mmsconsole.restore.dumping import write_archive, write_folder
from mmsconsole.restore.live.making import create
from mmsconsole.restore.live.notes import MemoryNotes, Notes
from mmsconsole.restore.live.primary import Primary
from mmsconsole.restore.live.standing import Standing, check_version, occupied, standing_of
from mmsconsole.restore.live.writing import LiveWriter
from mmsconsole.restore.server_content import ServerContent
from mmsconsole.secret import Secret
from mmsconsole.task import Cancellation, Task
from tests.restore.live.conftest import Live, write

pytestmark = pytest.mark.xdist_group("restores")

HOSTILE = [
    "with space", "a/b", "..".join("abc"), "ünï☃", "q\"uo'te", "new\nline", "%41+", "x" * 240,
    "日" * 80, "-rf", "~",
]  # fmt: skip
ODD: list[dict[str, Any]] = [
    {"_id": Timestamp(0, 0), "a": 1},
    {"_id": 1, "ts": Timestamp(0, 0), "a.b": Timestamp(0, 0), "$c": Timestamp(0, 0)},
    {"_id": SON([("b", 1), ("a", 2)]), "z": Timestamp(0, 0)},
    {"_id": None, "big": Binary(bytes(300_000))},
    {"_id": datetime(1, 1, 1, tzinfo=UTC), "": ""},
]


def content_of(server: HeadServer, filters: dict[str, bytes] | None = None) -> ServerContent:
    return ServerContent(server, filters or {}, Task())


def only(*databases: str, **more: Any) -> Selection:
    return Selection(namespaces=databases, users=False, **more)


def test_every_kind_of_collection_and_document_arrives_equal(
    restored: HeadServer, live: Live
) -> None:
    db = restored.client.kinds
    db.plain.insert_many([{"_id": n, "pad": "x" * 200} for n in range(4000)])
    db.plain.create_index([("pad", 1), ("_id", -1)], name="both")
    db.odd.insert_many(ODD[2:])
    odd = [{"op": "i", "ns": "kinds.odd", "o": one} for one in ODD[:2]]
    restored.client.admin.command("applyOps", odd, allowAtomic=False)  # an insert replaces zeros
    assert db.odd.find_one({"_id": 1}) == ODD[1]
    db.create_collection("capped", capped=True, size=1 << 20)
    db.capped.insert_many([{"_id": n} for n in (5, 3, 9, 1)])
    db.create_collection("german", collation={"locale": "de"})
    db.german.create_index("simple", collation={"locale": "simple"})
    db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    db.clustered.insert_many([{"_id": n} for n in range(50)])
    db.create_collection("checked", validator={"a": {"$regex": "^x"}})
    db.command("insert", "checked", documents=[{"_id": 1}], bypassDocumentValidation=True)
    db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    now = datetime(2026, 11, 20, tzinfo=UTC)
    db.series.insert_many([{"t": now, "m": n % 3, "v": n} for n in range(100)])
    db.series.create_index([("m", 1)])
    db.command("create", "seen", viewOn="plain", pipeline=[{"$match": {"_id": {"$gt": 9}}}])
    db.empty.create_index("later", expireAfterSeconds=3600)
    verdict = write(live, content_of(restored), only("kinds"))
    assert verdict.different == []
    assert "dbHash equal for 8 collections" in verdict.in_words()
    assert live.hashes("kinds") == db.command("dbHash")["collections"]
    assert live.client.kinds.odd.find_one({"_id": 1}) == ODD[1]
    assert [one["_id"] for one in live.client.kinds.capped.find()] == [5, 3, 9, 1]
    for name in ("plain", "german", "empty", "series", "clustered"):
        ours = list(live.client.kinds[name].list_indexes())
        assert ours == list(db[name].list_indexes()), name
    options = {one["name"]: one["options"] for one in db.list_collections()}
    there = {one["name"]: one["options"] for one in live.client.kinds.list_collections()}
    assert there == options


def test_hostile_names_arrive_as_they_are(restored: HeadServer, live: Live) -> None:
    for number, name in enumerate(HOSTILE):
        command = {"insert": name, "documents": [{"_id": number}]}  # the driver refuses ".."
        restored.client["näme"].command(command)
    verdict = write(live, content_of(restored), only("näme"))
    assert verdict.hashed == len(HOSTILE)
    assert live.hashes("näme") == restored.client["näme"].command("dbHash")["collections"]


@pytest.mark.parametrize("compressed", [None, False, True])
def test_what_was_dumped_by_us_comes_back_equal_whatever_it_is_called(
    restored: HeadServer, live: Live, tmp_path: Path, compressed: bool | None
) -> None:
    """An archive, and a folder plain and with gzip."""
    db = restored.client["näme"]
    for name in HOSTILE:
        db.command({"insert": name, "documents": ODD[2:]})
        odd = [{"op": "i", "ns": f"näme.{name}", "o": one} for one in ODD[:2]]
        restored.client.admin.command("applyOps", odd, allowAtomic=False)
    content = content_of(restored)
    choice = choose(content.collections, only("näme"))
    dump: Content
    if compressed is None:
        with (tmp_path / "a").open("wb") as file:
            write_archive(content, choice, file.write, Task())
        dump = ArchiveContent(tmp_path / "a")
    else:
        write_folder(content, choice, tmp_path, compressed=compressed, task=Task())
        dump = FolderContent(tmp_path)
    verdict = write(live, dump, only("näme"))
    assert (verdict.counted, verdict.different) == (len(HOSTILE), [])
    assert live.hashes("näme") == db.command("dbHash")["collections"]


def test_beside_the_old_ones_and_only_what_a_filter_finds(restored: HeadServer, live: Live) -> None:
    restored.client.shop.orders.insert_many([{"_id": n, "c": n % 7} for n in range(70)])
    restored.client.shop.other.insert_one({"_id": 1})
    live.client.shop.orders.insert_one({"_id": "old"})
    what = only(
        "shop.orders", renames=(("shop.orders", "shop.found"),), filters=(("shop.orders", "{}"),)
    )
    content = content_of(restored, {"shop.orders": bson.encode({"c": 3})})
    verdict = write(live, content, what)
    assert (verdict.counted, verdict.hashed, verdict.different) == (1, 0, [])
    assert live.client.shop.found.count_documents({"c": 3}) == 10
    assert live.client.shop.found.count_documents({}) == 10
    assert sorted(live.client.shop.list_collection_names()) == ["found", "orders"]


def test_what_would_be_overwritten_is_told_and_refused_by_default(
    restored: HeadServer, live: Live
) -> None:
    restored.client.shop.a.insert_one({"_id": 1})
    restored.client.shop.command("create", "v", viewOn="a", pipeline=[])
    live.client.shop.a.insert_many([{"_id": n, "mine": "x" * 100} for n in range(3)])
    live.client.shop.v.insert_one({"_id": 1})
    content = content_of(restored)
    targets = [one.target for one in choose(content.collections, only("shop")).data]
    primary = live.primary()
    told = {one.ns: one for one in occupied(primary, targets)}
    assert (told["shop.a"].documents, told["shop.a"].kind) == (3, "collection")
    assert told["shop.a"].bytes > 300
    with pytest.raises(TargetNotEmpty, match=r"'shop\.a' \(3 documents.*'shop\.v'"):
        write(live, content, only("shop"))
    assert live.client.shop.a.count_documents({}) == 3
    write(live, content_of(restored), only("shop"), overwrite=True)
    assert list(live.client.shop.a.find()) == [{"_id": 1}]
    assert list(live.client.shop.v.find()) == [{"_id": 1}]
    primary.close()


class Stopping:
    """A content that stops the restore after its first batch."""

    where, server_version = "here", "6.0.5"

    def __init__(self, content: ServerContent, error: BaseException) -> None:
        self.collections = content.collections
        self._content = content
        self._error = error
        self.seen: list[str] = []

    def batches(self, wanted: frozenset[str], task: Task) -> Iterator[Batch]:
        for batch in self._content.batches(wanted, task):
            self.seen.append(batch.collection.ns)
            yield batch
            if len(set(self.seen)) == 2:
                raise self._error


def two_collections(restored: HeadServer) -> None:
    for name in ("a", "b", "c"):
        restored.client.shop[name].insert_many([{"_id": n, "of": name} for n in range(100)])


def killed(restored: HeadServer, primary: Primary, notes: Notes, *, overwrite: bool) -> Choice:
    """One whose engine died in its second collection; returns what it was to write."""
    two_collections(restored)
    content = Stopping(content_of(restored), SystemExit())
    choice = choose(content.collections, only("shop"))
    with pytest.raises(SystemExit):
        LiveWriter(primary, notes, "1", overwrite=overwrite).documents(content, choice, Task())
    return choice


def test_a_cancelled_one_takes_away_what_it_made_and_says_what_is_hurt(
    restored: HeadServer, live: Live
) -> None:
    two_collections(restored)
    live.client.shop.a.insert_one({"_id": "old"})
    live.client.shop.mine.insert_one({"_id": 1})
    content = Stopping(content_of(restored), Cancelled())
    primary, notes = live.primary(), MemoryNotes()
    writer = LiveWriter(primary, notes, "1", overwrite=True)
    with pytest.raises(Cancelled):
        writer.documents(content, choose(content.collections, only("shop")), Task())
    assert writer.abandon() == ["shop.a"]
    assert sorted(live.client.shop.list_collection_names()) == ["a", "mine"]
    assert notes.begun() == {}
    primary.close()


def test_one_that_was_killed_goes_on_with_what_was_not_finished(
    restored: HeadServer, live: Live
) -> None:
    primary, notes = live.primary(), MemoryNotes()
    choice = killed(restored, primary, notes, overwrite=False)
    assert [ns for ns, one in notes.begun().items() if one.finished] == ["shop.a"]
    live.client.shop.a.update_one({"_id": 1}, {"$set": {"seen": 1}})
    content = content_of(restored)
    writer = LiveWriter(primary, notes, "1", overwrite=False)
    writer.documents(content, choice, Task())
    verdict = writer.compare(choice, content.hash_of, frozenset(), Task())
    assert verdict.different == ["shop.a"]  # it was not written again
    assert verdict.hashed == 2
    assert live.client.shop.c.count_documents({}) == 100
    assert {one.documents for one in notes.begun().values()} == {100}
    primary.close()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["a", "b"])
def test_what_somebody_made_anew_meanwhile_is_neither_dropped_nor_taken_away(
    restored: HeadServer, live: Live, name: str, overwrite: bool
) -> None:
    """The host of the engine was away; they could not wait, and brought it back by hand."""
    primary, notes = live.primary(), MemoryNotes()
    choice = killed(restored, primary, notes, overwrite=overwrite)
    live.client.shop[name].drop()
    live.client.shop[name].insert_one({"_id": "by hand"})
    writer = LiveWriter(primary, notes, "1", overwrite=overwrite)
    with pytest.raises(TargetNotEmpty, match="anew since the restore began") as refused:
        writer.documents(content_of(restored), choice, Task())
    assert refused.value.where == f"'shop.{name}'"
    assert refused.value.hint
    assert writer.abandon() == []
    assert live.client.shop.list_collection_names() == [name]
    assert live.client.shop[name].find_one() == {"_id": "by hand"}
    primary.close()


def test_of_what_was_begun_and_not_noted_as_made_only_what_is_empty_is_dropped(
    restored: HeadServer, live: Live
) -> None:
    two_collections(restored)
    notes, primary, content = MemoryNotes(), live.primary(), content_of(restored)
    for name in ("a", "b"):
        notes.begin(f"shop.{name}", existed=False)
    live.client.shop.create_collection("a")  # by us, a moment before the end
    live.client.shop.b.insert_one({"_id": "by hand"})
    writer = LiveWriter(primary, notes, "1", overwrite=False)
    with pytest.raises(TargetNotEmpty):
        writer.documents(content, choose(content.collections, only("shop")), Task())
    writer.abandon()
    assert live.client.shop.list_collection_names() == ["b"]
    primary.close()


def test_a_finished_collection_that_was_dropped_meanwhile_is_written_again(
    restored: HeadServer, live: Live
) -> None:
    two_collections(restored)
    notes, primary, content = MemoryNotes(), live.primary(), content_of(restored)
    choice = choose(content.collections, only("shop"))
    writer = LiveWriter(primary, notes, "1", overwrite=False)
    writer.documents(content, choice, Task())
    live.client.shop.a.drop()
    content = content_of(restored)
    writer.documents(content, choice, Task())
    assert not writer.compare(choice, content.hash_of, frozenset(), Task()).different
    primary.close()


def test_a_target_that_is_away_while_it_is_compared_is_no_difference(
    restored: HeadServer, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored.client.shop.a.insert_one({"_id": 1, "n": 1})
    content, primary = content_of(restored), live.primary()
    choice = choose(content.collections, only("shop"))
    writer = LiveWriter(primary, MemoryNotes(), "1", overwrite=False)
    writer.documents(content, choice, Task())

    def away(*_: object) -> None:
        raise SourceUnreachable("does not answer")

    monkeypatch.setattr(Primary, "run", away)
    with pytest.raises(SourceUnreachable):
        writer.compare(choice, None, frozenset(), Task())
    monkeypatch.undo()
    primary.close()


def test_an_option_of_a_dump_does_not_lead_to_another_name(live: Live) -> None:
    primary = live.primary()
    hostile = DumpedCollection("shop", "a", options=bson.encode({"create": "b", "capped": False}))
    create(primary, hostile)
    assert live.client.shop.list_collection_names() == ["a"]
    primary.close()


def test_a_difference_is_seen(restored: HeadServer, live: Live) -> None:
    restored.client.shop.a.insert_one({"_id": 1, "n": 1})
    content = content_of(restored)
    choice = choose(content.collections, only("shop"))
    primary = live.primary()
    writer = LiveWriter(primary, MemoryNotes(), "1", overwrite=False)
    writer.documents(content, choice, Task())
    live.client.shop.a.update_one({"_id": 1}, {"$set": {"n": 2}})
    verdict = writer.compare(choice, content.hash_of, frozenset(), Task())
    assert verdict.in_words().startswith("DIFFERENT: 'shop.a'")
    primary.close()


@pytest.mark.parametrize(
    ("version", "fcv", "needed", "refused"),
    [
        ("6.0.5", "6.0", "6.0", False),
        ("6.0.5", "6.0", "5.0", False),
        ("6.0.5", "5.0", "6.0", True),
        ("5.0.20", "", "6.0.5", True),
        ("10.0.1", "10.0", "8.0", False),
        ("6.0.5", "6.0", "", False),
    ],
)
def test_a_target_too_old_for_the_data_is_refused(
    version: str, fcv: str, needed: str, refused: bool
) -> None:
    standing = Standing(version, fcv)
    if not refused:
        check_version(standing, needed, "there")
        return
    with pytest.raises(ServerTooOld, match=r"the data are of 6\.0"):
        check_version(standing, needed, "there")


def test_the_real_set_tells_its_version(live: Live) -> None:
    primary = live.primary()
    found = standing_of(primary)
    assert found.fcv == "6.0"
    assert found.version.startswith("6.0")
    primary.close()


def test_a_database_of_the_servers_own_is_never_written(live: Live) -> None:
    primary = live.primary()
    writer = LiveWriter(primary, MemoryNotes(), "1", overwrite=True)
    for name in ("admin", "config", "local"):
        choice = Choice((Chosen(DumpedCollection("a", "b"), DumpedCollection(name, "b")),), ())
        with pytest.raises(Refused, match=f"{name} is a database of the server's own"):
            writer.check(choice)
    primary.close()


def test_a_target_that_is_not_there_is_told_with_its_address() -> None:
    uri = parse_uri(Secret("mongodb://127.0.0.1:1/"))
    primary = Primary(uri, SystemClock(), Task(), 0)
    with pytest.raises(SourceUnreachable, match=r"127\.0\.0\.1:1"):
        primary.run("admin", {"ping": 1})


def test_who_waits_for_a_primary_can_be_cancelled() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    uri = parse_uri(Secret("mongodb://127.0.0.1:1/"))
    primary = Primary(uri, SystemClock(), Task(cancellation), 3600)
    with pytest.raises(Cancelled):
        primary.run("admin", {"ping": 1})
