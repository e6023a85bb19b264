"""The agent leaves its source as it found it, and asks only what it may."""

from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.agent.initial_sync import InitialSync
from mmsconsole.agent.preflight import Requirements, examine
from mmsconsole.clock import SystemClock
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import differences, fingerprint
from mmsconsole.task import Task
from tests.agent.test_tail import newest, tailing
from tests.support.guarded import GuardedSet
from tests.support.uplink import RecordingUplink

Client = MongoClient[dict[str, Any]]
ALLOWED = {
    "hello", "isMaster", "saslStart", "saslContinue", "authenticate", "listDatabases",
    "listCollections", "listIndexes", "find", "getMore", "killCursors", "replSetGetStatus",
    "replSetGetConfig", "buildInfo", "getParameter", "dbStats", "collStats", "aggregate",
    "connectionStatus", "ping", "serverStatus", "endSessions", "getCmdLineOpts",
}  # fmt: skip
pytestmark = pytest.mark.xdist_group("agent-tail")


def counted(client: Client) -> dict[str, int]:
    metrics = client.admin.command("serverStatus")["metrics"]["commands"]
    return {name: each["total"] for name, each in metrics.items() if isinstance(each, dict)}


def test_a_whole_backup_changes_nothing_and_asks_only_what_it_may(
    guarded: GuardedSet,
    root: Client,
    uplink: RecordingUplink,
    clock: SystemClock,
    mongod_binary: MongodBinary,
    task: Task,
) -> None:
    root["untouched"].things.insert_many([{"_id": n, "x": "y" * 500} for n in range(3000)])
    root["untouched"].create_collection("view", viewOn="things", pipeline=[])
    before, commands = fingerprint(root), counted(root)
    anchor = newest(guarded)
    examine(guarded.source, Requirements("secondary", "primary", 0), [mongod_binary])
    sync = InitialSync(guarded.origin(), uplink, clock)
    plan = sync.begin("head", task)
    sync.run(plan.start, plan.collections, task)
    sync.close()
    with tailing(guarded, uplink, anchor):
        uplink.wait(lambda: bool(uplink.tails))
    asked = {name for name, total in counted(root).items() if total > commands.get(name, 0)}
    assert asked <= ALLOWED
    assert {"find", "getMore", "listCollections"} <= asked
    assert differences(before, fingerprint(root)) == []
    written = {
        "ts": {"$gt": anchor.timestamp},
        "op": {"$ne": "n"},
        "ns": {"$not": {"$regex": "^config"}},
    }
    assert list(root.local["oplog.rs"].find(written)) == []
    root.drop_database("untouched")
