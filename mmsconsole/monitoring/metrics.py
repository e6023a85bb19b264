"""The metrics that there are: names, units, and the charts that they stand in. Pure data.

Where each comes from is in sources.py and derived.py. Those of servers before 4.4 (recordStats,
backgroundFlushing, dur, indexCounters, the lock percentage) are not here: no server has them now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from mmsconsole.errors import UsageError


class Kind(StrEnum):
    GAUGE = "gauge"
    RATE = "rate"
    """A counter, per second."""
    RATIO = "ratio"
    """The difference of one counter over that of another."""


class Unit(StrEnum):
    COUNT = "count"
    PER_SECOND = "per second"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes per second"
    PERCENT = "percent"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"


class Scope(StrEnum):
    MEMBER = "member"
    HOST = "host"
    DATABASE = "database"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    """[a-z0-9_]+"""
    title: str
    unit: Unit
    kind: Kind
    scope: Scope
    chart: str
    """Those of one chart share it."""
    about: str = ""
    """One sentence, without a full stop."""


Row = tuple[str, str, str]
"""Name, title, about."""


def _chart(
    chart: str, unit: Unit, kind: Kind, *rows: Row, scope: Scope = Scope.MEMBER
) -> Iterator[Metric]:
    for name, title, about in rows:
        yield Metric(name, title, unit, kind, scope, chart, about)


_OPERATIONS = ("insert", "query", "update", "delete", "getmore", "command")
_MEMBER: tuple[Metric, ...] = (
    *_chart("Opcounters", Unit.PER_SECOND, Kind.RATE, *(
        (f"opcounters_{each}", each, f"{each} operations that clients asked for")
        for each in _OPERATIONS)),
    *_chart("Opcounters of replication", Unit.PER_SECOND, Kind.RATE, *(
        (f"opcounters_repl_{each}", each, f"{each} operations that were applied from the oplog")
        for each in _OPERATIONS)),
    *_chart("Connections", Unit.COUNT, Kind.GAUGE,
        ("connections_current", "current", "Connections that are open"),
        ("connections_available", "available", "Connections that may still be opened"),
        ("connections_active", "active", "Connections whose operation runs just now")),
    *_chart("Connections used", Unit.PERCENT, Kind.GAUGE,
        ("connections_percent", "of the limit", "Open connections as a part of the limit")),
    *_chart("New connections", Unit.PER_SECOND, Kind.RATE,
        ("connections_created", "created", "Connections that were opened")),
    *_chart("Memory", Unit.BYTES, Kind.GAUGE,
        ("memory_resident", "resident", "Memory that mongod occupies"),
        ("memory_virtual", "virtual", "Address space that mongod has taken")),
    *_chart("Cache", Unit.BYTES, Kind.GAUGE,
        ("cache_used", "used", "Bytes in the storage engine's cache"),
        ("cache_dirty", "dirty", "Bytes of it that are not written yet"),
        ("cache_maximum", "maximum", "What the cache may hold")),
    *_chart("Cache fill", Unit.PERCENT, Kind.GAUGE,
        ("cache_used_percent", "used", "From 80 the cache is emptied, from 95 clients help"),
        ("cache_dirty_percent", "dirty", "From 5 dirty pages are written, from 20 clients help")),
    *_chart("Cache activity", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("cache_read", "read into", "Bytes read into the cache"),
        ("cache_written", "written from", "Bytes written from the cache")),
    *_chart("Evictions by clients", Unit.PER_SECOND, Kind.RATE,
        ("cache_evicted_by_clients", "pages", "Pages that operations had to evict themselves")),
    *_chart("Tickets", Unit.COUNT, Kind.GAUGE,
        ("tickets_read_available", "read", "Reads that may still begin in the storage engine"),
        ("tickets_write_available", "write", "Writes that may still begin in it")),
    *_chart("Tickets in use", Unit.COUNT, Kind.GAUGE,
        ("tickets_read_used", "read", "Reads that are in the storage engine"),
        ("tickets_write_used", "write", "Writes that are in it")),
    *_chart("Queues", Unit.COUNT, Kind.GAUGE,
        ("queue_total", "total", "Operations that wait for a lock"),
        ("queue_readers", "readers", "Reads that wait for a lock"),
        ("queue_writers", "writers", "Writes that wait for a lock")),
    *_chart("Active clients", Unit.COUNT, Kind.GAUGE,
        ("active_clients", "total", "Clients whose operation runs or waits"),
        ("active_clients_readers", "readers", "Those that read"),
        ("active_clients_writers", "writers", "Those that write")),
    *_chart("Cursors", Unit.COUNT, Kind.GAUGE,
        ("cursors_open", "open", "Cursors that clients have open"),
        ("cursors_pinned", "pinned", "Cursors that are being read"),
        ("cursors_no_timeout", "no timeout", "Cursors that never time out")),
    *_chart("Cursors timed out", Unit.PER_SECOND, Kind.RATE,
        ("cursors_timed_out", "timed out", "Cursors that were left alone and then closed")),
    *_chart("Network", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("network_in", "in", "Bytes that mongod received"),
        ("network_out", "out", "Bytes that it sent")),
    *_chart("Requests", Unit.PER_SECOND, Kind.RATE,
        ("network_requests", "requests", "Requests that it received")),
    *_chart("Page faults", Unit.PER_SECOND, Kind.RATE,
        ("page_faults", "page faults", "Faults of mongod that had to wait for the disk")),
    *_chart("Asserts", Unit.PER_SECOND, Kind.RATE,
        ("asserts_regular", "regular", "Assertions inside the server that failed"),
        ("asserts_warning", "warning", "Warnings"),
        ("asserts_msg", "messages", "Assertions that it told the client of"),
        ("asserts_user", "user", "Errors that clients caused, as duplicate keys")),
    *_chart("Documents", Unit.PER_SECOND, Kind.RATE, *(
        (f"documents_{each}", each, f"Documents {each}")
        for each in ("returned", "inserted", "updated", "deleted"))),
    *_chart("Scan and order", Unit.PER_SECOND, Kind.RATE,
        ("scan_and_order", "sorts", "Sorts that no index could serve")),
    *_chart("Query executor", Unit.PER_SECOND, Kind.RATE,
        ("scanned_keys", "index keys", "Index keys that queries looked at"),
        ("scanned_documents", "documents", "Documents that queries looked at")),
    *_chart("Scanned per returned", Unit.COUNT, Kind.RATIO,
        ("scanned_keys_per_returned", "index keys", "Many mean an index that suits badly"),
        ("scanned_documents_per_returned", "documents", "Many mean that an index is missing")),
    *_chart("Collection scans", Unit.PER_SECOND, Kind.RATE,
        ("collection_scans", "scans", "Queries that read a whole collection")),
    *_chart("Write conflicts", Unit.PER_SECOND, Kind.RATE,
        ("write_conflicts", "conflicts", "Writes that had to be tried again")),
    *_chart("Operation execution time", Unit.MILLISECONDS, Kind.RATIO,
        ("latency_read_ms", "reads", "Mean time of a read"),
        ("latency_write_ms", "writes", "Mean time of a write"),
        ("latency_command_ms", "commands", "Mean time of a command"),
        ("latency_transaction_ms", "transactions", "Mean time of a transaction")),
    *_chart("Transactions", Unit.COUNT, Kind.GAUGE,
        ("transactions_open", "open", "Transactions that are open"),
        ("transactions_active", "active", "Those that run a command just now"),
        ("transactions_inactive", "inactive", "Those whose client is not asking anything"),
        ("transactions_prepared", "prepared", "Those that are prepared")),
    *_chart("Transactions ended", Unit.PER_SECOND, Kind.RATE,
        ("transactions_started", "started", "Transactions that began"),
        ("transactions_committed", "committed", "Transactions that were committed"),
        ("transactions_aborted", "aborted", "Transactions that were aborted")),
    *_chart("TTL", Unit.PER_SECOND, Kind.RATE,
        ("ttl_deleted", "deleted", "Documents that were deleted because their time was over")),
    *_chart("Flow control", Unit.PERCENT, Kind.RATE,
        ("flow_control_percent", "waiting", "Time that all writes waited for secondaries")),
    *_chart("Flow control lagged", Unit.COUNT, Kind.GAUGE,
        ("flow_control_lagged", "lagged", "1 while the primary slows writes down")),
    *_chart("Replication applied", Unit.PER_SECOND, Kind.RATE,
        ("repl_applied", "applied", "Oplog entries that were applied"),
        ("repl_fetched", "fetched", "Oplog entries that were fetched")),
    *_chart("Replication network", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("repl_network", "fetched", "Bytes of oplog that were fetched")),
    *_chart("Replication buffer", Unit.BYTES, Kind.GAUGE,
        ("repl_buffer_bytes", "bytes", "Oplog that was fetched and not yet applied")),
    *_chart("Replication buffer entries", Unit.COUNT, Kind.GAUGE,
        ("repl_buffer_entries", "entries", "Entries in that buffer")),
    *_chart("Replication batches", Unit.MILLISECONDS, Kind.RATIO,
        ("repl_batch_ms", "apply", "Mean time to apply a batch of oplog entries"),
        ("repl_getmore_ms", "fetch", "Mean time to fetch a batch, waiting for it included")),
    *_chart("Checkpoint", Unit.MILLISECONDS, Kind.GAUGE,
        ("checkpoint_ms", "newest", "How long the newest checkpoint took")),
    *_chart("Journal", Unit.MILLISECONDS, Kind.RATIO,
        ("journal_sync_ms", "sync", "Mean time to bring the journal onto the disk")),
    *_chart("Journal written", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("journal_written", "written", "Bytes written to the journal")),
    *_chart("CPU of mongod", Unit.PERCENT, Kind.RATE,
        ("process_cpu_percent", "of one core", "100 is one core that is busy all the time")),
    *_chart("Uptime", Unit.SECONDS, Kind.GAUGE,
        ("uptime", "uptime", "Since mongod was started")),
    *_chart("Restarts", Unit.COUNT, Kind.GAUGE,
        ("restarts", "in the last hour", "Starts of mongod within the last hour")),
    *_chart("Replication lag", Unit.SECONDS, Kind.GAUGE,
        ("replication_lag", "lag", "How far it is behind the primary, else the newest member")),
    *_chart("Oplog window", Unit.SECONDS, Kind.GAUGE,
        ("oplog_window", "window", "From the oldest to the newest entry of its oplog"),
        ("oplog_headroom", "headroom", "The window less the lag")),
    *_chart("Oplog size", Unit.BYTES, Kind.GAUGE,
        ("oplog_bytes", "used", "Bytes in its oplog, before compression"),
        ("oplog_maximum", "maximum", "What its oplog may hold")),
    *_chart("Oplog per hour", Unit.BYTES, Kind.GAUGE,
        ("oplog_bytes_per_hour", "per hour", "Size of the oplog over its window")),
    *_chart("Our own cost", Unit.MILLISECONDS, Kind.GAUGE,
        ("poll_ms", "whole poll", "From the first question to the last answer"),
        ("poll_cpu_ms", "our CPU", "Processor time of the engine for one poll"),
        ("poll_server_ms", "server", "Waiting for the member's answers")),
)  # fmt: skip

_HOST: tuple[Metric, ...] = (
    *_chart("Host CPU", Unit.PERCENT, Kind.RATIO,
        ("host_cpu_percent", "busy", "Neither idle nor waiting for the disk; 100 is all cores"),
        ("host_cpu_user_percent", "user", "In programs"),
        ("host_cpu_system_percent", "system", "In the kernel, interrupts included"),
        ("host_cpu_iowait_percent", "iowait", "Idle, but for a disk's answer"),
        ("host_cpu_steal_percent", "steal", "Taken by other virtual machines"), scope=Scope.HOST),
    *_chart("Host processes", Unit.COUNT, Kind.GAUGE,
        ("host_processes_running", "running", "Processes that could run"),
        ("host_processes_blocked", "blocked", "Processes that wait for a disk"), scope=Scope.HOST),
    *_chart("Host memory", Unit.BYTES, Kind.GAUGE,
        ("host_memory_available", "available", "Memory that programs may still take"),
        ("host_memory_total", "total", "Memory of the host"),
        ("host_swap_used", "swap used", "Swap that is used"), scope=Scope.HOST),
    *_chart("Host memory used", Unit.PERCENT, Kind.GAUGE,
        ("host_memory_percent", "memory", "Memory that is not available"),
        ("host_swap_percent", "swap", "Swap that is used"), scope=Scope.HOST),
    *_chart("Host swapping", Unit.PER_SECOND, Kind.RATE,
        ("host_swap_in", "in", "Pages read from swap"),
        ("host_swap_out", "out", "Pages written to swap"),
        ("host_major_faults", "major faults", "Page faults that read a disk"), scope=Scope.HOST),
    *_chart("Host disk busy", Unit.PERCENT, Kind.RATE,
        ("host_disk_busy_percent", "busiest", "Time in which the busiest disk had something to do"),
        scope=Scope.HOST),
    *_chart("Host disk operations", Unit.PER_SECOND, Kind.RATE,
        ("host_disk_read_iops", "reads", "Reads of all disks"),
        ("host_disk_write_iops", "writes", "Writes of all disks"), scope=Scope.HOST),
    *_chart("Host disk throughput", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("host_disk_read", "read", "Bytes read from all disks"),
        ("host_disk_written", "written", "Bytes written to all disks"), scope=Scope.HOST),
    *_chart("Host disk latency", Unit.MILLISECONDS, Kind.RATIO,
        ("host_disk_read_latency_ms", "reads", "Mean time of a read, waiting included"),
        ("host_disk_write_latency_ms", "writes", "Mean time of a write, waiting included"),
        scope=Scope.HOST),
    *_chart("Host disk queue", Unit.COUNT, Kind.GAUGE,
        ("host_disk_queue", "in progress", "Reads and writes that the disks work on"),
        scope=Scope.HOST),
    *_chart("Host disk space used", Unit.PERCENT, Kind.GAUGE,
        ("host_disk_used_percent", "used", "Of the file system with the data; else of the fullest"),
        scope=Scope.HOST),
    *_chart("Host disk space", Unit.BYTES, Kind.GAUGE,
        ("host_disk_available", "available", "What mongod may still write on that file system"),
        scope=Scope.HOST),
    *_chart("Host network", Unit.BYTES_PER_SECOND, Kind.RATE,
        ("host_network_in", "in", "Bytes that the host received, loopback included"),
        ("host_network_out", "out", "Bytes that the host sent, loopback included"),
        scope=Scope.HOST),
    *_chart("Host TCP", Unit.PER_SECOND, Kind.RATE,
        ("host_tcp_retransmitted", "sent again", "TCP segments that had to be sent again"),
        scope=Scope.HOST),
)  # fmt: skip


def _sizes(prefix: str, noun: str, scope: Scope, *more: Row) -> tuple[Metric, ...]:
    """`more`: of the chart of its size."""
    return (
        *_chart(f"{noun} size".capitalize(), Unit.BYTES, Kind.GAUGE,
            (f"{prefix}_data_bytes", "data", f"Documents of the {noun}, before compression"),
            (f"{prefix}_storage_bytes", "storage", "What they take on the disk"),
            (f"{prefix}_index_bytes", "indexes", "What its indexes take on the disk"),
            *more, scope=scope),
        *_chart(f"{noun} contents".capitalize(), Unit.COUNT, Kind.GAUGE,
            (f"{prefix}_objects", "documents", f"Documents of the {noun}"),
            (f"{prefix}_indexes", "indexes", f"Indexes of the {noun}"), scope=scope),
    )  # fmt: skip


METRICS: tuple[Metric, ...] = (
    *_MEMBER,
    *_HOST,
    *_sizes("db", "database", Scope.DATABASE),
    *_chart("Database contents", Unit.COUNT, Kind.GAUGE,
        ("db_collections", "collections", "Collections of the database"), scope=Scope.DATABASE),
    *_chart("File system of the data", Unit.PERCENT, Kind.GAUGE,
        ("db_filesystem_percent", "used", "Of the file system that holds the database"),
        scope=Scope.DATABASE),
    *_sizes("collection", "collection", Scope.COLLECTION,
        ("collection_free_bytes", "reusable", "Space in its file that holds nothing")),
)  # fmt: skip
"""In the order in which they are shown."""
BY_NAME = {each.name: each for each in METRICS}


def metric(name: str) -> Metric:
    """Raises UsageError, which names those that are near."""
    found = BY_NAME.get(name)
    if found is not None:
        return found
    near = get_close_matches(name, BY_NAME, n=5, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "see: mmsconsole metrics --list"
    raise UsageError(f"there is no metric {name!r}", hint=hint)
