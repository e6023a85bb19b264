"""What takes data away: drops, and deletes of many. Pure.

Looked for backwards, as somebody does who has just lost something. Deletes of one namespace that
follow one another closely are one burst; it is found whole, from its first delete on. A server that
drops a database drops its collections first: they are one with it, from the first of them on.
"""

from dataclasses import dataclass

from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.unfolding import DELETE, command_of, drops_target, namespaces_of, unfolded
from mmsconsole.oplog.values import BROKEN, name_text
from mmsconsole.optime import Optime

MANY = 20
"""Fewer deletes are no burst."""
STANDSTILL_SECONDS = 10
"""So long without a delete ends a burst, and without a drop a database."""
DROP, DROP_DATABASE = "drop", "dropDatabase"
DROPS = frozenset({b"drop", b"dropDatabase", b"emptycapped"})
TAKEN = frozenset({b"d", b"c"})
"""Operations that are looked at: deletes and commands."""
BOOKKEEPING = (b"config.", b"local.", b"admin.system.keys")
"""Servers delete there by themselves."""


@dataclass(frozen=True, slots=True)
class Destruction:
    kind: str
    """drop, dropDatabase, emptycapped, renameCollection (over another one), or delete."""
    ns: str
    first: Optime
    """Just before it nothing of this was gone."""
    last: Optime
    count: int
    """Deletes, or the collections that went with a database; of a drop 1."""


@dataclass(slots=True)
class _Run:
    """Of one namespace: deletes, or what went with a database."""

    kind: str
    first: Optime
    last: Optime
    count: int = 0

    def extend(self, to: Optime) -> None:
        self.first = to
        self.count += 1


class BackwardSearch:
    """Is given entries from the newest to the oldest."""

    def __init__(self, many: int = MANY) -> None:
        self._many = many
        self._runs: dict[bytes, _Run] = {}
        self._found: list[Destruction] = []

    def take(self, entry: Entry) -> None:
        if entry.op not in TAKEN:
            return
        try:
            for one in unfolded(entry):
                self._take(one, entry.optime)
        except BROKEN:
            return  # it is told as unreadable where entries are listed

    def _take(self, one: Entry, at: Optime) -> None:
        if one.op == b"d":
            self._delete(one.ns, at)
        elif one.op == b"c":
            self._command(one, at)

    def _command(self, one: Entry, at: Optime) -> None:
        kind, ns = drop_of(one) or ("", b"")
        if ns.startswith(BOOKKEEPING):
            return
        database = one.ns.partition(b".")[0]
        run = self._run_of(database, at)
        if run is not None and kind == DROP:
            run.extend(at)
            return
        self._end(database)  # anything else was before its end began
        if kind == DROP_DATABASE:
            self._runs[ns] = _Run(kind, at, at)
        elif kind:
            self._found.append(Destruction(kind, name_text(ns), at, at, 1))

    def _delete(self, ns: bytes, at: Optime) -> None:
        if ns.startswith(BOOKKEEPING):
            return
        run = self._run_of(ns, at)
        if run is None:
            run = self._runs[ns] = _Run(DELETE, at, at)
        run.extend(at)

    def _run_of(self, ns: bytes, at: Optime) -> _Run | None:
        """The one that goes on at `at`; an older one is over."""
        run = self._runs.get(ns)
        if run is not None and run.first.t - at.t > STANDSTILL_SECONDS:
            self._end(ns)
            return None
        return run

    def passed(self, at: Optime) -> None:
        """Everything from `at` on was given: runs that ended before are over."""
        over = [ns for ns, run in self._runs.items() if run.first.t - at.t > STANDSTILL_SECONDS]
        for ns in over:
            self._end(ns)

    def end(self) -> None:
        """There is nothing more."""
        for ns in list(self._runs):
            self._end(ns)

    def _end(self, ns: bytes) -> None:
        run = self._runs.pop(ns, None)
        if run is not None and self._counts(run):
            found = Destruction(run.kind, name_text(ns), run.first, run.last, max(1, run.count))
            self._found.append(found)

    def _counts(self, run: _Run) -> bool:
        return run.kind != DELETE or run.count >= self._many

    @property
    def settled(self) -> bool:
        """Nothing is open whose beginning is not known yet."""
        return not any(self._counts(run) for run in self._runs.values())

    def found(self) -> list[Destruction]:
        """The newest first, by their beginnings."""
        return sorted(self._found, key=lambda one: one.first, reverse=True)


def drop_of(entry: Entry) -> tuple[str, bytes] | None:
    """(command, namespace that is gone) of a command that takes a whole namespace away."""
    first = command_of(entry)
    if first is None:
        return None
    if first.name in DROPS:
        return first.name.decode(), namespaces_of(entry)[0]
    if first.name == b"renameCollection" and drops_target(entry):
        return first.name.decode(), namespaces_of(entry)[1]
    return None
