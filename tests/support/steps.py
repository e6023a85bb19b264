"""Something else happens between any two steps of a piece of work: deterministic interleavings.

A step is a call to the storage, or one to the metadata database.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.collection import Collection

from mmsconsole.storage.base import Storage
from tests.support.faulty_disk import METADATA_CALLS

READS = ("find", "find_one")
STORAGE = "storage"
STORAGE_CALLS = ("put", "get", "get_range", "size", "list", "delete")

Act = Callable[[int], None]
"""Is given the number of the step that comes next, from 1."""


class Steps:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._act: Act | None = None
        self._acting = False
        self._only = ""
        self._lock = threading.Lock()
        for name in (*METADATA_CALLS, *READS):
            monkeypatch.setattr(Collection, name, self._stepped(getattr(Collection, name)))

    @contextmanager
    def before_each(self, act: Act, only: str = "") -> Iterator[None]:
        """`act` is called before every step that is done meanwhile, but those of its own; or
        `only` those that concern one collection, or STORAGE.
        """
        self.count, self._act, self._only = 0, act, only
        try:
            yield
        finally:
            self._act = None

    def of(self, storage: Storage) -> Storage:
        """The storage, its calls being steps."""
        return _Stepped(storage, self.step)  # type: ignore[return-value]

    def step(self, concerns: str = "") -> None:
        if self._acting or self._act is None or self._only not in ("", concerns):
            return
        with self._lock:
            self.count += 1
            self._acting = True
            try:
                self._act(self.count)
            finally:
                self._acting = False

    def _stepped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(collection: Any, *arguments: Any, **options: Any) -> Any:
            self.step(collection.name)
            return call(collection, *arguments, **options)

        return called


class _Stepped:
    def __init__(self, inner: Storage, step: Callable[[str], None]) -> None:
        self._inner = inner
        self._step = step

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name not in STORAGE_CALLS:
            return call

        def called(*arguments: Any, **options: Any) -> Any:
            self._step(STORAGE)
            return call(*arguments, **options)

        return called
