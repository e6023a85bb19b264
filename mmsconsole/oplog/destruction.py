"""What takes data away: drops, and deletes of many. Pure.

Looked for backwards, as somebody does who has just lost something. Deletes of one namespace that
follow one another closely are one burst; it is found whole, from its first delete on.
"""

from dataclasses import dataclass

from mmsconsole.oplog.entry import Entry
from mmsconsole.oplog.unfolding import DELETE, command_of, drops_target, namespaces_of, unfolded
from mmsconsole.oplog.values import BROKEN, name_text
from mmsconsole.optime import Optime

MANY = 20
"""Fewer deletes are no burst."""
STANDSTILL_SECONDS = 10
"""So long without a delete ends a burst."""
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
    """Deletes; of a drop 1."""


@dataclass(slots=True)
class _Run:
    first: Optime
    last: Optime
    count: int = 0


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
        elif one.op == b"c" and (gone := drop_of(one)) is not None:
            kind, ns = gone
            if not ns.startswith(BOOKKEEPING):
                self._found.append(Destruction(kind, name_text(ns), at, at, 1))

    def _delete(self, ns: bytes, at: Optime) -> None:
        if ns.startswith(BOOKKEEPING):
            return
        run = self._runs.get(ns)
        if run is not None and run.first.t - at.t > STANDSTILL_SECONDS:
            self._close(ns, run)
            run = None
        if run is None:
            run = self._runs[ns] = _Run(at, at)
        run.first = at
        run.count += 1

    def passed(self, at: Optime) -> None:
        """Everything from `at` on was given: runs that ended before are over."""
        over = [ns for ns, run in self._runs.items() if run.first.t - at.t > STANDSTILL_SECONDS]
        for ns in over:
            self._close(ns, self._runs.pop(ns))

    def end(self) -> None:
        """There is nothing more."""
        while self._runs:
            self._close(*self._runs.popitem())

    def _close(self, ns: bytes, run: _Run) -> None:
        if run.count >= self._many:
            found = Destruction(DELETE, name_text(ns), run.first, run.last, run.count)
            self._found.append(found)

    @property
    def settled(self) -> bool:
        """No burst is open whose beginning is not known yet."""
        return not any(run.count >= self._many for run in self._runs.values())

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
