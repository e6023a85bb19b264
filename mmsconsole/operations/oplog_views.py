"""What the oplog browser asks and answers: frozen, and complete in itself."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.operations.views import Window
from mmsconsole.oplog.describing import Operation
from mmsconsole.oplog.destruction import Destruction
from mmsconsole.oplog.filters import NOTHING, Filter
from mmsconsole.optime import Optime

ENTRY, GAP, DAMAGED, BEGINNING = "entry", "gap", "damaged", "beginning"
"""Of rows: an entry; nothing stored of a stretch; a stretch that can not be read; where the stored
oplog begins."""

LIMIT = 100
LIMIT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class OplogQuery:
    """Entries behind `after` and before `before`, neither of them included; None: no bound."""

    after: Optime | None = None
    before: Optime | None = None
    newest_first: bool = False
    wanted: Filter = NOTHING
    limit: int = LIMIT
    scan_bytes: int = 0
    """So much is read at most, then the page ends as it is; 0: as much as it takes."""


@dataclass(frozen=True, slots=True)
class OplogRow:
    row: str
    """entry, gap, damaged or beginning."""
    optime: Optime
    """Of the entry; the end of what lies before a gap or a damaged stretch."""
    until: Optime | None = None
    """The end of a stretch; None: it is open, or this is an entry."""
    wall: datetime | None = None
    kind: str = ""
    ns: str = ""
    id: str = ""
    change: str = ""
    """What the entry does, or why there is none, in words."""
    operations: tuple[Operation, ...] = ()
    """The first of those inside a transaction or an applyOps."""
    operation_count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class OplogPage:
    rows: tuple[OplogRow, ...]
    """In the order that was asked for."""
    goes_on: Optime | None
    """The next page lies behind it (before it, newest first); None: there is nothing more."""
    read_bytes: int


@dataclass(frozen=True, slots=True)
class OplogRate:
    """How many operations there were in stretches of equal length, one behind the other."""

    start: datetime
    seconds: float
    """Of one stretch."""
    counts: tuple[int | None, ...]
    """None: nothing is stored of that time."""
    exact: bool
    """Counted by reading; else from the records of chunks, each counting where it ends."""
    stored: Window | None
    """From the first to the last moment of the whole stored oplog; None: nothing is stored."""


@dataclass(frozen=True, slots=True)
class OplogSearch:
    found: tuple[Destruction, ...]
    """The newest first."""
    damaged: tuple[OplogRow, ...]
    """What could not be looked into."""
    reached: Optime | None
    """Not looked at from there back; None: all that is stored was looked at."""


@dataclass(frozen=True, slots=True)
class OplogEntryView:
    entry: OplogRow
    text: tuple[str, ...]
    """The whole entry as extended JSON, by lines."""
