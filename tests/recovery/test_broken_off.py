"""A rebuild that is broken off anywhere, and done again, brings back what one that was not does."""

from typing import Any

import pytest

from mmsconsole.errors import Cancelled, StorageError
from mmsconsole.recovery.rebuilding import Rebuilding
from mmsconsole.task import Task
from tests.recovery.conftest import Stand, body
from tests.support.faulty import FaultyStorage

METHODS = ("list", "get", "get_range", "size")


class StoppedAt(Task):
    """It is cancelled when it looks up for the nth time."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.left = nth

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.cancellation.cancel()
        super().check()


def seen(stand: Stand) -> Any:
    records = stand.records()
    deployments = [(one.id, one.name, one.head) for one in records.pop("deployments")]
    return records, deployments, stand.spans(), stand.places()


@pytest.fixture
def whole(stand: Stand) -> Any:
    """A store, and what a rebuild that nobody breaks off makes of it."""
    stand.snapshot("s1", 12, hold="for the auditors")
    stand.chunks(body(10, 15), body(15, 20))
    stand.event("deployment added", "ann")
    stand.back_up()
    stand.snapshot("s2", 17)
    stand.rebuilt()
    return seen(stand)


def test_it_may_be_cancelled_anywhere(stand: Stand, whole: Any) -> None:
    stand.lose_metadata()
    for nth in range(1, 1000):
        try:
            Rebuilding(stand.resources, "default").run(StoppedAt(nth))
            break
        except Cancelled:
            known = [one.id for one in stand.metadata.deployments.all()]
            assert known == []  # nothing works with half a rebuild
    assert nth > 10
    assert seen(stand) == whole


@pytest.mark.parametrize("method", METHODS)
def test_every_call_of_the_storage_may_fail(stand: Stand, whole: Any, method: str) -> None:
    storage = stand.storage
    assert isinstance(storage, FaultyStorage)
    stand.lose_metadata()
    for nth in range(1, 1000):
        storage.heal()
        storage.fail(method, nth)
        try:
            stand.rebuild()
            break
        except StorageError:
            assert list(stand.metadata.deployments.all()) == []
    storage.heal()
    assert nth > 1
    assert seen(stand) == whole
