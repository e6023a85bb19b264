"""What follows from a failure at a head: the one table, pure.

| what failed                              | the head | consequence                               |
|------------------------------------------|----------|-------------------------------------------|
| metadata database, storage, disk full,   | any      | WAIT: it is as good as it was             |
| no mongod at hand; the head's mongod is  |          |                                           |
| too busy, again and again                |          |                                           |
| a stored object has wrong bytes          | in sync  | WAIT; NEW_BASE after CORRUPT_MAX in a row |
|                                          | building | NEW_BASE: it would come to it again       |
| its mongod did not start, died, hangs    | any      | RESTART                                   |
| its mongod found its files damaged       | any      | RESTART; lost after DAMAGED_MAX in a row  |
| it is lost (folder, position), or found  | in sync  | REBUILD; RESYNC without a base            |
| wrong by a validation                    | building | NEW_BASE: nobody needs what it had        |
| an entry could not be applied            | in sync  | REBUILD; RESYNC without a base, or if a   |
|                                          |          | rebuilt head fails at that place again    |
|                                          | building | RESYNC                                    |
| an entry that no head can follow         | any      | NEW_BASE                                  |
| an entry that is not known or readable,  | any      | RESYNC: a rebuild would come to it again  |
| a gap in the stored oplog                |          |                                           |
| the source's oplog has rolled over, or   | any      | RESYNC                                    |
| no common point is left after a rollback |          |                                           |
| a fault of ours                          | any      | RESTART                                   |

A base is a good snapshot from which the stored oplog goes on without a gap.
"""

from dataclasses import dataclass
from enum import StrEnum

from mmsconsole.errors import (
    ApplyFailed,
    DiskFull,
    FilesDamaged,
    HeadLost,
    HeadSuspect,
    MetadataError,
    MongodBusy,
    MongodLibraryMissing,
    NoSuitableMongod,
    ObjectCorrupt,
    OplogError,
    ResyncRequired,
    StorageError,
    WindowEnded,
)

DAMAGED_MAX = 3
"""Damaged files found so many times in a row are no accident of reading."""

CORRUPT_MAX = 10
"""Wrong bytes of a stored object so many times in a row, over two minutes, stay wrong."""

OUTSIDE = (
    MetadataError, StorageError, DiskFull, NoSuitableMongod, MongodLibraryMissing, MongodBusy,
)  # fmt: skip


class Consequence(StrEnum):
    WAIT = "wait"
    """Try again after a while, with the same mongod."""
    RESTART = "restart"
    """Try again after a while, with its mongod started anew."""
    REBUILD = "rebuild"
    """Another head from the newest good snapshot and the stored oplog, without the source."""
    NEW_BASE = "new base"
    """Another head by a new initial sync, by itself."""
    RESYNC = "resync required"
    """Nothing goes on until somebody starts the backup again."""


GO_ON = (Consequence.WAIT, Consequence.RESTART)
"""After these the head is as good as before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there when something fails."""

    in_sync: bool
    """The head was; else its initial sync is under way."""
    base: bool
    in_a_row: int = 1
    """Failures of the same kind since the head last went on, this one included."""
    again: bool = False
    """The head was rebuilt, and has not come past the place where the one before it failed."""


def consequence_of(error: BaseException, standing: Standing) -> Consequence:
    if isinstance(error, WindowEnded):
        return Consequence.NEW_BASE
    if isinstance(error, FilesDamaged):
        damaged = standing.in_a_row >= DAMAGED_MAX
        return _of_lost(standing) if damaged else Consequence.RESTART
    if isinstance(error, ObjectCorrupt):
        lasting = not standing.in_sync or standing.in_a_row >= CORRUPT_MAX
        return Consequence.NEW_BASE if lasting else Consequence.WAIT
    if isinstance(error, HeadLost | HeadSuspect):
        return _of_lost(standing)
    if isinstance(error, ApplyFailed):
        helps = standing.in_sync and standing.base and not standing.again
        return Consequence.REBUILD if helps else Consequence.RESYNC
    if isinstance(error, OplogError | ResyncRequired):
        return Consequence.RESYNC
    return Consequence.WAIT if isinstance(error, OUTSIDE) else Consequence.RESTART


def _of_lost(standing: Standing) -> Consequence:
    if not standing.in_sync:
        return Consequence.NEW_BASE
    return Consequence.REBUILD if standing.base else Consequence.RESYNC
