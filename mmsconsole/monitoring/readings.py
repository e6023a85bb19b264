"""One poll's documents as raw counters and gauges. Pure; whatever a server sends is taken."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from mmsconsole.monitoring import sources
from mmsconsole.monitoring.answers import Answers
from mmsconsole.monitoring.derived import derive
from mmsconsole.monitoring.fields import Document, field, number_at, text
from mmsconsole.monitoring.hardware import Hardware, read_hardware
from mmsconsole.monitoring.sets import lag_of, read_set
from mmsconsole.monitoring.sources import Source

PATH_MAX = 4096


@dataclass(slots=True)
class Raw:
    """By metric: gauges as they are, counters since the server's start."""

    values: dict[str, float] = dataclasses.field(default_factory=dict)
    over: dict[str, float] = dataclasses.field(default_factory=dict)
    """Of ratios: the counters that they are divided by."""

    def take(self, document: Document, found: Iterable[Source]) -> None:
        for source in found:
            self._take(document, source)

    def _take(self, document: Document, source: Source) -> None:
        for path in source.paths:
            value = number_at(document, path)
            if value is not None:
                break
        else:
            return
        if source.over:
            below = number_at(document, source.over)
            if below is None:
                return
            self.over[source.metric] = below
        if source.plus:
            value += number_at(document, source.plus) or 0.0
        self.values[source.metric] = value * source.factor


@dataclass(frozen=True, slots=True)
class Reading:
    """Of a member and its host, at one time."""

    at: datetime
    """By the engine's clock: it labels."""
    monotonic: float
    """The same in seconds that never jump: rates are made of them."""
    values: dict[str, float]
    over: dict[str, float] = dataclasses.field(default_factory=dict)
    hardware: Hardware = dataclasses.field(default_factory=Hardware)
    uptime: float | None = None
    """Seconds since mongod was started, by itself."""
    process: float | None = None
    """Its pid."""
    identity: str = ""
    """Made anew by each process; empty where it is not told."""


def read_answers(answers: Answers) -> Reading:
    """Never raises for what a server sends: what cannot be used is not there."""
    raw, status = Raw(), answers.server_status
    raw.take(status, sources.SERVER_STATUS)
    raw.take(answers.oplog_stats, sources.OPLOG)
    raw.take(answers.system_metrics, sources.HOST)
    hardware = read_hardware(answers.system_metrics, data_folder(answers.options))
    raw.values.update(hardware.gauges)
    raw.values.update(_cost(answers))
    if answers.oplog_first is not None and answers.oplog_last is not None:
        raw.values["oplog_window"] = float(max(0, answers.oplog_last.t - answers.oplog_first.t))
    lag = lag_of(read_set(answers.set_status), answers.lead.optime)
    if lag is not None:
        raw.values["replication_lag"] = lag
    derive(raw.values)
    return Reading(
        answers.at, answers.monotonic, raw.values, raw.over, hardware,
        _uptime(status), number_at(status, ("pid",)), _identity(answers.hello),
    )  # fmt: skip


def read_database(stats: Document) -> dict[str, float]:
    """Of dbStats."""
    raw = Raw()
    raw.take(stats, sources.DATABASE)
    used, total = number_at(stats, ("fsUsedSize",)), number_at(stats, ("fsTotalSize",))
    if used is not None and total and used <= total:
        raw.values["db_filesystem_percent"] = used / total * 100
    return raw.values


def read_collection(stats: Document) -> dict[str, float]:
    """Of collStats, or of the storageStats of $collStats."""
    raw = Raw()
    raw.take(stats, sources.COLLECTION)
    return raw.values


def data_folder(options: Document) -> str:
    """Of the parsed command line; empty where it is not told."""
    storage = options.get("storage")
    return text(storage.get("dbPath"), PATH_MAX) if isinstance(storage, dict) else ""


def _identity(hello: Document) -> str:
    told = field(hello, ("topologyVersion", "processId"))
    return str(told) if isinstance(told, ObjectId) else ""


def _uptime(status: Document) -> float | None:
    millis = number_at(status, ("uptimeMillis",))
    return millis / 1000 if millis is not None else number_at(status, ("uptime",))


def _cost(answers: Answers) -> dict[str, float]:
    return {
        "poll_ms": answers.ms, "poll_cpu_ms": answers.cpu_ms, "poll_server_ms": answers.server_ms,
    }  # fmt: skip
