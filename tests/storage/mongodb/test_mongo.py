"""A database of a replica set as storage."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    SettingsError,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)
from mmsconsole.metadata.database import DATABASE as METADATA_DATABASE
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.secret import Secret
from mmsconsole.storage.mongodb import mongo_storage as module
from mmsconsole.storage.mongodb.entry import new_version
from mmsconsole.storage.mongodb.mongo_storage import PART_BYTES, SWEEP_AFTER, MongoStorage
from mmsconsole.storage.mongodb.url import open_mongo
from tests.storage.contract import StorageContract, keys

pytestmark = pytest.mark.xdist_group("oplog source")
DATABASE = "storage_of_tests"
LARGE = bytes(range(256)) * (PART_BYTES * 3 // 256 + 7)
"""Four parts; no two beginnings of parts are alike at the same place."""

Database = Any


@pytest.fixture(scope="module")
def server(replica_set: LocalReplicaSet) -> Iterator[MongoClient[dict[str, Any]]]:
    with replica_set.client() as client:
        yield client


@pytest.fixture
def database(server: MongoClient[dict[str, Any]]) -> Database:
    for name in ("objects", "parts"):
        server[DATABASE][name].delete_many({})
    return server[DATABASE]


@pytest.fixture(scope="module")
def opened(replica_set: LocalReplicaSet) -> MongoStorage:
    uri = replica_set.uri.replace("/?", f"/{DATABASE}?")
    return open_mongo(Secret(uri), timeout_seconds=60)


@pytest.fixture
def storage(opened: MongoStorage, database: Database) -> MongoStorage:
    return opened


class TestMongoStorage(StorageContract):
    pass


def test_a_large_object_lies_in_parts_and_a_range_reads_only_its_own(
    storage: MongoStorage, database: Database
) -> None:
    storage.put("k", [LARGE[:100], LARGE[100:]])

    assert storage.get("k") == LARGE
    assert database.parts.count_documents({}) == 4
    database.parts.delete_many({"_id.n": {"$in": [0, 3]}})
    start = PART_BYTES + 5
    assert storage.get_range("k", start, PART_BYTES) == LARGE[start : start + PART_BYTES]
    with pytest.raises(ObjectCorrupt, match="k: some of its parts are missing"):
        storage.get_range("k", start, 2 * PART_BYTES)


def test_more_parts_than_one_read_takes_come_in_order(storage: MongoStorage) -> None:
    long = b"".join(bytes([number]) * PART_BYTES for number in range(20)) + b"end"

    storage.put("k", [long])

    assert storage.get("k") == long
    assert storage.get_range("k", PART_BYTES * 8 - 1, 3) == b"\x07\x08\x08"


def test_a_part_is_held_against_what_was_stored(storage: MongoStorage, database: Database) -> None:
    storage.put("k", [LARGE])
    part = database.parts.find_one({"_id.n": 1})
    for wrong in (b"x" + part["data"][1:], part["data"][:-1], part["data"] + b"x"):
        database.parts.update_one({"_id": part["_id"]}, {"$set": {"data": wrong}})

        with pytest.raises(ObjectCorrupt, match="k: part 1 is not what was stored"):
            storage.get("k")


@pytest.mark.parametrize(
    "change", [{"bytes": -1}, {"bytes": 1 << 40}, {"version": 1}, {"part_bytes": 0}, {"crcs": b"1"}]
)
def test_a_damaged_entry_is_corrupt(
    storage: MongoStorage, database: Database, change: dict[str, Any]
) -> None:
    storage.put("k", [LARGE])
    database.objects.update_one({"_id": "k"}, {"$set": change})

    with pytest.raises(ObjectCorrupt, match="k: its entry is damaged"):
        storage.get("k")


def test_what_was_replaced_or_deleted_leaves_no_parts(
    storage: MongoStorage, database: Database
) -> None:
    storage.put("k", [LARGE])
    storage.put("k", [b"small"])
    assert database.parts.count_documents({}) == 1

    storage.delete("k")
    assert database.parts.count_documents({}) == 0


def test_a_put_that_fails_leaves_no_parts(storage: MongoStorage, database: Database) -> None:
    def parts() -> Iterator[bytes]:
        yield LARGE
        raise StorageError("a source that fails")

    with pytest.raises(StorageError, match="a source that fails"):
        storage.put("k", parts())

    assert database.parts.count_documents({}) == 0


def test_a_reader_of_an_object_that_is_replaced_gets_one_version_whole(
    storage: MongoStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the old entry when the new version takes its place."""
    new = bytes(reversed(LARGE))
    storage.put("k", [LARGE])
    read = MongoStorage._get_parts

    def replaced_first(self: MongoStorage, *args: Any) -> bytes:
        monkeypatch.setattr(MongoStorage, "_get_parts", read)
        self.put("k", [new])
        return read(self, *args)

    monkeypatch.setattr(MongoStorage, "_get_parts", replaced_first)

    assert storage.get("k") == new


