"""What a member is asked, and how often. Data alone; who asks is member_poll.py.

All of it is allowed by the role clusterMonitor. What a version does not know is missing, no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmsconsole.metadata.members import OPERATIONS_MAX

ANSWER_BYTES_MAX = 2_000_000
TOP_BYTES_MAX = 8_000_000
"""Some 16,000 collections."""
READ_ANYWHERE = {"$readPreference": {"mode": "secondaryPreferred"}}
"""A secondary answers only reads that say this."""
EACH_POLL = 0.0
MINUTE = 60.0
HOUR = 3600.0
OWN_DATABASES = frozenset(("admin", "config", "local"))
"""Of the server's own: their sizes are of no interest."""


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    """What people read where it is missing."""
    command: Mapping[str, Any]
    database: str = "admin"
    every: float = EACH_POLL
    """Seconds."""
    path: tuple[bytes, ...] = ()
    """Only this part of the answer is decoded."""
    bytes_max: int = ANSWER_BYTES_MAX
    """Of an answer; a larger one is not read: decoded it takes ten times its room."""


SECTIONS_OFF = (
    "locks", "tcmalloc", "transportSecurity", "mirroredReads", "defaultRWConcern", "sharding",
    "shardingStatistics", "indexBulkBuilder", "indexStats", "batchedDeletes", "catalogStats",
    "changeStreamPreImages", "oplogTruncation", "scramCache", "readConcernCounters",
    "resourceConsumption", "tenantMigrations", "internalTransactions", "hedgingMetrics",
    "twoPhaseCommitCoordinator", "trafficRecording", "range", "tcmallocInternal",
)  # fmt: skip
"""Of serverStatus: nothing here is made of them, and some are large."""

HELLO = Question("hello", {"hello": 1})
SERVER_STATUS = Question("serverStatus", {"serverStatus": 1, **dict.fromkeys(SECTIONS_OFF, 0)})
SET_STATUS = Question("replSetGetStatus", {"replSetGetStatus": 1})
SET_CONFIG = Question("replSetGetConfig", {"replSetGetConfig": 1})
OPLOG_FIRST = Question(
    "the oplog's first entry",
    {
        "find": "oplog.rs", "sort": {"$natural": 1}, "limit": 1, "singleBatch": True,
        "projection": {"ts": 1, "t": 1}, "readConcern": {"level": "local"}, **READ_ANYWHERE,
    },
    database="local",
)  # fmt: skip
OPLOG_STATS = Question(
    "the oplog's size",
    {
        "aggregate": "oplog.rs", "cursor": {},
        "pipeline": [
            {"$collStats": {"storageStats": {}}},
            {"$project": {f"storageStats.{name}": 1 for name in ("size", "maxSize", "count")}},
        ],
        **READ_ANYWHERE,
    },
    database="local",
    every=MINUTE,
)  # fmt: skip
OPERATION_FIELDS = (
    "opid", "op", "ns", "type", "secs_running", "microsecs_running", "client", "client_s",
    "appName", "planSummary", "waitingForLock", "command", "desc", "killPending", "numYields",
)  # fmt: skip
OWN_QUESTION = "command.pipeline.0.$currentOp"
WAITING_FOR_NEWS = ("hello", "isMaster", "ismaster")
"""Drivers always have one of these under way, on each of their hosts."""
FSYNC_LOCK = "fsyncLockWorker"
"""The thread that holds a server's fsyncLock, and is there only as long."""


def _operations(*choice: Mapping[str, Any]) -> Question:
    not_these = [OWN_QUESTION, *(f"command.{name}" for name in WAITING_FOR_NEWS)]
    pipeline = [
        {"$currentOp": {"allUsers": True, "idleConnections": False, "truncateOps": True}},
        {"$match": {"active": True, "$or": [{"op": {"$ne": "none"}}, {"desc": FSYNC_LOCK}]}},
        {"$match": {name: {"$exists": False} for name in not_these}},
        *choice,
        {"$project": dict.fromkeys(OPERATION_FIELDS, 1)},
    ]
    return Question("currentOp", {"aggregate": 1, "cursor": {}, "pipeline": pipeline,
                                  **READ_ANYWHERE})  # fmt: skip


OPERATIONS = _operations({"$limit": OPERATIONS_MAX + 1})
"""As a rule that is all of them. No sort: people count theirs in `scanAndOrder`."""
LONGEST_OPERATIONS = _operations({"$sort": {"microsecs_running": -1}}, {"$limit": OPERATIONS_MAX})
LOCKED = Question("fsyncLock", {"currentOp": 1, "$ownOps": True, "type": "none of them"})
"""Where not all operations were told. Of a set's member each currentOp counts as a user assert:
the server finds in it that it coordinates no transactions of a sharded cluster."""
TOP = Question("top", {"top": 1}, every=MINUTE / 2, bytes_max=TOP_BYTES_MAX)
SYSTEM_METRICS = Question(
    "getDiagnosticData", {"getDiagnosticData": 1}, path=(b"data", b"systemMetrics")
)
"""The rest of it is another serverStatus."""
HOST_INFO = Question("hostInfo", {"hostInfo": 1}, every=HOUR)
BUILD_INFO = Question("buildInfo", {"buildInfo": 1}, every=HOUR)
OPTIONS = Question("getCmdLineOpts", {"getCmdLineOpts": 1}, every=HOUR)
FCV = Question("FCV", {"getParameter": 1, "featureCompatibilityVersion": 1}, every=10 * MINUTE)
DATABASES = Question("listDatabases", {"listDatabases": 1, "nameOnly": True, **READ_ANYWHERE})


def database_stats(database: str) -> Question:
    return Question("dbStats", {"dbStats": 1, **READ_ANYWHERE}, database)


def collection_stats(namespace: str) -> Question:
    database, _, collection = namespace.partition(".")
    wanted = (
        "size", "count", "avgObjSize", "storageSize", "freeStorageSize", "totalIndexSize",
        "nindexes", "totalSize",
    )  # fmt: skip
    command = {
        "aggregate": collection,
        "cursor": {},
        "pipeline": [
            {"$collStats": {"storageStats": {}}},
            {"$project": {f"storageStats.{name}": 1 for name in wanted}},
        ],
        **READ_ANYWHERE,
    }
    return Question("collStats", command, database)
