"""pymongo's errors in our words, for everything that reads or writes the metadata database."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError

from mmsconsole.errors import AlreadyExists, MetadataError

HINT = "a running engine starts its metadata database again by itself; see its log"


@contextmanager
def metadata_errors(noun: str = "record") -> Iterator[None]:
    """Raises AlreadyExists where a unique index speaks, MetadataError for all else.

    Also a decorator. Of a server's refusal only its code's name is told: the sentence beside
    it may quote what was to be written.
    """
    try:
        yield
    except DuplicateKeyError as error:
        raise AlreadyExists(f"there is such a {noun} already") from error
    except ConnectionFailure as error:
        raise MetadataError("the metadata database does not answer", hint=HINT) from error
    except OperationFailure as error:
        name = (error.details or {}).get("codeName", "unknown error")
        raise MetadataError(f"the metadata database refused: {name} ({error.code})") from error
    except PyMongoError as error:
        raise MetadataError(f"the metadata database failed: {type(error).__name__}") from error
