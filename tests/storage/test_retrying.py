"""What failed on the way is tried again: so often, so long, and nothing else is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmsconsole.errors import (
    Cancelled,
    ObjectCorrupt,
    ObjectLocked,
    ObjectMissing,
    StorageError,
    StorageRefused,
    StorageUnreachable,
)
from mmsconsole.storage.base import Storage, StoredObject
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.retrying import (
    FIRST_SECONDS,
    LAST_TRY_SECONDS,
    LONGEST_SECONDS,
    Backoff,
    Retrying,
)
from mmsconsole.task import Cancellation
from tests.storage.contract import StorageContract
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage, no_space


def cut_off() -> StorageUnreachable:
    return StorageUnreachable("the line is dead", where="a/k")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(auto_advance=True)


@pytest.fixture
def faulty(tmp_path: Path) -> FaultyStorage:
    return FaultyStorage(LocalStorage(tmp_path))


@pytest.fixture
def storage(faulty: FaultyStorage, clock: ManualClock) -> Retrying:
    return Retrying(faulty, Backoff(5, jitter=lambda: 1.0), clock)


class TestRetrying(StorageContract):
    pass


CALLS: dict[str, Callable[[Storage], object]] = {
    "put": lambda storage: storage.put("a/k", [b"new"]),
    "get": lambda storage: storage.get("a/k"),
    "get_range": lambda storage: storage.get_range("a/k", 0, 1),
    "size": lambda storage: storage.size("a/k"),
    "list": lambda storage: list(storage.list("a")),
    "delete": lambda storage: storage.delete("a/k"),
    "free_bytes": lambda storage: storage.free_bytes(),
}


@pytest.mark.parametrize("method", CALLS)
def test_every_call_is_tried_again(
    storage: Retrying, faulty: FaultyStorage, clock: ManualClock, method: str
) -> None:
    faulty.put("a/k", [b"old"])
    faulty.heal()
    for nth in range(1, 5):
        faulty.fail(method, nth, cut_off())

    CALLS[method](storage)

    assert faulty.calls[method] == 5
    assert clock.slept == [FIRST_SECONDS * 2**n for n in range(4)]


@pytest.mark.parametrize("method", CALLS)
def test_after_its_tries_the_last_error_is_raised(
    storage: Retrying, faulty: FaultyStorage, method: str
) -> None:
    faulty.put("a/k", [b"old"])
    faulty.heal()
    for nth in range(1, 7):
        faulty.fail(method, nth, cut_off())

    with pytest.raises(StorageUnreachable, match="the line is dead"):
        CALLS[method](storage)

    assert faulty.calls[method] == 5


@pytest.mark.parametrize(
    "error",
    [
        no_space(),
        ObjectMissing("is not there"),
        ObjectCorrupt("too short"),
        ObjectLocked("locked"),
        StorageRefused("no such bucket"),
        StorageError("something else"),
    ],
    ids=lambda error: error.code,
)
def test_what_would_fail_again_is_not_tried_again(
    storage: Retrying, faulty: FaultyStorage, clock: ManualClock, error: StorageError
) -> None:
    faulty.fail("get", 1, error)
    with pytest.raises(type(error)):
        storage.get("a/k")
    assert (faulty.calls["get"], clock.slept) == (1, [])


def test_parts_that_can_be_gone_through_once_are_tried_once(
    storage: Retrying, faulty: FaultyStorage
) -> None:
    """A second try would store what is left of them."""
    faulty.fail("put", 1, cut_off())
    with pytest.raises(StorageUnreachable):
        storage.put("a/k", iter([b"1", b"2"]))
    assert faulty.calls["put"] == 1


def test_parts_that_can_be_repeated_arrive_whole(storage: Retrying, faulty: FaultyStorage) -> None:
    faulty.fail("put", 1, cut_off())  # it has taken the first part by then
    assert storage.put("a/k", [b"1", b"2"]) == 2
    assert storage.get("a/k") == b"12"


class Stuttering(FaultyStorage):
    """Its listings break off behind every second object."""

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        for count, stored in enumerate(super().list(prefix, after)):
            if count == 2:
                raise cut_off()
            yield stored


def test_a_listing_goes_on_where_it_broke_off(tmp_path: Path, clock: ManualClock) -> None:
    broken = Stuttering(LocalStorage(tmp_path))
    names = [f"a/{number:02}" for number in range(20)]
    for name in names:
        broken.put(name, [b"x"])
    storage = Retrying(broken, Backoff(2), clock)

    assert [stored.key for stored in storage.list("a")] == names


def test_no_try_begins_when_the_time_is_over(faulty: FaultyStorage, clock: ManualClock) -> None:
    storage = Retrying(faulty, Backoff(10_000, jitter=lambda: 1.0), clock)
    for nth in range(1, 1000):
        faulty.fail("get", nth, cut_off())
    began = clock.monotonic()

    with pytest.raises(StorageUnreachable):
        storage.get("a/k")

    assert clock.monotonic() - began <= LAST_TRY_SECONDS
    assert 10 < faulty.calls["get"] < 30


def test_a_wait_can_be_ended(faulty: FaultyStorage) -> None:
    stop = Cancellation()
    stop.cancel()
    clock = ManualClock()  # stands still: only the cancellation ends the wait
    storage = Retrying(faulty, Backoff(5), clock, stop)
    faulty.fail("get", 1, cut_off())
    with pytest.raises(Cancelled):
        storage.get("a/k")


@pytest.mark.parametrize(
    ("tries", "failed", "jitter", "seconds"),
    [
        (5, 1, 1.0, FIRST_SECONDS),
        (5, 1, 0.0, FIRST_SECONDS / 2),
        (5, 3, 1.0, FIRST_SECONDS * 4),
        (5, 4, 1.0, FIRST_SECONDS * 8),
        (5, 5, 1.0, None),
        (1, 1, 1.0, None),
        (100, 50, 1.0, LONGEST_SECONDS),
        (10_000, 9_999, 1.0, LONGEST_SECONDS),
    ],
)
def test_waits_double_up_to_a_bound(
    tries: int, failed: int, jitter: float, seconds: float | None
) -> None:
    assert Backoff(tries, lambda: jitter).seconds(failed) == seconds
