"""From an accident on a real server to the moment just before it."""

from pathlib import Path

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.database import Metadata
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.oplog_views import OplogQuery
from mmsconsole.oplog.filters import made
from mmsconsole.optime import Optime
from tests.operations.oplog_fixtures import StoredOplog
from tests.operations.records import Daemon

pytestmark = pytest.mark.xdist_group("agent-tail")
DB = "moments"


@pytest.fixture
def accident(
    replica_set: LocalReplicaSet, metadata: Metadata, operations: Operations, synced: str
) -> StoredOplog:
    """A day in a shop, up to the drop of its orders and the deletes of its carts."""
    stored = StoredOplog(metadata, operations._desk, synced)
    with replica_set.client() as client:
        database = client.get_database(DB, write_concern=WriteConcern("majority"))
        database["orders"].insert_one({"_id": "before"})
        newest = [("$natural", -1)]
        start = client.local["oplog.rs"].find_one({"ns": f"{DB}.orders"}, sort=newest)
        database["orders"].insert_many([{"_id": n, "status": "open"} for n in range(5)])
        database["orders"].update_one({"_id": 3}, {"$set": {"status": "paid"}})
        with client.start_session() as session, session.start_transaction():
            database["orders"].insert_one({"_id": "in a transaction"}, session=session)
            database["orders"].delete_one({"_id": 4}, session=session)
        database["orders"].drop()
        database["carts"].insert_many([{"_id": n} for n in range(30)])
        database["carts"].delete_many({})
        database["wishes"].insert_one({"_id": 1})
        client.drop_database(DB)
        raw = client.local.get_collection(
            "oplog.rs", CodecOptions(RawBSONDocument), read_concern=ReadConcern("majority")
        )
        assert start is not None
        newer = raw.find({"ts": {"$gt": start["ts"]}}, sort=[("$natural", 1)])
        entries = [bson.decode(entry.raw) for entry in newer]
    begin = Optime.of(start["ts"], start["t"])
    stored.put(entries[:4], entries[4:9], entries[9:], start=begin)
    return stored


def test_the_moment_before_each_accident_is_found_and_can_be_restored_to(
    operations: Operations, accident: StoredOplog, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.snapshot(accident.name, accident.chunks()[0].start)
    wanted = [("dropDatabase", DB), ("delete", f"{DB}.carts"), ("drop", f"{DB}.orders")]
    found = [
        one for one in operations.oplog_search(accident.name, limit=9).found
        if (one.kind, one.ns) in wanted
    ]  # fmt: skip
    assert [(one.kind, one.ns) for one in found] == wanted
    assert found[1].count == 30
    gone, whole = found[0], operations.oplog(accident.name, OplogQuery(before=found[0].first)).rows
    assert gone.count == 2, "its collections"
    assert (whole[-1].kind, whole[-1].ns) == ("insert", f"{DB}.wishes")
    drop = found[2].first
    rows = operations.oplog(accident.name, OplogQuery(before=drop.after)).rows
    assert rows[-1].optime == drop
    plan = operations.plan_restore(accident.name, at=f"before:{drop}", target=tmp_path / "r")
    assert plan.point == rows[-2].optime


def test_what_a_server_wrote_is_told_and_filtered(
    operations: Operations, accident: StoredOplog
) -> None:
    def told(filter_: str) -> list[str]:
        query = OplogQuery(wanted=made(filter_=filter_))
        rows = operations.oplog(accident.name, query).rows
        return [f"{row.kind} {row.id} {row.change}" for row in rows if row.row == "entry"]

    assert told(f"{DB}.orders status=paid") == ['update 3 set status: "paid"']
    assert told(f"id=4 op=delete {DB}.orders") == [
        f"transaction  2 operations: insert {DB}.orders, delete {DB}.orders"
    ]
    assert told(f"{DB}.orders op=drop") == ["drop  with 6 documents"]
