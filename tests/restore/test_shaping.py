"""Restored files become what was chosen, by a real mongod on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.errors import Cancelled, Refused
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.metadata.targets import WHOLE, Selection
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.restore.opening import changing, reading
from mmsconsole.restore.selecting import Move, Namespace, parse
from mmsconsole.restore.shaping import PASSING, PHASE, in_order, shape
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.folders import short_folder_for

USERS = ("system.users", "system.roles")


# -- the order of renames: pure


@pytest.mark.parametrize(
    "renames",
    [
        {},
        {"a.a": "a.b"},
        {"a.a": "a.b", "a.b": "a.c"},
        {"a.b": "a.c", "a.a": "a.b"},
        {"a.a": "a.b", "a.b": "a.a"},
        {"a.a": "a.b", "a.b": "a.c", "a.c": "a.a", "x.y": "x.z"},
        {"a.a": "b.a", "b.a": "a.a"},
        {f"a.{PASSING}": "a.b", "a.b": f"a.{PASSING}"},
    ],
)
def test_no_rename_takes_a_name_that_is_in_use(renames: dict[str, str]) -> None:
    names = {old: old for old in renames}  # by name: what it was at first
    for old, new in in_order(Move(parse(old), parse(new)) for old, new in renames.items()):
        assert str(new) not in names
        names[str(new)] = names.pop(str(old))
    assert {first: now for now, first in names.items()} == renames


# -- with a mongod


@pytest.fixture(scope="module")
def server(mongod_binary: MongodBinary) -> Iterator[HeadServer]:
    with short_folder_for("mms-") as folder:
        place = HeadPlace(folder / "db", folder / "s.sock", folder / "log", mongod_binary, 0.25)
        started = HeadServer.start(place, SystemClock())
        yield started
        started.kill()


@pytest.fixture
def client(server: HeadServer) -> Any:
    """Of a server that holds a little of everything."""
    found = server.client
    for name in found.list_database_names():
        if name not in ("admin", "config", "local"):
            found.drop_database(name)
    found.app.a.insert_many([{"_id": number, "x": number} for number in range(5)])
    found.app.a.create_index("x")
    found.app.b.insert_one({"_id": "b"})
    found.other.c.insert_one({"_id": "c"})
    found.app.create_collection("v", viewOn="a", pipeline=[{"$match": {"x": {"$gt": 2}}}])
    found.app.create_collection("ts", timeseries={"timeField": "t"})
    found.app["system.js"].insert_one({"_id": "f", "value": 1})
    for name in USERS:
        found.admin[name].delete_many({})
    found.admin.command("createUser", "ada", pwd="secret", roles=[])
    found.admin.command("createRole", "reader", privileges=[], roles=[])
    return found


def shaped(server: HeadServer, **selection: Any) -> None:
    shape(server, Selection(**selection), SystemClock(), Task())


def names(client: Any) -> dict[str, list[str]]:
    return {
        database: sorted(
            name for name in client[database].list_collection_names()
            if not name.startswith("system.buckets.") and name != "system.views"
        )
        for database in client.list_database_names()
        if database not in ("admin", "config", "local")
    }  # fmt: skip


def test_everything_stays_as_it_is(server: HeadServer, client: Any) -> None:
    before = names(client)
    shape(server, WHOLE, SystemClock(), Task())
    assert names(client) == before


def test_what_is_not_chosen_goes(server: HeadServer, client: Any) -> None:
    shaped(server, namespaces=("app.a", "app.v"))
    assert names(client) == {"app": ["a", "v"]}
    assert [each["x"] for each in client.app.v.find()] == [3, 4]
    assert set(client.app.a.index_information()) == {"_id_", "x_1"}
    assert client.admin["system.users"].count_documents({}) == 1


def test_what_is_left_out_goes(server: HeadServer, client: Any) -> None:
    shaped(server, excluded=("other", "app.b", "app.ts"))
    assert names(client) == {"app": ["a", "system.js", "v"]}


def test_users_and_roles_go_with_their_collections(server: HeadServer, client: Any) -> None:
    shaped(server, users=False)
    assert not set(USERS) & set(client.admin.list_collection_names())
    assert "system.version" in client.admin.list_collection_names()  # mongod's own


def test_indexes_go_but_that_of_the_id(server: HeadServer, client: Any) -> None:
    shaped(server, indexes=False)
    assert set(client.app.a.index_information()) == {"_id_"}
    assert client.app.a.count_documents({}) == 5


def test_a_database_gets_another_name_with_its_views_and_indexes(
    server: HeadServer, client: Any
) -> None:
    shaped(server, excluded=("app.ts",), renames=(("app", "app2"),))
    assert names(client) == {"app2": ["a", "b", "system.js", "v"], "other": ["c"]}
    assert set(client.app2.a.index_information()) == {"_id_", "x_1"}
    assert [each["x"] for each in client.app2.v.find()] == [3, 4]


def test_two_collections_change_their_names_for_each_others(
    server: HeadServer, client: Any
) -> None:
    shaped(server, renames=(("app.a", "app.b"), ("app.b", "app.a")))
    assert client.app.b.count_documents({}) == 5
    assert [each["_id"] for each in client.app.a.find()] == ["b"]


def test_a_name_of_what_was_dropped_is_free(server: HeadServer, client: Any) -> None:
    shaped(server, excluded=("app.b",), renames=(("app.a", "app.b"),))
    assert client.app.b.count_documents({}) == 5
    assert "a" not in client.app.list_collection_names()


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        ({"renames": (("app.ts", "app.us"),)}, "is a time series"),
        ({"renames": (("app", "app2"),)}, "is a time series"),
        ({"namespaces": ("app.nosuch",)}, "there is no"),
        ({"renames": (("app.a", "app.b"),)}, "would both become"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_changed(
    server: HeadServer, client: Any, selection: dict[str, Any], said: str
) -> None:
    before = names(client)
    with pytest.raises(Refused, match=said):
        shaped(server, excluded=("other",), users=False, **selection)
    assert names(client) == before
    assert client.admin["system.users"].count_documents({}) == 1


def test_hostile_names_are_taken_as_they_are(server: HeadServer, client: Any) -> None:
    client.app.command("insert", "x/../y", documents=[{"_id": 1}])
    client.app.command("insert", "a..b\n\u202e", documents=[{"_id": 1}])
    long = "z" * 250
    shaped(
        server, namespaces=("app.x/../y", "app.a..b\n\u202e", "app.b"),
        renames=(("app.x/../y", "app.ü"), ("app.b", f"app.{long}")),
    )  # fmt: skip
    assert names(client) == {"app": sorted(["ü", "a..b\n\u202e", long])}


def test_it_can_be_cancelled_between_two_steps(server: HeadServer, client: Any) -> None:
    task = Task(report=lambda phase, done, total: cancelled(phase, done))

    def cancelled(phase: str, done: int) -> None:
        assert phase == PHASE
        if done == 1:
            task.cancellation.cancel()

    with pytest.raises(Cancelled):
        shape(server, Selection(namespaces=("app.a",), users=False), SystemClock(), task)
    assert "a" in client.app.list_collection_names()


def test_a_namespace_is_split_at_the_first_dot() -> None:
    assert parse("a.b.c") == Namespace("a", "b.c")


def test_what_was_dropped_is_not_in_the_files_any_more(
    resources: Resources, tmp_path: Path, short_folder: Path
) -> None:
    """Neither in what mongod removes a moment later, nor in its journal."""
    (binary,) = resources.binaries
    place = HeadPlace(tmp_path / "db", short_folder / "s.sock", tmp_path / "log", binary, 0.25)
    with changing(resources, place) as server:
        server.client.app.a.insert_one({"_id": 1, "x": "KEPT-" + "k" * 40})
        server.client.app.b.insert_one({"_id": 1, "x": "DROPPED-" + "d" * 40})
        server.client.other.b.insert_one({"_id": 1, "x": "DROPPED-" + "d" * 40})
        server.client.admin.command("createUser", "GEHEIM", pwd="p", roles=[])
        server.client.local.mine.insert_one({"_id": "OURS-"})
        server.client.admin.command("fsync", 1)
        shaped(server, namespaces=("app.a",), users=False)
    files = [path for path in (tmp_path / "db").rglob("*") if path.is_file()]
    data = b"".join(path.read_bytes() for path in files)
    assert b"KEPT-" in data
    for gone in (b"DROPPED-", b"GEHEIM", b"OURS-"):
        assert gone not in data
    with reading(resources, place) as server:
        assert server.client.app.a.count_documents({}) == 1
