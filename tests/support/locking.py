"""fsyncLock of a member that may just have come back."""

import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

COMMAND_FAILED = 125
"""It takes no checkpoint before it has caught up with where it had been."""
LIMIT_SECONDS = 90


def lock(client: MongoClient[Any]) -> None:
    """To be ended with fsyncUnlock."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            client.admin.command("fsync", lock=True)
            return
        except OperationFailure as error:
            if error.code != COMMAND_FAILED or time.monotonic() > deadline:
                raise
        time.sleep(0.1)
