"""The machine that a member runs on, as mongod tells of it. Pure.

From getDiagnosticData's systemMetrics, which servers on Linux gather for their own records, and
from hostInfo, buildInfo and getCmdLineOpts. So nothing has to be installed on the host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmsconsole.monitoring.fields import Document, document_at, number, number_at

KIB = 1024.0
SECTOR = 512.0
"""Bytes that Linux counts in, whatever the disk's own are."""
DISKS_MAX = 100
MOUNTS_MAX = 200
NO_DATA_BELOW = ("/boot", "/dev", "/proc", "/run", "/snap", "/sys")
"""File systems there are not what runs full, when nobody knows where the data is."""
IDLE = frozenset(("idle_ms", "iowait_ms"))
CPU_TIMES = (
    "user_ms", "nice_ms", "system_ms", "idle_ms", "iowait_ms", "irq_ms", "softirq_ms", "steal_ms",
)  # fmt: skip
"""The whole time; guests are in user and nice already."""
CPU_PARTS: Mapping[str, frozenset[str]] = {
    "host_cpu_percent": frozenset(CPU_TIMES) - IDLE,
    "host_cpu_user_percent": frozenset(("user_ms", "nice_ms")),
    "host_cpu_system_percent": frozenset(("system_ms", "irq_ms", "softirq_ms")),
    "host_cpu_iowait_percent": frozenset(("iowait_ms",)),
    "host_cpu_steal_percent": frozenset(("steal_ms",)),
}


