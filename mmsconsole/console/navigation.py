"""Where the console is: a stack of places. Screens and breadcrumbs listen; nobody else knows."""

from collections.abc import Callable
from dataclasses import dataclass

from mmsconsole.console.actions import (
    ALERT,
    ALERTS,
    CHART,
    COLLECTIONS,
    DEPLOYMENT,
    DOCUMENT,
    DOCUMENTS,
    ENTRY,
    EVENTS,
    HEALTH,
    HOST,
    JOBS,
    LINK,
    LINKS,
    OPENED,
    OPLOG,
    OVERVIEW,
    PINS,
    POLICY,
    RESTORE,
    RESTORES,
    RULES,
    SNAPSHOT,
    SNAPSHOTS,
    STORE,
    STORES,
    TOP,
    WIZARD,
)

TABS = (
    OVERVIEW, DEPLOYMENT, SNAPSHOTS, JOBS, RESTORES, EVENTS, POLICY, STORES, OPLOG, OPENED, ALERTS,
    HEALTH, CHART, TOP, HOST, LINKS,
)  # fmt: skip
"""Views that stand beside one another: digits in their order, then letters."""

DEPTH_MAX = 20
ID_CELLS = 12


@dataclass(frozen=True, slots=True)
class Place:
    view: str
    deployment: str = ""
    """Name of the deployment that the view is about; empty: about all."""
    item: str = ""
    """Id of one snapshot or restore, a store's name, or an entry's optime, where the view is about
    one; of a new restore the snapshot, or the point that is typed already; of documents the id of
    what is open, and behind it where in it: joined() and parts(); of a chart what it shows:
    charts.chart_place()."""

    @property
    def title(self) -> str:
        titles = {
            WIZARD: "new restore",
            RESTORE: f"restore {self.item}",
            SNAPSHOT: f"snapshot {self.item[:ID_CELLS]}",
            STORE: f"store {self.item}",
            ENTRY: f"entry {self.item}",
            COLLECTIONS: self.item[:ID_CELLS],
            DOCUMENTS: parts(self.item)[1],
            DOCUMENT: f"document {parts(parts(self.item)[1])[0]}",
            LINK: f"link {self.item[:ID_CELLS]}",
            ALERT: f"alert {self.item[:ID_CELLS]}",
            RULES: "rules" if self.deployment else "rules of the group",
            PINS: "pinned charts",
            POLICY: "policy" if self.deployment else "policy of the group",
        }
        return titles.get(self.view, self.view)


def joined(id_: str, within: str) -> str:
    return f"{id_} {within}"


def parts(item: str) -> tuple[str, str]:
    """The id of something, and where in it; a name may be of any characters."""
    id_, _, within = item.partition(" ")
    return id_, within


Listener = Callable[[Place], None]
ROOT = Place(OVERVIEW)


class Navigation:
    """The bottom of the stack is always the overview."""

    def __init__(self) -> None:
        self._stack: list[Place] = [ROOT]
        self._listeners: list[Listener] = []
        self._previous: Place | None = None

    @property
    def place(self) -> Place:
        return self._stack[-1]

    @property
    def stack(self) -> tuple[Place, ...]:
        return tuple(self._stack)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def go(self, place: Place) -> None:
        """Open a place; one that is on the stack already is gone back to."""
        if place == self.place:
            return
        self._previous = self.place
        if place in self._stack:
            del self._stack[self._stack.index(place) + 1 :]
        else:
            self._stack.append(place)
            del self._stack[1 : max(1, len(self._stack) - DEPTH_MAX + 1)]
        self._tell()

    def switch(self, place: Place) -> None:
        """Open a view as a neighbour of the present one: back leads to the same place."""
        if place == ROOT:
            self.go(ROOT)
        elif self.place.view in TABS and self.place != ROOT and place != self.place:
            self._previous = self.place
            self.replace(place)
        else:
            self.go(place)

    def replace(self, place: Place) -> None:
        """Open a place instead of the present one: back does not lead there again."""
        if len(self._stack) > 1:
            self._stack.pop()
        self._stack.append(place)
        self._tell()

    def back(self) -> bool:
        """False at the bottom."""
        if len(self._stack) == 1:
            return False
        self._previous = self._stack.pop()
        self._tell()
        return True

    def previous(self) -> bool:
        """Swap with the view that was open before; False when there is none."""
        if self._previous is None or self._previous == self.place:
            return False
        self.go(self._previous)
        return True

    def crumbs(self) -> tuple[str, ...]:
        """The path in words, without the deployment's name: that one stands before it."""
        return tuple(place.title for place in self._stack[1:] if place.view != DEPLOYMENT)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener(self.place)
