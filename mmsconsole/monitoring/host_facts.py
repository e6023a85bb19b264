"""The host and how its mongod was started, in words for people: hostInfo and others. Pure."""

from collections.abc import Iterator

from mmsconsole.monitoring.fields import Document, Path, document_at, field, number_at, text

FACT_MAX = 300
MEBIBYTES_IN_GIBIBYTE = 1024

HOST: tuple[tuple[str, Path], ...] = (
    ("host name", ("system", "hostname")),
    ("system", ("os", "name")),
    ("system version", ("os", "version")),
    ("processor", ("system", "cpuArch")),
    ("cores", ("system", "numCores")),
    ("physical cores", ("system", "numPhysicalCores")),
    ("NUMA", ("system", "numaEnabled")),
)
EXTRA: tuple[tuple[str, Path], ...] = (
    ("kernel", ("kernelVersion",)),
    ("processor MHz", ("cpuFrequencyMHz",)),
    ("page size", ("pageSize",)),
    ("open files at most", ("maxOpenFiles",)),
    ("C library", ("libcVersion",)),
)
MEMORY: tuple[tuple[str, Path], ...] = (
    ("memory", ("system", "memSizeMB")),
    ("memory limit", ("system", "memLimitMB")),
)
BUILD: tuple[tuple[str, Path], ...] = (
    ("mongod", ("version",)),
    ("git version", ("gitVersion",)),
    ("allocator", ("allocator",)),
    ("OpenSSL", ("openssl", "running")),
)
OPTIONS: tuple[tuple[str, Path], ...] = (
    ("data folder", ("storage", "dbPath")),
    ("cache GB", ("storage", "wiredTiger", "engineConfig", "cacheSizeGB")),
    ("oplog MB", ("replication", "oplogSizeMB")),
    ("log", ("systemLog", "path")),
    ("configuration file", ("config",)),
    ("port", ("net", "port")),
    ("TLS", ("net", "tls", "mode")),
    ("authorization", ("security", "authorization")),
)


def host_facts(host_info: Document, build_info: Document, options: Document) -> dict[str, str]:
    """What is not told is not there. Only named options are taken: others could be secret."""
    extra = document_at(host_info, ("extra",))
    extra = document_at(extra, ("extra",)) or extra  # 6.0 has one in the other
    return dict((
        *_facts(host_info, HOST), *_memory(host_info), *_facts(extra, EXTRA),
        *_facts(build_info, BUILD), *_facts(options, OPTIONS),
    ))  # fmt: skip


def _facts(document: Document, wanted: tuple[tuple[str, Path], ...]) -> Iterator[tuple[str, str]]:
    for name, path in wanted:
        value = field(document, path)
        told = ("yes" if value else "no") if isinstance(value, bool) else text(value, FACT_MAX)
        if told:
            yield name, told.removeprefix("PRETTY_NAME=").strip('"')


def _memory(host_info: Document) -> Iterator[tuple[str, str]]:
    for name, path in MEMORY:
        mebibytes = number_at(host_info, path)
        if mebibytes:
            yield name, f"{mebibytes / MEBIBYTES_IN_GIBIBYTE:.1f} GiB"