@dataclass(frozen=True, slots=True)
class Disk:
    """Counters since the host was started; times in milliseconds."""

    reads: float
    writes: float
    read_sectors: float
    written_sectors: float
    read_ms: float
    write_ms: float
    busy_ms: float

    @property
    def counters(self) -> tuple[float, ...]:
        return (
            self.reads, self.writes, self.read_sectors, self.written_sectors,
            self.read_ms, self.write_ms, self.busy_ms,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hardware:
    gauges: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    """Milliseconds of all cores since the host was started, by CPU_TIMES."""
    disks: dict[str, Disk] = field(default_factory=dict)


def read_hardware(metrics: Document, data_folder: str) -> Hardware:
    """`metrics`: systemMetrics. `data_folder`: where mongod's files are; empty: not known."""
    disks = dict(list(document_at(metrics, ("disks",)).items())[:DISKS_MAX])
    gauges = {**_memory(document_at(metrics, ("memory",))), **_space(metrics, data_folder)}
    queue = [number_at(disk, ("io_in_progress",)) for disk in disks.values()]
    if any(each is not None for each in queue):
        gauges["host_disk_queue"] = sum(each or 0.0 for each in queue)
    return Hardware(
        gauges,
        _numbers(document_at(metrics, ("cpu",)), CPU_TIMES),
        {name: found for name, disk in disks.items() if (found := _disk(disk)) is not None},
    )


def hardware_rates(before: Hardware, now: Hardware, seconds: float) -> dict[str, float]:
    """What happened in between; a counter that fell, as after the host's restart, tells nothing."""
    return {**_cpu_percents(before.cpu, now.cpu), **_disk_rates(before.disks, now.disks, seconds)}


def _numbers(document: Document, names: tuple[str, ...]) -> dict[str, float]:
    found = ((name, number(document.get(name))) for name in names)
    return {name: value for name, value in found if value is not None}


def _memory(memory: Document) -> dict[str, float]:
    """Kernels before 3.14 do not tell what is available: free, buffers and cache are close."""
    values = {}
    total, available = number(memory.get("MemTotal_kb")), number(memory.get("MemAvailable_kb"))
    if available is None:
        parts = _numbers(memory, ("MemFree_kb", "Buffers_kb", "Cached_kb"))
        available = sum(parts.values()) if "MemFree_kb" in parts else None
    if available is not None:
        values["host_memory_available"] = available * KIB
        if total and available <= total:
            values["host_memory_percent"] = (total - available) / total * 100
    swap, free = number(memory.get("SwapTotal_kb")), number(memory.get("SwapFree_kb"))
    if swap is not None and free is not None and free <= swap:
        values["host_swap_used"] = (swap - free) * KIB
        values["host_swap_percent"] = (swap - free) / swap * 100 if swap else 0.0
    return values


def _space(metrics: Document, data_folder: str) -> dict[str, float]:
    mounts = {}
    for point, mount in list(document_at(metrics, ("mounts",)).items())[:MOUNTS_MAX]:
        numbers = _numbers(mount, ("capacity", "available", "free")) if _is(mount) else {}
        if len(numbers) == 3 and numbers["free"] <= numbers["capacity"]:
            mounts[point] = (_used_percent(numbers), numbers["available"])
    holding = [point for point in mounts if _holds(point, data_folder)]
    if holding:
        percent, available = mounts[max(holding, key=len)]
    elif usual := [mounts[point] for point in mounts if not _no_data(point)]:
        percent, available = max(usual)
    else:
        return {}
    return {"host_disk_used_percent": percent, "host_disk_available": available}


def _is(value: object) -> bool:
    return isinstance(value, Mapping)


def _used_percent(mount: Mapping[str, float]) -> float:
    """As df: what is kept for root counts neither as used nor as available."""
    used = mount["capacity"] - mount["free"]
    reach = used + mount["available"]
    return used / reach * 100 if reach else 0.0


def _holds(point: str, folder: str) -> bool:
    return bool(folder) and f"{folder}/".startswith(point.rstrip("/") + "/")


def _no_data(point: str) -> bool:
    return any(_holds(below, point) for below in NO_DATA_BELOW)


def _disk(disk: object) -> Disk | None:
    """None where a counter is missing."""
    names = (
        "reads", "writes", "read_sectors", "write_sectors", "read_time_ms", "write_time_ms",
        "io_time_ms",
    )  # fmt: skip
    found = [number_at(disk, (name,)) for name in names]
    told = [each for each in found if each is not None]
    return Disk(*told) if len(told) == len(names) else None


def _cpu_percents(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """iowait and steal may fall by a little, by the kernel's way of counting: that is none."""
    spent = {name: now[name] - before[name] for name in now if name in before}
    if "idle_ms" not in spent or spent["idle_ms"] < 0:
        return {}
    spent = {name: max(0.0, ms) for name, ms in spent.items()}
    whole = sum(spent.values())
    if not whole:
        return {}
    return {
        metric: sum(spent[name] for name in parts & spent.keys()) / whole * 100
        for metric, parts in CPU_PARTS.items()
        if parts & spent.keys()
    }


def _disk_rates(
    before: Mapping[str, Disk], now: Mapping[str, Disk], seconds: float
) -> dict[str, float]:
    """Of the disks that were there both times: a new one comes with a life of its own."""
    moved = [_since(before[name], now[name]) for name in now if name in before]
    disks = [disk for disk in moved if min(disk.counters) >= 0]
    if not disks:
        return {}
    reads, writes = sum(disk.reads for disk in disks), sum(disk.writes for disk in disks)
    values = {
        "host_disk_busy_percent": min(100.0, max(disk.busy_ms for disk in disks) / seconds / 10),
        "host_disk_read_iops": reads / seconds,
        "host_disk_write_iops": writes / seconds,
        "host_disk_read": sum(disk.read_sectors for disk in disks) * SECTOR / seconds,
        "host_disk_written": sum(disk.written_sectors for disk in disks) * SECTOR / seconds,
    }
    if reads:
        values["host_disk_read_latency_ms"] = sum(disk.read_ms for disk in disks) / reads
    if writes:
        values["host_disk_write_latency_ms"] = sum(disk.write_ms for disk in disks) / writes
    return values


def _since(before: Disk, now: Disk) -> Disk:
    return Disk(*(b - a for a, b in zip(before.counters, now.counters, strict=True)))
