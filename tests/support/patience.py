"""What is done to a set again, when it has no primary just now or another one."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, PyMongoError

Result = TypeVar("Result")
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.1
DUPLICATE_KEY = 11000


def patiently(act: Callable[[], Result]) -> Result:
    """What it gives, when the set has taken it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except PyMongoError:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def insert(collection: Collection[dict[str, Any]], documents: Sequence[dict[str, Any]]) -> None:
    """All of them, each once, with the collection's write concern."""
    patiently(lambda: _insert(collection, documents))


def _insert(collection: Collection[dict[str, Any]], documents: Sequence[dict[str, Any]]) -> None:
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not _only_there_already(error.details):
            raise


def _only_there_already(details: Mapping[str, Any] | None) -> bool:
    """By a try whose answer was lost. The write concern holds for what is there, too: a server
    waits for its newest entry where a command has written none.
    """
    found = details or {}
    codes = {each["code"] for each in found.get("writeErrors", ())}
    return codes == {DUPLICATE_KEY} and not found.get("writeConcernErrors")
