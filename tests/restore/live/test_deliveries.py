"""What a mongod on restored files holds, delivered: an archive, a dump folder, a live set."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.folder_content import FolderContent
from mmsconsole.errors import (
    AlreadyExists,
    Cancelled,
    SelectionRefused,
    ServerTooOld,
    TargetHurt,
    TargetNotEmpty,
)
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.metadata.witnesses import Witness, Witnessed, pack
from mmsconsole.mongod.binaries import Version
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.optime import Optime
from mmsconsole.restore.delivery.base import Delivered, Delivery, Made
from mmsconsole.restore.delivery.choosing import delivery_for
from mmsconsole.restore.delivery.live import LiveDelivery
from mmsconsole.restore.live.comparing import PHASE as COMPARING
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task
from tests.dump import strict_archive
from tests.dump.test_fixtures import documents_of
from tests.restore.live.conftest import Live

pytestmark = pytest.mark.xdist_group("restores")
NAMES = ("log", "french", "seen", "series", "empty", "orders", "a/b ☃")


@pytest.fixture(scope="module")
def files(standalone: MongodProcess) -> Iterator[HeadServer]:
    """With something of every kind."""
    client = standalone.client()
    db = client.delivered
    db.orders.insert_many([{"_id": n, "c": n % 7, "pad": "x" * 60} for n in range(3000)])
    db.orders.create_index([("c", 1), ("_id", -1)])
    db.create_collection("log", capped=True, size=1 << 16)
    db.log.insert_many([{"_id": n} for n in (3, 1, 2)])
    db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    db.series.insert_one({"t": datetime(2026, 1, 1, tzinfo=UTC), "m": 1})
    db.create_collection("french", collation={"locale": "fr"})
    db.command("create", "seen", viewOn="orders", pipeline=[{"$match": {"c": 1}}])
    db.empty.create_index("x")
    db["a/b ☃"].insert_one({"_id": 1})
    client.admin.command("createUser", "delivered", pwd="secret", roles=[])
    yield HeadServer(standalone, client, Version(6, 0, 5))
    client.admin.command("dropUser", "delivered")
    client.drop_database("delivered")
    client.close()


class Desk:
    """Makes one delivery after the other, as a restore does."""

    def __init__(self, resources: Resources, files: HeadServer, folder: Path) -> None:
        self.resources = resources
        self._files = files
        self._folder = folder

    def of(
        self, where: Target, what: Selection = WHOLE, secret: str = "", id_: str = ""
    ) -> Delivery:
        record = Restore(
            id_ or new_id(), "dep", "snap", "there", self.resources.clock.now(),
            where=where, what=what,
        )  # fmt: skip
        return delivery_for(self.resources, record, Secret(secret) if secret else None)

    def deliver(self, delivery: Delivery, task: Task | None = None, fcv: str = "6.0") -> Delivered:
        now = self.resources.clock.now()
        snapshot = Snapshot("snap", "dep", "head", now, optime=Optime(1, 1), fcv=fcv)
        made = Made(delivery.restore, snapshot, Optime(1, 1), self._folder, self._files)
        delivery.check()
        return delivery.deliver(made, task or Task())


@pytest.fixture
def desk(resources: Resources, files: HeadServer, tmp_path: Path) -> Desk:
    return Desk(resources, files, tmp_path / "files")


def only(*renames: tuple[str, str], **more: Any) -> Selection:
    return Selection(namespaces=("delivered",), renames=renames, **more)


@pytest.mark.parametrize("compression", ["", "gzip"])
def test_an_archive_has_what_the_format_promises(
    desk: Desk, tmp_path: Path, compression: str
) -> None:
    path = tmp_path / "shop.archive"
    delivery = desk.of(Target(TargetKind.ARCHIVE, path=str(path), compression=compression), only())
    desk.deliver(delivery)
    delivery.release()
    assert {one.name for one in tmp_path.iterdir()} == {"shop.archive", "shop.archive.sha256"}
    data = path.read_bytes()
    found = strict_archive.read(gzip.decompress(data) if compression else data)
    assert found.header["version"] == "0.1"
    assert found.shapes[:2] == [("admin", "system.users", False), ("admin", "system.users", True)]
    assert found.shapes[-2:] == [("delivered", "seen", False), ("delivered", "seen", True)]
    names = {(entry["db"], entry["collection"]): entry["type"] for entry in found.entries}
    assert names["delivered", "series"] == "timeseries"
    assert names["delivered", "seen"] == "view"
    assert {name for database, name in names if database == "delivered"} == set(NAMES)
    counts = {key: len(documents) for key, documents in found.documents.items()}
    assert counts["delivered", "orders"] == 3000
    assert counts["delivered", "system.buckets.series"] == 1
    assert (counts["delivered", "empty"], counts["delivered", "seen"]) == (0, 0)
    assert [bson.decode(one)["_id"] for one in found.documents["delivered", "log"]] == [3, 1, 2]
    assert {database for database, _ in counts} == {"admin", "delivered"}


@pytest.mark.parametrize("compression", ["", "gzip"])
def test_a_folder_holds_the_same_as_an_archive(
    desk: Desk, tmp_path: Path, compression: str
) -> None:
    what = only(("delivered", "old"), users=False, indexes=False)
    folder, archive = tmp_path / "d", tmp_path / "a"
    first = desk.of(Target(TargetKind.DUMP, path=str(folder), compression=compression), what)
    desk.deliver(first)
    first.release()
    desk.deliver(desk.of(Target(TargetKind.ARCHIVE, path=str(archive)), what))
    assert {one.name.removesuffix(".gz") for one in folder.iterdir()} == {"old", "prelude.json"}
    ours = FolderContent(folder)
    assert documents_of(ours) == documents_of(ArchiveContent(archive))
    assert {one.database for one in ours.collections} == {"old"}
    orders = next(one for one in ours.collections if one.name == "orders")
    assert [bson.decode(index)["name"] for index in orders.indexes] == ["_id_"]
    assert (folder / "old" / ("a%2Fb+%E2%98%83.bson" + ".gz" * bool(compression))).is_file()
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))


def test_what_stands_at_the_target_is_never_replaced(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_bytes(b"1")
    with pytest.raises(AlreadyExists):
        desk.of(Target(TargetKind.ARCHIVE, path=str(tmp_path / "there" / "mine"))).check()
    with pytest.raises(TargetNotEmpty):
        desk.of(Target(TargetKind.DUMP, path=str(tmp_path / "there"))).check()


@pytest.mark.parametrize("kind", [TargetKind.ARCHIVE, TargetKind.DUMP])
def test_a_dump_that_is_cancelled_leaves_nothing(
    desk: Desk, tmp_path: Path, kind: TargetKind
) -> None:
    cancellation = Cancellation()

    def cancel(phase: str, done: int, total: int | None) -> None:
        if done > 1000:
            cancellation.cancel()

    delivery = desk.of(Target(kind, path=str(tmp_path / "x")), only())
    with pytest.raises(Cancelled):
        desk.deliver(delivery, Task(cancellation, cancel))
    delivery.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_live_set_gets_it_under_another_name_and_it_is_proved_by_db_hash(
    desk: Desk, live: Live, files: HeadServer
) -> None:
    delivery = desk.of(Target(TargetKind.LIVE), only(("delivered", "old")), live.uri.uri.reveal())
    done = desk.deliver(delivery)
    assert "dbHash equal for 6 collections" in done.verified
    assert "1 users and 0 roles" in done.verified
    assert "UUIDs are new" in done.verified
    ours, theirs = live.hashes("old"), files.client.delivered.command("dbHash")["collections"]
    assert ours.pop("system.views") != theirs.pop("system.views")  # the names differ in it
    assert ours == theirs
    assert live.client.old.seen.count_documents({}) == 429
    again = desk.deliver(delivery)  # after a crash behind the last step
    assert again.verified.startswith("dbHash equal for 6 collections")
    delivery.release()
    assert list(desk.resources.metadata.live_writes.all()) == []


def test_a_difference_does_not_undo_it_and_is_told(
    desk: Desk, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = Selection(namespaces=("delivered.orders",), users=False)
    delivery = desk.of(Target(TargetKind.LIVE), what, live.uri.uri.reveal())

    def meanwhile(phase: str, _done: int, _total: int | None) -> None:
        if phase == COMPARING:
            live.client.delivered.orders.update_one({"_id": 1}, {"$set": {"c": -1}})

    done = desk.deliver(delivery, Task(Cancellation(), meanwhile))
    assert done.differs
    assert done.verified.startswith("DIFFERENT: 'delivered.orders'")
    assert "restore these again" in done.verified
    assert live.client.delivered.orders.index_information().keys() == {"_id_", "c_1__id_-1"}
    delivery.release()


def test_a_live_restore_over_what_is_there_is_refused_and_changes_nothing(
    desk: Desk, live: Live
) -> None:
    live.client.delivered.orders.insert_one({"_id": "mine"})
    target, secret = Target(TargetKind.LIVE), live.uri.uri.reveal()
    with pytest.raises(TargetNotEmpty, match=r"'delivered\.orders' \(1 documents"):
        desk.deliver(desk.of(target, only(), secret))
    named = desk.of(target, Selection(namespaces=("delivered.orders",)), secret)
    with pytest.raises(TargetNotEmpty):
        named.check()
    assert isinstance(named, LiveDelivery)
    assert [(one.ns, one.documents) for one in named.preview()] == [("delivered.orders", 1)]
    assert live.client.delivered.list_collection_names() == ["orders"]
    assert live.client.delivered.orders.count_documents({}) == 1


def test_a_database_whose_name_differs_from_one_there_by_case_alone_is_refused_at_once(
    desk: Desk, live: Live
) -> None:
    live.client.delivered.orders.insert_one({"_id": "mine"})
    secret = live.uri.uri.reveal()
    target = Target(TargetKind.LIVE, overwrite=True)
    what = Selection(("delivered.orders",), renames=(("delivered.orders", "Delivered.x"),))
    with pytest.raises(SelectionRefused, match="'delivered' and 'Delivered' differ by case alone"):
        desk.of(target, what, secret).check()
    desk.of(target, only(), secret).check()


def test_what_a_cancelled_overwriting_has_hurt_is_said(desk: Desk, live: Live) -> None:
    live.client.delivered.orders.insert_one({"_id": "mine"})
    cancellation = Cancellation()

    def cancel(phase: str, done: int, total: int | None) -> None:
        if phase == COMPARING:
            cancellation.cancel()

    target = Target(TargetKind.LIVE, overwrite=True)
    delivery = desk.of(target, only(), live.uri.uri.reveal())
    with pytest.raises(Cancelled):
        desk.deliver(delivery, Task(cancellation, cancel))
    with pytest.raises(TargetHurt, match=r"overwritten, and hold .*: 'delivered\.orders'"):
        delivery.abandon()
    assert set(live.client.delivered.list_collection_names()) - {"system.views"} == {"orders"}
    delivery.abandon()  # nothing is left to be done


def test_a_live_target_too_old_for_the_data_is_refused_before_anything_is_written(
    desk: Desk, live: Live
) -> None:
    delivery = desk.of(Target(TargetKind.LIVE), only(), live.uri.uri.reveal())
    with pytest.raises(ServerTooOld, match=r"of 9\.0, and the target has .* 6\.0"):
        desk.deliver(delivery, fcv="9.0")
    assert "delivered" not in live.client.list_database_names()


def test_what_a_snapshot_is_known_to_bring_is_refused_before_any_work(
    desk: Desk, live: Live
) -> None:
    live.client.delivered.orders.insert_one({"_id": "mine"})
    live.client.delivered.other.insert_one({"_id": "mine"})
    one = Witnessed("collection", "", 1, "", "", "")
    seen = {ns: one for ns in ("delivered.orders", "delivered.log", "shop.a")}
    packed = pack(seen)
    assert packed is not None
    now = desk.resources.clock.now()
    desk.resources.metadata.witnesses.add(
        Witness(new_id(), "dep", "head", Optime(1, 1), now, snapshot="snap", packed=packed)
    )
    refused = desk.of(Target(TargetKind.LIVE), only(), live.uri.uri.reveal())
    with pytest.raises(TargetNotEmpty, match=r"already: 'delivered\.orders' \(1 documents"):
        refused.check()
    overwriting = desk.of(Target(TargetKind.LIVE, overwrite=True), only(), live.uri.uri.reveal())
    overwriting.check()
    (note,) = overwriting.notes()
    assert note.startswith("dropped first: 'delivered.orders' (1 documents")
    moment = replace(overwriting.restore, point=Optime(2, 1))
    later = delivery_for(desk.resources, moment, live.uri.uri)
    assert any("are not known yet" in note for note in later.notes())
    beside = desk.of(Target(TargetKind.LIVE), only(("delivered", "new")), live.uri.uri.reveal())
    beside.check()
    assert beside.notes() == []
