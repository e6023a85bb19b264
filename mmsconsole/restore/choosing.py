"""Which of a Content's collections go, and under which names."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mmsconsole.dump.collections import DumpedCollection
from mmsconsole.metadata.targets import Selection
from mmsconsole.restore.selecting import SYSTEM_DATABASES, Namespace, moves


@dataclass(frozen=True, slots=True)
class Chosen:
    """One collection that goes."""

    source: DumpedCollection
    target: DumpedCollection
    """The same under its new name, without indexes that are not wanted."""


@dataclass(frozen=True, slots=True)
class Choice:
    data: tuple[Chosen, ...]
    users: tuple[Chosen, ...]
    """admin.system.users, roles and version, as far as they are there."""

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(one.source.ns for one in (*self.data, *self.users))

    @property
    def bytes(self) -> int:
        return sum(one.source.size for one in (*self.data, *self.users))


def choose(collections: Iterable[DumpedCollection], selection: Selection) -> Choice:
    """Raises Refused where something that was named is not there, or two get one name."""
    by_name = {Namespace(one.database, one.name): one for one in collections}
    chosen = [
        Chosen(by_name[move.old], _renamed(by_name[move.old], move.new, selection))
        for move in moves(selection, by_name)
    ]
    order = {one.ns: number for number, one in enumerate(by_name.values())}
    chosen.sort(key=lambda one: order[one.source.ns])
    return Choice(
        tuple(one for one in chosen if one.source.database not in SYSTEM_DATABASES),
        tuple(one for one in chosen if one.source.database in SYSTEM_DATABASES),
    )


def _renamed(one: DumpedCollection, new: Namespace, selection: Selection) -> DumpedCollection:
    moved = replace(one, database=new.database, name=new.collection)
    if selection.indexes:
        return moved
    return replace(moved, indexes=one.indexes[:1] if _has_own(one) else ())


def _has_own(one: DumpedCollection) -> bool:
    """Whether the first index is the one on _id, which always is there."""
    return bool(one.indexes) and b"\x02name\x00\x05\x00\x00\x00_id_\x00" in one.indexes[0]