def test_a_reader_of_an_object_that_is_deleted_is_told_so(
    storage: MongoStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("k", [LARGE])
    read = MongoStorage._get_parts

    def deleted_first(self: MongoStorage, *args: Any) -> bytes:
        self.delete("k")
        return read(self, *args)

    monkeypatch.setattr(MongoStorage, "_get_parts", deleted_first)

    with pytest.raises(ObjectMissing):
        storage.get("k")


def test_readers_beside_a_writer_never_see_two_versions_in_one(storage: MongoStorage) -> None:
    versions = [bytes([number]) * (3 * PART_BYTES) for number in range(20)]
    storage.put("k", [versions[0]])
    ended = threading.Event()

    def read() -> set[bytes]:
        seen = set()
        while not ended.is_set():
            with suppress(ObjectCorrupt):  # it was replaced again and again meanwhile
                seen.add(storage.get("k"))
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for version in versions:
                storage.put("k", [version])
        finally:
            ended.set()
        seen = set[bytes]().union(*(reader.result() for reader in readers))

    assert seen <= set(versions)
    assert storage.get("k") == versions[-1]


def test_a_sweep_takes_what_dead_writes_left_and_nothing_of_a_write_that_may_go_on(
    storage: MongoStorage, database: Database
) -> None:
    now = storage._server_time("test")
    dead = [new_version(now - SWEEP_AFTER - timedelta(minutes=1)) for _ in range(3)]
    going_on = new_version(now - SWEEP_AFTER + timedelta(minutes=1))
    for version in (*dead, going_on):
        for number in range(3):
            database.parts.insert_one({"_id": {"v": version, "n": number}, "data": b"x"})
    old = _made_old(storage, database, dead[0])

    assert storage.sweep() == 3

    left = set(database.parts.distinct("_id.v"))
    assert left == {going_on, old}
    assert storage.get("old") == b"kept"
    assert storage.sweep() == 0


def _made_old(storage: MongoStorage, database: Database, like: ObjectId) -> ObjectId:
    """An object that was put long ago."""
    version = new_version(like.generation_time)
    storage.put("old", [b"kept"])
    database.parts.delete_one({"_id.v": database.objects.find_one({"_id": "old"})["version"]})
    database.parts.insert_one({"_id": {"v": version, "n": 0}, "data": b"kept"})
    database.objects.update_one({"_id": "old"}, {"$set": {"version": version}})
    return version


def test_a_put_that_took_so_long_that_a_sweep_could_come_is_refused(
    storage: MongoStorage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUT_HOURS_MAX", -1)

    with pytest.raises(StorageError, match="longer than"):
        storage.put("k", [LARGE])

    assert keys(storage, "") == []
    assert database.parts.count_documents({}) == 0


def test_a_long_listing_comes_in_pages(
    storage: MongoStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIST_PAGE", 3)
    names = [f"a/{number:02}" for number in range(10)]
    for name in names:
        storage.put(name, [b""])
    storage.put("b", [b""])

    assert keys(storage, "a") == names
    assert keys(storage, "") == [*names, "b"]


def test_foreign_documents_are_not_listed(storage: MongoStorage, database: Database) -> None:
    storage.put("a/k", [b"x"])
    database.objects.insert_many([{"_id": 1}, {"_id": "a/../b"}, {"_id": "a b", "bytes": 1}])

    assert keys(storage, "") == ["a/k"]


def test_free_space_is_that_of_the_servers_disk(storage: MongoStorage) -> None:
    storage.put("k", [b"x"])

    assert (storage.free_bytes() or 0) > 1_000_000


def test_a_standalone_is_no_store(standalone: MongodProcess) -> None:
    storage = open_mongo(Secret(standalone.options.listen.uri), timeout_seconds=60)

    with pytest.raises(StorageRefused, match="k: the MongoDB is not a replica set"):
        storage.put("k", [b"x"])


def test_a_server_that_is_not_there_is_unreachable_and_not_waited_for_longer_than_said() -> None:
    storage = open_mongo(Secret("mongodb://127.0.0.1:9/?replicaSet=rs0"), timeout_seconds=0.3)

    with pytest.raises(StorageUnreachable) as caught:
        storage.get("k")

    assert caught.value.where == "k"
    assert "majority" in caught.value.hint


@pytest.mark.parametrize("name", [METADATA_DATABASE, "admin", "local", "config"])
def test_a_database_that_is_somebody_elses_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"url: the database {name} can not be a store"):
        open_mongo(Secret(f"mongodb://h:1/{name}?replicaSet=rs0"), timeout_seconds=60)


def test_a_url_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        open_mongo(Secret("mongodb://user:s3cr3t@h:1/?replicaSet=rs0&maxPoolSize=x:y@z"), 60)

    assert caught.value.where == "url"
    assert "s3cr3t" not in str(caught.value) + repr(caught.value.__cause__)


def test_without_a_name_the_database_is_called_as_the_documents_say() -> None:
    storage = open_mongo(Secret("mongodb://h:1/?replicaSet=rs0"), timeout_seconds=60)

    assert storage._database.name == "mmsconsole_store"


def test_an_object_is_not_there_before_its_last_part_and_the_old_one_until_then(
    storage: MongoStorage, database: Database
) -> None:
    seen: list[object] = []

    def parts() -> Iterator[bytes]:
        for number in range(8):
            yield bytes([number]) * PART_BYTES
        assert database.parts.count_documents({"_id.n": {"$gte": 3}}) > 0
        seen.append(keys(storage, ""))

    storage.put("k", parts())
    storage.put("old", [b"old"])

    def more() -> Iterator[bytes]:
        yield from parts()
        seen.append(storage.get("old"))

    storage.put("old", more())

    assert seen == [[], ["k", "old"], b"old"]
    assert storage.size("old") == 8 * PART_BYTES


def test_writes_and_reads_are_a_majoritys(storage: MongoStorage) -> None:
    for collection in (storage._objects, storage._parts):
        assert collection.write_concern.document == {"w": "majority", "j": True, "wtimeout": 60_000}
        assert collection.read_concern.level == "majority"


class Listening(CommandListener):
    """The commands, and the read concern of every find, by its collection."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.finds: list[tuple[str, str]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.append(event.command_name)
        if event.command_name == "find":
            self.finds.append((event.command["find"], event.command["readConcern"]["level"]))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


def test_a_page_of_a_listing_is_one_answer(
    replica_set: LocalReplicaSet, database: Database
) -> None:
    """Else it would break off where a new primary knows nothing of its cursor."""
    database.objects.insert_many({"_id": f"a/{number:03}", "bytes": 1} for number in range(300))
    heard = Listening()
    with MongoClient[dict[str, Any]](
        replica_set.uri, event_listeners=[heard], tz_aware=True
    ) as client:
        assert len(keys(MongoStorage(client, DATABASE, timeout_seconds=60), "")) == 300

    assert heard.commands.count("find") == 3  # the last page is empty
    assert "getMore" not in heard.commands


def test_what_reads_an_object_or_lists_asks_the_primary_to_be_sure_of_its_majority_first(
    replica_set: LocalReplicaSet, database: Database
) -> None:
    """A new primary that does not know yet how far the majority is would miss some."""
    heard = Listening()
    with MongoClient[dict[str, Any]](
        replica_set.uri, event_listeners=[heard], tz_aware=True
    ) as client:
        storage = MongoStorage(client, DATABASE, timeout_seconds=60)
        storage.put("k", [b"x"])
        sure = ("objects", "linearizable")
        for read in (
            lambda: storage.get("k"), lambda: storage.get_range("k", 0, 1),
            lambda: storage.size("k"), lambda: keys(storage, ""),
        ):  # fmt: skip
            heard.finds.clear()
            read()
            assert heard.finds[0] == sure
            assert set(heard.finds[1:]) <= {("parts", "majority"), ("objects", "majority")}
