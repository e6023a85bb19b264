"""What people see when the metadata database does not do what it should."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    CursorNotFound,
    DuplicateKeyError,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from mmsconsole.errors import AlreadyExists, MetadataError
from mmsconsole.metadata.failures import metadata_errors


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        BulkWriteError({"writeErrors": []}),
        ConfigurationError("odd"),
        CursorNotFound("gone", 43, {}),
        NotPrimaryError("not primary", {}),
        OperationFailure("no", 13, {"codeName": "Unauthorized"}),
        PyMongoError("anything"),
        ServerSelectionTimeoutError("30 s"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_of_the_driver_becomes_one_of_ours(error: PyMongoError) -> None:
    with pytest.raises(MetadataError) as raised, metadata_errors():
        raise error

    assert raised.value.__cause__ is error


def test_a_unique_index_says_what_exists_already() -> None:
    with pytest.raises(AlreadyExists, match="such a snapshot already"), metadata_errors("snapshot"):
        raise DuplicateKeyError("E11000 dup key: { uri: 'mongodb://u:hunter2@h' }")


def test_what_was_to_be_written_is_not_told() -> None:
    said = "Document failed validation: mongodb://u:hunter2@h"

    with pytest.raises(MetadataError) as raised, metadata_errors():
        raise OperationFailure(said, 121, {"codeName": "DocumentValidationFailure"})

    assert str(raised.value) == "the metadata database refused: DocumentValidationFailure (121)"


def test_it_works_on_a_function() -> None:
    @metadata_errors()
    def read() -> None:
        raise AutoReconnect("gone")

    for _ in range(2):
        with pytest.raises(MetadataError, match="does not answer"):
            read()
