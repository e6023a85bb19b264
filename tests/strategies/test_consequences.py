"""Every row of the table of consequences."""

import pytest

from mmsconsole.errors import (
    ApplyFailed,
    DiskFull,
    FilesDamaged,
    HeadLost,
    HeadSuspect,
    MetadataError,
    MongodBusy,
    MongodDiskFull,
    MongodError,
    MongodFailed,
    MongodLibraryMissing,
    NoSuitableMongod,
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
    ResyncRequired,
    SourceUnreachable,
    StorageError,
    UnknownCommand,
    UnreadableEntry,
    WindowEnded,
)
from mmsconsole.strategies.consequences import (
    CORRUPT_MAX,
    DAMAGED_MAX,
    Consequence,
    Standing,
    consequence_of,
)

WAIT, RESTART = Consequence.WAIT, Consequence.RESTART
REBUILD, NEW_BASE, RESYNC = Consequence.REBUILD, Consequence.NEW_BASE, Consequence.RESYNC

GOOD = Standing(in_sync=True, base=True)
NO_BASE = Standing(in_sync=True, base=False)
BUILDING = Standing(in_sync=False, base=False)
AGAIN = Standing(in_sync=True, base=True, again=True)
OFTEN = Standing(in_sync=True, base=True, in_a_row=DAMAGED_MAX)
LASTING = Standing(in_sync=True, base=True, in_a_row=CORRUPT_MAX)
OFTEN_NO_BASE = Standing(in_sync=True, base=False, in_a_row=DAMAGED_MAX)
OFTEN_BUILDING = Standing(in_sync=False, base=False, in_a_row=DAMAGED_MAX)
ALL = (GOOD, NO_BASE, BUILDING, AGAIN, OFTEN)


@pytest.mark.parametrize(
    "kind",
    [
        MetadataError, StorageError, DiskFull, ObjectMissing, NoSuitableMongod,
        MongodLibraryMissing, MongodDiskFull, MongodBusy,
    ],
)  # fmt: skip
@pytest.mark.parametrize("standing", ALL)
def test_what_lies_outside_of_a_head_is_waited_for(
    kind: type[Exception], standing: Standing
) -> None:
    assert consequence_of(kind("away"), standing) is WAIT


@pytest.mark.parametrize("error", [MongodFailed("x"), MongodError("x"), SourceUnreachable("x")])
@pytest.mark.parametrize("standing", ALL)
def test_a_mongod_that_fails_is_started_anew(error: Exception, standing: Standing) -> None:
    assert consequence_of(error, standing) is RESTART


def test_a_fault_of_ours_costs_no_head() -> None:
    assert consequence_of(ZeroDivisionError(), GOOD) is RESTART


@pytest.mark.parametrize(
    ("error", "standing", "consequence"),
    [
        (FilesDamaged("x"), GOOD, RESTART),
        (FilesDamaged("x"), BUILDING, RESTART),
        (FilesDamaged("x"), OFTEN, REBUILD),
        (FilesDamaged("x"), OFTEN_NO_BASE, RESYNC),
        (FilesDamaged("x"), OFTEN_BUILDING, NEW_BASE),
        (ObjectCorrupt("x"), GOOD, WAIT),
        (ObjectCorrupt("x"), OFTEN, WAIT),
        (ObjectCorrupt("x"), LASTING, NEW_BASE),
        (ObjectCorrupt("x"), BUILDING, NEW_BASE),
        (HeadLost("x"), GOOD, REBUILD),
        (HeadLost("x"), AGAIN, REBUILD),
        (HeadLost("x"), NO_BASE, RESYNC),
        (HeadLost("x"), BUILDING, NEW_BASE),
        (HeadSuspect("x"), GOOD, REBUILD),
        (HeadSuspect("x"), NO_BASE, RESYNC),
        (HeadSuspect("x"), BUILDING, NEW_BASE),
        (ApplyFailed("x"), GOOD, REBUILD),
        (ApplyFailed("x"), NO_BASE, RESYNC),
        (ApplyFailed("x"), AGAIN, RESYNC),
        (ApplyFailed("x"), BUILDING, RESYNC),
        (UnknownCommand("x"), GOOD, RESYNC),
        (UnreadableEntry("x"), GOOD, RESYNC),
        (OplogError("a gap"), GOOD, RESYNC),
        (WindowEnded("x"), GOOD, NEW_BASE),
        (WindowEnded("x"), NO_BASE, NEW_BASE),
        (WindowEnded("x"), BUILDING, NEW_BASE),
        (ResyncRequired("rolled over"), GOOD, RESYNC),
        (ResyncRequired("rolled over"), BUILDING, RESYNC),
    ],
)
def test_what_follows(error: Exception, standing: Standing, consequence: Consequence) -> None:
    assert consequence_of(error, standing) is consequence
