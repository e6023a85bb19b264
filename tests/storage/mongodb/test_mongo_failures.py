"""What a MongoDB's refusal means for a store."""

import pytest
from bson.errors import InvalidBSON
from pymongo.errors import (
    AutoReconnect,
    DocumentTooLarge,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from mmsconsole.errors import DiskFull, StorageError, StorageRefused, StorageUnreachable
from mmsconsole.storage.mongodb.failures import mongo_errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AutoReconnect("connection closed"), StorageUnreachable),
        (NetworkTimeout("timed out"), StorageUnreachable),
        (ServerSelectionTimeoutError("no primary"), StorageUnreachable),
        (NotPrimaryError("not primary"), StorageUnreachable),
        (WTimeoutError("waiting for replication timed out", 64), StorageUnreachable),
        (WriteConcernError("not enough members", 100), StorageError),
        (OperationFailure("operation was interrupted", 11602), StorageUnreachable),
        (OperationFailure("exceeded time limit", 50), StorageUnreachable),
        (OperationFailure("shutting down", 91), StorageUnreachable),
        (OperationFailure("not authorized on s to execute command { insert: 1 }", 13),
         StorageRefused),
        (OperationFailure("Authentication failed.", 18), StorageRefused),
        (OperationFailure("out of disk space", 14031), DiskFull),
        (OperationFailure("something else", 2), StorageError),
        (DocumentTooLarge("too large"), StorageError),
        (InvalidBSON("not BSON"), StorageError),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:30]),
)  # fmt: skip
def test_each_error_has_its_kind(error: Exception, kind: type[StorageError]) -> None:
    with pytest.raises(StorageError) as caught, mongo_errors("a/k"):
        raise error

    assert type(caught.value) is kind
    assert caught.value.where == "a/k"
    assert caught.value.__cause__ is error


def test_a_missing_right_is_told_with_the_role_that_has_it() -> None:
    said = "not authorized on s to execute command { insert: 1 }"

    with pytest.raises(StorageRefused) as caught, mongo_errors("a/k"):
        raise OperationFailure(said, 13)

    assert "readWrite" in caught.value.hint
