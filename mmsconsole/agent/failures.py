"""Which failures of a source pass by themselves, and how long to wait for that."""

from enum import Enum

from mmsconsole.errors import CommandFailed, MmsError, SourceUnreachable
from mmsconsole.mongod.source_errors import BUSY_CODES

NAMESPACE_NOT_FOUND = 26
QUERY_PLAN_KILLED = 175
CAPPED_POSITION_LOST = 136
RESUME_RECORD_GONE = 211
CURSOR_NOT_FOUND = 43

# The member cannot serve reads now: it steps down, shuts down, recovers or was cut off.
_MEMBER_CODES = frozenset({
    6, 7, 89, 91, 133, 189, 9001, 10107, 11600, 11602, 13435, 13436,
})  # fmt: skip
# The cursor or the read was given up, and the same read may be asked for again: operation
# interrupted, cursor killed, majority snapshot not there yet, too busy.
_CURSOR_CODES = BUSY_CODES | {CURSOR_NOT_FOUND, 134, QUERY_PLAN_KILLED, 237, 246, 11601}


class Fate(Enum):
    """What becomes of the scan of a collection after a failure."""

    GONE = "the source has dropped the collection"
    RESTART = "its position is lost"
    RESUME = "it goes on where it was"
    OTHER_MEMBER = "another member may serve it"
    FATAL = "nothing helps"


def fate_of_scan(error: MmsError) -> Fate:
    """Pure. Codes as answered by 6.0.5 to find by UUID, its resume and getMore."""
    if isinstance(error, SourceUnreachable):
        return Fate.OTHER_MEMBER
    if not isinstance(error, CommandFailed):
        return Fate.FATAL
    if error.server_code == NAMESPACE_NOT_FOUND:
        return Fate.GONE
    if error.server_code in (CAPPED_POSITION_LOST, RESUME_RECORD_GONE):
        return Fate.RESTART
    if error.server_code in _CURSOR_CODES:
        return Fate.RESUME
    return Fate.OTHER_MEMBER if error.server_code in _MEMBER_CODES else Fate.FATAL


def passes(error: MmsError) -> bool:
    """Whether trying again, perhaps with another member, may help."""
    return fate_of_scan(error) in (Fate.OTHER_MEMBER, Fate.RESUME)


class Backoff:
    """Seconds to wait before the next attempt: doubling, bounded, back to the first by reset()."""

    def __init__(self, first: float = 0.25, most: float = 15.0) -> None:
        self._first = first
        self._most = most
        self._next = first

    def next(self) -> float:
        seconds, self._next = self._next, min(self._next * 2, self._most)
        return seconds

    def reset(self) -> None:
        self._next = self._first
