"""pymongo's errors in our words, for a store in a MongoDB."""

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import OperationFailure, PyMongoError

from mmsconsole.errors import (
    AuthenticationFailed,
    CommandFailed,
    DiskFull,
    MissingPrivileges,
    SourceUnreachable,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)
from mmsconsole.mongod.source_errors import translate

OUT_OF_DISK_SPACE = 14031
PASSING = frozenset({
    6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11601, 11602, 13435, 13436,
})  # fmt: skip
"""Codes of a server that steps down, ends, or has no majority just now (src/mongo/base/
error_codes.yml: HostUnreachable to NotPrimaryOrSecondary, WriteConcernFailed, WriteConflict)."""
NO_ANSWER_HINT = "a majority of the store's members must run and be reached; look at their logs"
ROLE_HINT = "grant the user of the store's URL the role readWrite on the store's database"


@contextmanager
def mongo_errors(where: str) -> Iterator[None]:
    """`where` is the object's key. Raises, `from` the driver's error:

    StorageUnreachable for what may go well next time, StorageRefused for what people have to
    mend, DiskFull, and StorageError for the rest.
    """
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise _storage_error(error, where) from error


def _storage_error(error: PyMongoError | BSONError, where: str) -> StorageError:
    if isinstance(error, PyMongoError) and (error.timeout or _is_passing(error)):
        what = "no majority of the MongoDB answered in time"
        return StorageUnreachable(what, where=where, hint=NO_ANSWER_HINT)
    told = translate(error, where)
    match told:
        case SourceUnreachable():
            return StorageUnreachable(f"the MongoDB: {told.what}", where=where, hint=NO_ANSWER_HINT)
        case MissingPrivileges():
            return StorageRefused(f"the MongoDB: {told.what}", where=where, hint=ROLE_HINT)
        case AuthenticationFailed():
            return StorageRefused(f"the MongoDB: {told.what}", where=where, hint=told.hint)
        case CommandFailed(server_code=code) if code == OUT_OF_DISK_SPACE:
            return DiskFull("no space left on the disk of the MongoDB", where=where)
        case _:
            return StorageError(f"the MongoDB: {told.what}", where=where, hint=told.hint)


def _is_passing(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and error.code in PASSING
