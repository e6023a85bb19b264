"""Where in a server's answers each metric is. Pure data, from 4.4 to 8.0."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmsconsole.monitoring.fields import Path

MIB = 1024.0 * 1024.0
MICROSECONDS_TO_PERCENT = 100 / 1e6
"""Of a counter of microseconds: its rate is a part of the time."""


@dataclass(frozen=True, slots=True)
class Source:
    metric: str
    paths: tuple[Path, ...]
    """The first that is there counts: versions call one thing by several names."""
    over: Path = ()
    """Of a ratio: the counter that its difference is divided by."""
    plus: Path = ()
    """Is added, where it is there."""
    factor: float = 1.0


CACHE = ("wiredTiger", "cache")
TRANSACTION = ("wiredTiger", "transaction")
LOG = ("wiredTiger", "log")
OLD_TICKETS = ("wiredTiger", "concurrentTransactions")
NEW_TICKETS = ("queues", "execution")
"""Since 8.0."""
BUFFER = ("metrics", "repl", "buffer")
EXECUTOR = ("metrics", "queryExecutor")
RETURNED = ("metrics", "document", "returned")
OPERATIONS = ("insert", "query", "update", "delete", "getmore", "command")


def _of(prefix: str, section: Path, *names: str) -> Iterator[Source]:
    """The names that metric and field share."""
    for name in names:
        yield Source(f"{prefix}_{name}", ((*section, name),))


def _at(metric: str, *path: str, factor: float = 1.0) -> Source:
    return Source(metric, (path,), factor=factor)


def _tickets(kind: str) -> Iterator[Source]:
    for field, metric in (("available", "available"), ("out", "used")):
        paths = (*NEW_TICKETS, kind, field), (*OLD_TICKETS, kind, field)
        yield Source(f"tickets_{kind}_{metric}", paths)


def _latency(kind: str, section: str) -> Source:
    section_path = ("opLatencies", section)
    paths = ((*section_path, "latency"),)
    return Source(f"latency_{kind}_ms", paths, over=(*section_path, "ops"), factor=0.001)


def _buffer(metric: str, field: str) -> Source:
    """8.0 has one buffer of what is to be written and one of what is to be applied."""
    return Source(metric, ((*BUFFER, "apply", field), (*BUFFER, field)))


def _batches(metric: str, *section: str) -> Source:
    path = ("metrics", "repl", *section)
    return Source(metric, ((*path, "totalMillis"),), over=(*path, "num"))


SERVER_STATUS: tuple[Source, ...] = (
    *_of("opcounters", ("opcounters",), *OPERATIONS),
    *_of("opcounters_repl", ("opcountersRepl",), *OPERATIONS),
    *_of("connections", ("connections",), "current", "available", "active"),
    _at("connections_created", "connections", "totalCreated"),
    _at("memory_resident", "mem", "resident", factor=MIB),
    _at("memory_virtual", "mem", "virtual", factor=MIB),
    _at("cache_used", *CACHE, "bytes currently in the cache"),
    _at("cache_dirty", *CACHE, "tracked dirty bytes in the cache"),
    _at("cache_maximum", *CACHE, "maximum bytes configured"),
    _at("cache_read", *CACHE, "bytes read into cache"),
    _at("cache_written", *CACHE, "bytes written from cache"),
    Source("cache_evicted_by_clients", (
        (*CACHE, "pages evicted by application threads"),
        (*CACHE, "page evict attempts by application threads"),  # since 8.0
    )),
    *_tickets("read"),
    *_tickets("write"),
    *_of("queue", ("globalLock", "currentQueue"), "total", "readers", "writers"),
    _at("active_clients", "globalLock", "activeClients", "total"),
    *_of("active_clients", ("globalLock", "activeClients"), "readers", "writers"),
    _at("cursors_open", "metrics", "cursor", "open", "total"),
    _at("cursors_pinned", "metrics", "cursor", "open", "pinned"),
    _at("cursors_no_timeout", "metrics", "cursor", "open", "noTimeout"),
    _at("cursors_timed_out", "metrics", "cursor", "timedOut"),
    _at("network_in", "network", "bytesIn"),
    _at("network_out", "network", "bytesOut"),
    _at("network_requests", "network", "numRequests"),
    _at("page_faults", "extra_info", "page_faults"),
    *_of("asserts", ("asserts",), "regular", "warning", "msg", "user"),
    *_of("documents", ("metrics", "document"), "returned", "inserted", "updated", "deleted"),
    _at("scan_and_order", "metrics", "operation", "scanAndOrder"),
    _at("scanned_keys", *EXECUTOR, "scanned"),
    _at("scanned_documents", *EXECUTOR, "scannedObjects"),
    Source("scanned_keys_per_returned", ((*EXECUTOR, "scanned"),), over=RETURNED),
    Source("scanned_documents_per_returned", ((*EXECUTOR, "scannedObjects"),), over=RETURNED),
    _at("collection_scans", *EXECUTOR, "collectionScans", "total"),
    _at("write_conflicts", "metrics", "operation", "writeConflicts"),
    _latency("read", "reads"),
    _latency("write", "writes"),
    _latency("command", "commands"),
    _latency("transaction", "transactions"),
    _at("transactions_open", "transactions", "currentOpen"),
    _at("transactions_active", "transactions", "currentActive"),
    _at("transactions_inactive", "transactions", "currentInactive"),
    _at("transactions_prepared", "transactions", "currentPrepared"),
    _at("transactions_started", "transactions", "totalStarted"),
    _at("transactions_committed", "transactions", "totalCommitted"),
    _at("transactions_aborted", "transactions", "totalAborted"),
    _at("ttl_deleted", "metrics", "ttl", "deletedDocuments"),
    _at("flow_control_percent", "flowControl", "timeAcquiringMicros",
        factor=MICROSECONDS_TO_PERCENT),
    _at("flow_control_lagged", "flowControl", "isLagged"),
    _at("repl_applied", "metrics", "repl", "apply", "ops"),
    _at("repl_fetched", "metrics", "repl", "network", "ops"),
    _at("repl_network", "metrics", "repl", "network", "bytes"),
    _buffer("repl_buffer_bytes", "sizeBytes"),
    _buffer("repl_buffer_entries", "count"),
    _batches("repl_batch_ms", "apply", "batches"),
    _batches("repl_getmore_ms", "network", "getmores"),
    Source("checkpoint_ms", (
        (*TRANSACTION, "transaction checkpoint most recent time (msecs)"),
        ("wiredTiger", "checkpoint", "most recent time (msecs)"),  # since 8.0
    )),
    Source("journal_sync_ms", ((*LOG, "log sync time duration (usecs)"),),
        over=(*LOG, "log sync operations"), factor=0.001),
    _at("journal_written", *LOG, "log bytes written"),
    Source("process_cpu_percent", (("extra_info", "user_time_us"),),
        plus=("extra_info", "system_time_us"), factor=MICROSECONDS_TO_PERCENT),
    Source("uptime", (("uptime",), ("uptimeEstimate",))),
)  # fmt: skip

OPLOG: tuple[Source, ...] = (_at("oplog_bytes", "size"), _at("oplog_maximum", "maxSize"))
"""Of the storageStats of its collection."""

DATABASE: tuple[Source, ...] = (
    _at("db_data_bytes", "dataSize"),
    _at("db_storage_bytes", "storageSize"),
    _at("db_index_bytes", "indexSize"),
    _at("db_objects", "objects"),
    _at("db_indexes", "indexes"),
    _at("db_collections", "collections"),
)

COLLECTION: tuple[Source, ...] = (
    _at("collection_data_bytes", "size"),
    _at("collection_storage_bytes", "storageSize"),
    _at("collection_index_bytes", "totalIndexSize"),
    _at("collection_objects", "count"),
    _at("collection_indexes", "nindexes"),
    _at("collection_free_bytes", "freeStorageSize"),
)

HOST: tuple[Source, ...] = (
    _at("host_processes_running", "cpu", "procs_running"),
    _at("host_processes_blocked", "cpu", "procs_blocked"),
    _at("host_memory_total", "memory", "MemTotal_kb", factor=1024),
    _at("host_memory_available", "memory", "MemAvailable_kb", factor=1024),
    _at("host_swap_in", "vmstat", "pswpin"),
    _at("host_swap_out", "vmstat", "pswpout"),
    _at("host_major_faults", "vmstat", "pgmajfault"),
    _at("host_network_in", "netstat", "IpExt:InOctets"),
    _at("host_network_out", "netstat", "IpExt:OutOctets"),
    _at("host_tcp_retransmitted", "netstat", "Tcp:RetransSegs"),
)
"""Of getDiagnosticData's systemMetrics; the rest of them takes some arithmetic: hardware.py."""
