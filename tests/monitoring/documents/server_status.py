"""serverStatus, whose counters are `counter` plus a number of their own."""

from datetime import UTC, datetime
from typing import Any

from bson.int64 import Int64

VERSIONS = ("4.4", "5.0", "6.0", "7.0", "8.0")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def server_status(version: str, counter: int = 0, uptime: float = 86_400.0) -> dict[str, Any]:
    """4.4 to 7.0 have tickets in wiredTiger.concurrentTransactions, 8.0 in queues.execution; 8.0
    also calls the checkpoint, the evictions and the buffer of replication by other names."""
    newest = version == "8.0"
    return {
        "host": "db1.example:27017", "version": f"{version}.1", "process": "mongod",
        "pid": Int64(4711), "uptime": uptime, "uptimeMillis": Int64(uptime * 1000),
        "uptimeEstimate": Int64(uptime), "localTime": AT,
        "asserts": _counters(counter, "regular", "warning", "msg", "user", "rollovers"),
        "connections": {
            "current": 120, "available": 880, "totalCreated": Int64(counter + 900), "active": 17,
        },
        "extra_info": {
            "note": "fields vary by platform", "user_time_us": Int64(counter * 1000),
            "system_time_us": Int64(counter * 500), "page_faults": Int64(counter),
        },
        "flowControl": {
            "enabled": True, "timeAcquiringMicros": Int64(counter * 10_000), "isLagged": True,
        },
        "globalLock": {
            "totalTime": Int64(1), "currentQueue": {"total": 5, "readers": 2, "writers": 3},
            "activeClients": {"total": 7, "readers": 4, "writers": 3},
        },
        "mem": {"bits": 64, "resident": 512, "virtual": 2048, "supported": True},
        "network": _counters(counter, "bytesIn", "bytesOut", "numRequests"),
        "opLatencies": {
            kind: {"latency": Int64(counter * 3000), "ops": Int64(counter * 2)}
            for kind in ("reads", "writes", "commands", "transactions")
        },
        "opcounters": _operations(counter), "opcountersRepl": _operations(counter),
        "transactions": {
            "currentOpen": Int64(3), "currentActive": Int64(1), "currentInactive": Int64(2),
            "currentPrepared": Int64(0),
            **_counters(counter, "totalStarted", "totalCommitted", "totalAborted"),
        },
        "metrics": _metrics(counter, newest), **_engine(counter, newest), "ok": 1.0,
    }  # fmt: skip


def _counters(counter: int, *names: str) -> dict[str, Any]:
    return {name: Int64(counter + own) for own, name in enumerate(names)}


def _operations(counter: int) -> dict[str, Any]:
    return _counters(counter, "insert", "query", "update", "delete", "getmore", "command")


def _metrics(counter: int, newest: bool) -> dict[str, Any]:
    buffer = {"count": Int64(11), "sizeBytes": Int64(4096), "maxSizeBytes": Int64(268_435_456)}
    timed = {"num": counter, "totalMillis": counter * 4}
    return {
        "cursor": {
            "timedOut": Int64(counter),
            "open": {"noTimeout": Int64(1), "pinned": Int64(2), "total": Int64(9)},
        },
        "document": _counters(counter, "deleted", "inserted", "returned", "updated"),
        "operation": _counters(counter, "scanAndOrder", "writeConflicts"),
        "queryExecutor": {
            "scanned": Int64(counter * 2), "scannedObjects": Int64(counter * 5),
            "collectionScans": _counters(counter, "nonTailable", "total"),
        },
        "ttl": _counters(counter, "deletedDocuments", "passes"),
        "repl": {
            "apply": {"ops": Int64(counter), "batches": timed},
            "buffer": {"apply": buffer, "write": buffer} if newest else buffer,
            "network": {"bytes": Int64(counter), "ops": Int64(counter), "getmores": timed},
        },
    }  # fmt: skip


def _engine(counter: int, newest: bool) -> dict[str, Any]:
    tickets = {
        kind: {"out": 28, "available": 100, "totalTickets": 128} for kind in ("read", "write")
    }
    evicted = "page evict attempts by" if newest else "pages evicted by"
    took = {"most recent time (msecs)": 321}
    engine: dict[str, Any] = {
        "cache": {
            "bytes currently in the cache": Int64(800), "tracked dirty bytes in the cache": 50,
            "maximum bytes configured": Int64(1000), "bytes read into cache": Int64(counter),
            "bytes written from cache": Int64(counter),
            f"{evicted} application threads": counter,
        },
        "log": {
            "log bytes written": Int64(counter), "log sync operations": Int64(counter),
            "log sync time duration (usecs)": Int64(counter * 2000),
        },
        "transaction": {} if newest else {
            f"transaction checkpoint {name}": value for name, value in took.items()
        },
    }  # fmt: skip
    if newest:
        return {"queues": {"execution": tickets}, "wiredTiger": {**engine, "checkpoint": took}}
    return {"wiredTiger": {**engine, "concurrentTransactions": tickets}}
