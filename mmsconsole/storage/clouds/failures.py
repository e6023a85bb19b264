"""The one boundary where obstore's errors become ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)

HINT = "check the credentials (docs/storage.md), their rights, and the name of the bucket"
REFUSED = {401, 403, 404}
"""What is said in words only: of a token that is asked for, and of a bucket that is listed."""
BEYOND_THE_END = 416
AGAIN = {408, 425, 429}
"""Statuses below 500 that ask for another try."""

_STATUS = re.compile(r"status code: (\d{3})")
_QUERY = re.compile(r"\?[^\s\"']+")


@contextmanager
def cloud_errors(where: str) -> Iterator[None]:
    """`where` is the key, or the bucket."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing("is not in the storage", where=where) from error
    except BaseError as error:
        raise of_error(error, where) from error


def of_error(error: BaseError, where: str) -> StorageError:
    said = said_by(error)
    if isinstance(error, UnauthenticatedError | PermissionDeniedError):
        return StorageRefused(said, where=where, hint=HINT)
    status = _STATUS.search(said)
    code = int(status[1]) if status else 500
    if code in REFUSED:
        return StorageRefused(said, where=where, hint=HINT)
    if code == BEYOND_THE_END or "Invalid range" in said:
        return ObjectCorrupt("ends before the bytes that were asked for", where=where)
    if code >= 500 or code in AGAIN:
        return StorageUnreachable(said, where=where)
    return StorageError(said, where=where, hint=HINT)


def said_by(error: Exception) -> str:
    """Its first line, without the parameters of URLs: a signature may be among them."""
    return _QUERY.sub("", str(error).partition("\n")[0])
