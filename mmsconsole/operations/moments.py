"""A moment as people ask for it, resolved to one that can be restored to."""

from typing import assert_never

from mmsconsole.errors import NotFound, UsageError
from mmsconsole.operations.points import (
    Ago,
    Asked,
    Before,
    Latest,
    Point,
    Position,
    WholeSecond,
    parse_point,
)
from mmsconsole.operations.stored_entries import StoredEntries
from mmsconsole.optime import Optime


def resolved(stored: StoredEntries, asked: Asked) -> Point:
    """Just before an entry is the position of the stored entry before it.

    Raises NotFound where there is no such entry, naming its neighbours; ObjectMissing and
    ObjectCorrupt where the chunk that holds it can not be read.
    """
    match asked:
        case Before():
            return Position(stored.before(asked.entry))
        case Ago():
            at = int(stored.desk.clock.now().timestamp()) - asked.seconds
            if at < 0:
                raise UsageError("that is before 1970")
            return WholeSecond(at)
        case WholeSecond() | Position() | Latest():
            return asked
    assert_never(asked)


def bound_after(stored: StoredEntries, text: str) -> Optime:
    """From the point on: the last position that is left out. Raises as resolved()."""
    point = resolved(stored, parse_point(text))
    if isinstance(point, WholeSecond):
        return Optime(point.seconds, 0).before
    return _end(stored, point).before


def bound_before(stored: StoredEntries, text: str) -> Optime:
    """Up to and including the point: the first position that is left out."""
    return _end(stored, resolved(stored, parse_point(text))).after


def _end(stored: StoredEntries, point: Point) -> Optime:
    if not isinstance(point, Latest):
        return point.end
    last = stored.last()
    if last is None:
        raise NotFound("no oplog is stored yet", where=stored.deployment.name)
    return last
