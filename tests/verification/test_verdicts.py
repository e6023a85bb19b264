"""What says something of a backup, and what says nothing of it."""

import pytest

from mmsconsole.errors import (
    ApplyFailed,
    Cancelled,
    CommandFailed,
    DiskFull,
    FilesDamaged,
    MetadataError,
    MmsError,
    MongodDiskFull,
    MongodFailed,
    NoRoom,
    NoSuitableMongod,
    ObjectCorrupt,
    ObjectMissing,
    OutsideWindow,
    StorageError,
    StorageUnreachable,
    UnknownCommand,
    UnreadableEntry,
)
from mmsconsole.verification.verdicts import problem_of


def answered(code: int) -> MongodFailed:
    """What a mongod of ours said to a command."""
    error = MongodFailed("its mongod: no")
    error.__cause__ = CommandFailed("no", server_code=code)
    return error


@pytest.mark.parametrize(
    "error",
    [
        ObjectCorrupt("its bytes differ", where="packs/g/aa/aabb.pack"),
        ObjectMissing("is not in the storage", where="manifests/d/s.manifest"),
        UnreadableEntry("no entry"),
        UnknownCommand("no command"),
        ApplyFailed("no document"),
        FilesDamaged("read checksum error", status=14),
        MongodFailed("ended with status 14: WT_PANIC", status=14),
        MongodFailed("ended with status 134: aborted", status=134),
        answered(238),
    ],
    ids=lambda error: f"{type(error).__name__} {error.what}",
)
def test_what_is_wrong_with_what_is_stored_is_a_verdict(error: MmsError) -> None:
    said = problem_of(error)
    assert said is not None
    if isinstance(error, ObjectCorrupt | ObjectMissing):
        assert error.where in said


@pytest.mark.parametrize(
    "error",
    [
        StorageError("an input/output error"),
        StorageUnreachable("no answer"),
        DiskFull("no space"),
        MongodDiskFull("no space", status=14),
        MongodFailed("was killed", status=137),
        MongodFailed("was ended", status=143),
        MongodFailed("ended with status 48: the address is in use", status=48),
        MongodFailed("does not answer"),
        answered(11600),
        answered(91),
        NoRoom("no room"),
        NoSuitableMongod("none"),
        MetadataError("away"),
        OutsideWindow("not stored"),
        Cancelled(),
    ],
    ids=lambda error: f"{type(error).__name__} {error.what}",
)
def test_what_came_of_something_else_is_none(error: MmsError) -> None:
    assert problem_of(error) is None
