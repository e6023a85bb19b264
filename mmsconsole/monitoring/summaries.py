"""What a member does just now: currentOp's operations and top's collections, as people need them.

Pure. Nothing of a user's document is kept, and nothing that could steer a terminal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

from mmsconsole.metadata.members import HOT_MAX, OPERATIONS_MAX, HotCollection, Operation
from mmsconsole.monitoring.fields import Document, document_at, number, number_at, text
from mmsconsole.monitoring.questions import OWN_DATABASES, WAITING_FOR_NEWS
from mmsconsole.monitoring.shapes import shape_of

NAMESPACE_MAX = 260
WORD_MAX = 120
PLAN_MAX = 200
LOOKED_AT_MAX = 10_000
"""Operations of one answer."""
USAGES_MAX = 2000
"""Collections of a member that are remembered from one look to the next: the busiest ones."""
OWN_APP = "mmsconsole"
SERVERS_APPS = frozenset(("OplogFetcher", "NetworkInterfaceTL"))
"""Members that follow each other."""
GREETINGS = frozenset(WAITING_FOR_NEWS)
WORKERS = ("conn", "IndexBuilds", "TTLMonitor")
"""Threads that do what people or their data asked for; conn: a client's."""


def operations_of(inprog: Iterable[object]) -> tuple[Operation, ...]:
    """The longest first; without ours, the server's own, and clients that only wait for news."""
    looked_at = islice(inprog, LOOKED_AT_MAX)
    wanted = (each for each in looked_at if isinstance(each, Mapping) and _is_wanted(each))
    longest = nlargest(OPERATIONS_MAX, wanted, key=_seconds)
    return tuple(_operation(each) for each in longest)


def _is_wanted(op: Document) -> bool:
    command = document_at(op, ("command",))
    if op.get("active") is False or op.get("op") in (None, "", "none"):
        return False
    if op.get("type", "op") != "op" or not str(op.get("desc", "conn")).startswith(WORKERS):
        return False
    if op.get("appName") == OWN_APP or _is_of_a_server(op):
        return False
    return not (GREETINGS & command.keys()) and not _asks_for_operations(command)


def _is_of_a_server(op: Document) -> bool:
    return str(op.get("appName", "")).startswith(tuple(SERVERS_APPS))


def _asks_for_operations(command: Document) -> bool:
    pipeline = command.get("pipeline")
    first = pipeline[0] if isinstance(pipeline, list) and pipeline else {}
    return "currentOp" in command or (isinstance(first, Mapping) and "$currentOp" in first)


def _seconds(op: Document) -> float:
    micros = number(op.get("microsecs_running"))
    return micros / 1e6 if micros is not None else number(op.get("secs_running")) or 0.0


def _operation(op: Document) -> Operation:
    namespace = op.get("ns")
    collection = namespace.partition(".")[2] if isinstance(namespace, str) else ""
    return Operation(
        id=text(op.get("opid"), WORD_MAX),
        op=text(op.get("op"), WORD_MAX),
        namespace=text(namespace, NAMESPACE_MAX),
        seconds=_seconds(op),
        client=text(op.get("client", op.get("client_s")), WORD_MAX),
        app=text(op.get("appName"), WORD_MAX),
        plan=text(op.get("planSummary"), PLAN_MAX),
        waiting=op.get("waitingForLock") is True,
        text=shape_of(document_at(op, ("command",)), collection),
    )


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a collection since the server's start."""

    read_micros: float
    write_micros: float
    reads: float
    writes: float

    @property
    def micros(self) -> float:
        return self.read_micros + self.write_micros


@dataclass(frozen=True, slots=True)
class Usages:
    at: float
    """Monotonic seconds."""
    by_namespace: Mapping[str, Usage]


def read_top(totals: Document, at: float) -> Usages | None:
    """None where it was not asked."""
    if not totals:
        return None
    found = {
        namespace: usage
        for namespace, each in totals.items()
        if namespace.partition(".")[0] not in OWN_DATABASES and (usage := _usage(each)) is not None
    }
    busiest = nlargest(USAGES_MAX, found.items(), key=lambda pair: pair[1].micros)
    return Usages(at, dict(busiest))


def _usage(found: object) -> Usage | None:
    numbers = [
        number_at(found, (lock, name))
        for lock, name in (
            ("readLock", "time"), ("writeLock", "time"), ("readLock", "count"),
            ("writeLock", "count"),
        )
    ]  # fmt: skip
    told = [each for each in numbers if each is not None]
    return Usage(*told) if len(told) == len(numbers) else None


def hot_collections(before: Usages, now: Usages) -> tuple[HotCollection, ...]:
    """The busiest first. A counter that fell, as after a restart, tells nothing."""
    seconds = now.at - before.at
    if seconds <= 0:
        return ()
    hot = [
        one
        for name, usage in now.by_namespace.items()
        if name in before.by_namespace
        and (one := _hot(name, before.by_namespace[name], usage, seconds)) is not None
    ]
    return tuple(nlargest(HOT_MAX, hot, key=lambda one: one.reads_ms + one.writes_ms))


def _hot(name: str, before: Usage, now: Usage, seconds: float) -> HotCollection | None:
    """None where nothing was done."""
    read_ms = (now.read_micros - before.read_micros) / 1000
    write_ms = (now.write_micros - before.write_micros) / 1000
    reads, writes = now.reads - before.reads, now.writes - before.writes
    if min(read_ms, write_ms, reads, writes) < 0 or not reads + writes:
        return None
    return HotCollection(
        text(name, NAMESPACE_MAX),
        read_ms / seconds, write_ms / seconds, reads / seconds, writes / seconds,
    )  # fmt: skip
