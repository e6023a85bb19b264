"""Which errors say that a backup is bad, and which say nothing of it. Pure."""

from mmsconsole.errors import (
    CommandFailed,
    DiskFull,
    FilesDamaged,
    MmsError,
    MongodFailed,
    ObjectCorrupt,
    ObjectMissing,
    OplogError,
)

ENDED_BY_ITSELF = frozenset({14, 62, 100, 134, 135, 136, 139})
"""mongod's exit statuses for what it can not go on from, and SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
SIGKILL and SIGTERM come from outside: of them nothing follows."""
BROKEN_OFF = frozenset({91, 146, 11600, 11601})
"""Answers of a mongod that shuts down, or lacks memory."""


def problem_of(error: MmsError) -> str | None:
    """What is wrong with the backup, in words; None: the error came of something else (the store
    or the disk is away or full, somebody ended the mongod), and another attempt may succeed.
    """
    if isinstance(error, DiskFull):
        return None
    if isinstance(error, ObjectCorrupt | ObjectMissing):
        return f"an object is damaged: {error}"
    if isinstance(error, OplogError):
        return f"the stored oplog can not be applied: {error.what}"
    if isinstance(error, FilesDamaged):
        return f"mongod found its files damaged: {error.what}"
    if isinstance(error, MongodFailed) and error.status in ENDED_BY_ITSELF:
        return f"mongod can not work with its files: {error.what}"
    cause = error.__cause__
    if isinstance(error, MongodFailed) and isinstance(cause, CommandFailed):
        return None if cause.server_code in BROKEN_OFF else f"mongod refused: {cause.what}"
    return None
