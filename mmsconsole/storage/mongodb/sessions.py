"""Calls that come after everything that was seen before them, whichever member answers.

A majority read of a new primary may be older than a majority write that its predecessor has
acknowledged, until the new one has learned how far the majority is (found by killing primaries
below writers). A causally consistent session waits for a given time of the cluster; this keeps the
newest that was seen, over all threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import Timestamp
from pymongo import MongoClient
from pymongo.client_session import ClientSession


class Sessions:
    """Of one client; any number of threads may share it."""

    def __init__(self, client: "MongoClient[dict[str, Any]]") -> None:
        self._client = client
        self._lock = threading.Lock()
        self._seen: Timestamp | None = None

    @contextmanager
    def after_all_seen(self) -> Iterator[ClientSession]:
        """Reads in it see every write that has returned before, and nothing older than a read."""
        with self._client.start_session(causal_consistency=True) as session:
            if self._seen is not None:
                session.advance_operation_time(self._seen)
            yield session
            self._note(session.operation_time)  # of what failed, a majority may never hear

    def _note(self, seen: Timestamp | None) -> None:
        with self._lock:
            if seen is not None and (self._seen is None or seen > self._seen):
                self._seen = seen
