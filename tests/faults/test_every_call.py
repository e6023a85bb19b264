"""Whatever call to a store fails, and whichever store it is: what is there stays whole, and the
next round comes to the same end.

Every operation that writes is broken off at its n-th call of each kind for every n; a round of
a history's whole life too, where nobody mends anything before the next step.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from mmsconsole.errors import MmsError
from mmsconsole.restore import restoring
from mmsconsole.stores.blocks import packs
from mmsconsole.stores.resources import Resources
from tests.faults.history import FIRST, SECOND, Round
from tests.faults.operations import OPERATIONS, Operation
from tests.support.faulty import FaultyStorage
from tests.support.metadata import empty

STRIDE = int(os.environ.get("MMS_FAULT_STRIDE", "7"))
"""Of a history's calls so many are passed over; with 1 each of them fails (a minute)."""
METHODS = ("put", "get", "get_range", "size", "list", "delete", "free_bytes")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "PACK_BYTES", 2000)
    monkeypatch.setattr(restoring, "sweep_orphans", lambda *_: [])  # it looks at all processes
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # nothing here waits for the disk


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.__name__)
def test_an_operation_survives_the_failure_of_any_call(
    kind: type[Operation], resources: Resources, short_folder: Path
) -> None:
    storage = resources.storage
    assert isinstance(storage, FaultyStorage)
    number = count(1)
    for method in METHODS:
        for nth in count(1):
            operation = kind(resources, short_folder / "work", next(number))
            storage.heal()
            storage.fail(method, nth)
            with suppress(MmsError):
                operation.run()
            struck = not storage.waiting
            storage.heal()
            operation.check()
            operation.run()
            operation.check_done()
            shutil.rmtree(short_folder / "work")
            if not struck:
                break


def fresh_rounds(resources: Resources, folder: Path) -> Iterator[Round]:
    """Each with a database and stores in which nothing is yet."""
    for number in count(1):
        empty(resources.metadata)
        yield Round(resources, folder / f"round{number}")
        shutil.rmtree(folder / f"round{number}")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("store", [FIRST, SECOND])
def test_a_history_survives_the_failure_of_any_call(
    store: str, method: str, resources: Resources, short_folder: Path
) -> None:
    every = count(1 + METHODS.index(method) % STRIDE, STRIDE)
    for nth, round_ in zip(every, fresh_rounds(resources, short_folder), strict=False):
        round_.stores[store].fail(method, nth)
        round_.run()
        struck = not round_.stores[store].waiting
        round_.stores[store].heal()
        round_.check()
        round_.days_pass()
        round_.check_done()
        if not struck:
            break


def test_space_comes_back_when_a_lock_has_ended(resources: Resources, short_folder: Path) -> None:
    """While the store refuses every deletion nothing else is different."""
    round_ = next(fresh_rounds(resources, short_folder))
    for store in round_.stores.values():
        store.locks = True
    before = round_.keys(FIRST)

    for _ in range(2):
        assert round_.run() == []
        round_.check()
    assert round_.keys(FIRST) > before

    for store in round_.stores.values():
        store.locks = False
    round_.days_pass()
    round_.check_done()
