"""When the seldom questions of one member are due, and which databases and collections. Pure."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from mmsconsole.monitoring.questions import OWN_DATABASES

DATABASES_MAX = 200
COLLECTIONS_MAX = 40
PER_POLL = 4
"""dbStats and collStats in one poll: a member with many databases is asked for them bit by bit."""
NAME_MAX = 260
"""No server has a longer one."""
REFUSED_SECONDS = 600.0
"""What was refused is asked for again after this: each refusal is a line in the server's log."""


class Pace:
    """By the name of a question. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._asked_at: dict[str, float] = {}
        self._refused: dict[str, tuple[str, float]] = {}

    def due(self, name: str, every: float, now: float) -> bool:
        """Whether it is to be asked now; then it counts as asked."""
        if name in self._refused:
            if now < self._refused[name][1]:
                return False
            del self._refused[name]
        asked_at = self._asked_at.get(name)
        if asked_at is not None and now < asked_at + every:
            return False
        self._asked_at[name] = now
        return True

    def again(self, name: str) -> None:
        """It brought nothing: it is due at once."""
        self._asked_at.pop(name, None)

    def refused(self, name: str, why: str, now: float) -> None:
        self._refused[name] = (why, now + REFUSED_SECONDS)

    @property
    def refusals(self) -> tuple[str, ...]:
        """In words, those that still hold."""
        return tuple(f"{name}: {why}" for name, (why, _) in self._refused.items())


class SizeQueue:
    """Databases and collections whose sizes are still to be asked for in this round."""

    def __init__(self, every: float, first_at: float) -> None:
        """`every`: seconds between two rounds; the first begins at `first_at`."""
        self._every = every
        self._next_at = first_at
        self._names: deque[str] = deque()

    def begins(self, now: float) -> bool:
        """Whether a round is due; then it counts as begun."""
        if self._names or now < self._next_at:
            return False
        self._next_at = now + self._every
        return True

    def fill(self, databases: Iterable[object], collections: Iterable[str]) -> None:
        """`databases`: as listDatabases tells, which may be anything."""
        named = (name for name in map(str, databases) if name not in OWN_DATABASES)
        self._names.extend(islice(filter(_is_a_name, named), DATABASES_MAX))
        self._names.extend(collections)

    def take(self) -> list[str]:
        """The next few: a name is a database, one with a dot a collection."""
        return [self._names.popleft() for _ in range(min(PER_POLL, len(self._names)))]


def busiest(totals: Mapping[str, Any], gone: Collection[str] = ()) -> list[str]:
    """Namespaces by the time that was spent on them since the server's start, as top tells: also
    those of views, and of collections that are `gone`.
    """
    found = {name: each for name, each in totals.items() if name not in gone}
    times = {name: _time(each) for name, each in found.items() if _is_collection(name)}
    return sorted(times, key=lambda name: (-times[name], name))[:COLLECTIONS_MAX]


def _is_collection(name: str) -> bool:
    database, dot, collection = name.partition(".")
    of_users = database not in OWN_DATABASES and not collection.startswith("system.")
    return bool(dot and database and collection) and of_users and _is_a_name(name)


def _is_a_name(name: str) -> bool:
    return len(name) <= NAME_MAX


def _time(found: Any) -> float:
    total = found.get("total") if isinstance(found, Mapping) else None
    time = total.get("time") if isinstance(total, Mapping) else None
    return float(time) if isinstance(time, int | float) else 0.0
