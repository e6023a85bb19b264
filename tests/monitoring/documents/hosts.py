"""getDiagnosticData's systemMetrics and hostInfo, of Linux."""

from typing import Any

from bson.int64 import Int64

DISK_FIELDS = (
    "reads", "reads_merged", "read_sectors", "read_time_ms", "writes", "writes_merged",
    "write_sectors", "write_time_ms", "io_in_progress", "io_time_ms", "io_queued_ms",
)  # fmt: skip
CPU_FIELDS = (
    "user_ms", "nice_ms", "system_ms", "idle_ms", "iowait_ms", "irq_ms", "softirq_ms", "steal_ms",
)  # fmt: skip


def disk(**counters: int) -> dict[str, Any]:
    return {name: Int64(counters.get(name, 0)) for name in DISK_FIELDS}


def mount(capacity: int, available: int, free: int) -> dict[str, Any]:
    return {"capacity": Int64(capacity), "available": Int64(available), "free": Int64(free)}


def cpu(**milliseconds: int) -> dict[str, Any]:
    times = {name: float(milliseconds.get(name, 0)) for name in CPU_FIELDS}
    return {"num_cpus": 4, **times, "procs_running": 6, "procs_blocked": 1}


def system_metrics(counter: int = 0, **parts: Any) -> dict[str, Any]:
    """`parts` replace whole sections. 4.4 has no mounts, and not every build has vmstat."""
    told = {
        "cpu": cpu(user_ms=counter * 4, system_ms=counter * 2, idle_ms=counter * 3,
            iowait_ms=counter),
        "memory": {
            "MemTotal_kb": 1000, "MemFree_kb": 200, "MemAvailable_kb": 400, "Buffers_kb": 50,
            "Cached_kb": 100, "SwapTotal_kb": 100, "SwapFree_kb": 25,
        },
        "disks": {
            "sda": disk(reads=counter, writes=counter, read_sectors=counter, write_sectors=counter,
                read_time_ms=counter * 2, write_time_ms=counter * 3, io_time_ms=counter,
                io_in_progress=2),
        },
        "mounts": {"/": mount(1000, 400, 500), "/data": mount(2000, 200, 200)},
        "netstat": {
            "IpExt:InOctets": Int64(counter), "IpExt:OutOctets": Int64(counter),
            "Tcp:RetransSegs": Int64(counter),
        },
        "vmstat": {
            "pswpin": Int64(counter), "pswpout": Int64(counter), "pgmajfault": Int64(counter),
        },
    }  # fmt: skip
    return {**told, **parts}
