"""What the steps of one worker share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]
Client = MongoClient[Document]
Step = Callable[["World"], None]

HOT_KEYS = 300
SHARED = "shared"
ONE_MEMBER = WriteConcern(1)


@dataclass
class World:
    """One worker's view: a database of its own (`name`), and one that all workers write to."""

    client: Client
    name: str
    random: Random
    hurried: Callable[[], bool]
    """Whether somebody waits for the running step to end."""
    serial: int = 0

    def next(self) -> int:
        self.serial += 1
        return self.serial

    @property
    def own(self) -> Database[Document]:
        return self.client.get_database(self.name, write_concern=ONE_MEMBER)

    @property
    def other(self) -> Database[Document]:
        """A second database of this worker, for what crosses databases."""
        return self.client.get_database(f"{self.name}_two", write_concern=ONE_MEMBER)

    @property
    def shared(self) -> Database[Document]:
        return self.client.get_database(SHARED, write_concern=ONE_MEMBER)

    @property
    def hot(self) -> Collection[Document]:
        """One of the collections that take the common document (documents.common)."""
        own = self.own
        return self.random.choice(
            (self.shared.hot, own.hot, own.collated, own.validated, own.clustered, own.big)
        )

    def key(self) -> int:
        """One of few keys, so that the same _id is inserted, changed and deleted over and over."""
        return self.random.randrange(HOT_KEYS)

    def rest(self, seconds: float) -> None:
        """Wait, in the middle of a step, unless somebody waits for its end."""
        if not self.hurried():
            threading.Event().wait(seconds)
