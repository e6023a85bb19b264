"""What one poll of one member brought: documents as the server sent them. Nothing is trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mmsconsole.optime import Optime

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of the member's port."""

    ends: datetime
    names: tuple[str, ...]
    """Subject alternative names, or else its common name."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Of a primary; empty: none has answered yet."""

    optime: Optime | None = None
    unreached: frozenset[str] = frozenset()
    """host:port of the members that it does not reach."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A document is empty where it was not asked this time, or not given: see `missing`."""

    host: str
    """host:port, as the set's configuration names it."""
    at: datetime
    """When the poll began."""
    monotonic: float
    """When its counters were read, in seconds that never jump: rates are made with it."""
    hello: Document = field(default_factory=dict)
    server_status: Document = field(default_factory=dict)
    set_status: Document = field(default_factory=dict)
    """Of replSetGetStatus."""
    config: Document = field(default_factory=dict)
    """Of replSetGetConfig: the newest one known, also when it was not asked this time."""
    lead: Lead = field(default_factory=Lead)
    """What the set's primary told of itself when it was asked last."""
    oplog_first: Optime | None = None
    oplog_last: Optime | None = None
    oplog_stats: Document = field(default_factory=dict)
    """size, maxSize and count of its oplog: the newest known."""
    operations: tuple[Document, ...] = ()
    """Of $currentOp: active ones, the longest first."""
    locked: bool | None = None
    """By fsyncLock; None: it did not tell."""
    top: Document = field(default_factory=dict)
    """The `totals` of top, by namespace."""
    system_metrics: Document = field(default_factory=dict)
    """Of getDiagnosticData: cpu, memory, disks, mounts, netstat, vmstat."""
    databases: Mapping[str, Document] = field(default_factory=dict)
    """dbStats by database: those that were due this time."""
    collections: Mapping[str, Document] = field(default_factory=dict)
    """$collStats' storageStats by namespace: those that were due this time."""
    host_info: Document = field(default_factory=dict)
    """The newest known, as build_info, options, fcv and certificate are."""
    build_info: Document = field(default_factory=dict)
    options: Document = field(default_factory=dict)
    """`parsed` of getCmdLineOpts."""
    fcv: str = ""
    certificate: Certificate | None = None
    missing: tuple[str, ...] = ()
    """What could not be asked, and why, in words."""
    ms: float = 0.0
    """From the first question to the last answer."""
    cpu_ms: float = 0.0
    """Of this process's processor, for asking and decoding."""
    server_ms: float = 0.0
    """Waiting for answers: the server's own time and the way there and back."""
