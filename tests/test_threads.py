"""Work spread over threads."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing

import pytest

from mmsconsole.threads import as_it_ends, in_order


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(60)
        else:
            first_may_end.set()
        return item * 10

    assert list(in_order(work, range(5), threads=2, ahead=3)) == [0, 10, 20, 30, 40]


def test_no_more_is_begun_than_allowed() -> None:
    begun: list[int] = []

    for taken, _ in enumerate(in_order(begun.append, range(100), threads=2, ahead=4)):
        assert len(begun) <= taken + 4

    assert len(begun) == 100


def test_an_error_ends_it_and_what_runs_is_waited_for() -> None:
    begun, ended = [], []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise ValueError("the third")
        ended.append(item)
        return item

    with pytest.raises(ValueError, match="the third"):
        list(in_order(work, range(1000), threads=2, ahead=4))

    assert len(begun) < 10
    assert sorted([*ended, 2]) == sorted(begun)


def test_an_error_of_the_items_is_passed_on() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no second item")

    with pytest.raises(ValueError, match="no second item"):
        list(in_order(str, items(), threads=2, ahead=1))


def test_closing_it_ends_it() -> None:
    begun: list[int] = []
    before = set(threading.enumerate())

    with closing(in_order(begun.append, range(1000), threads=2, ahead=4)) as results:
        next(results)
    count = len(begun)

    assert count <= 5
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if "ThreadPool" in thread.name]


def test_as_it_ends_one_that_takes_long_keeps_nobody_waiting() -> None:
    others_have_ended = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert others_have_ended.wait(60)
        return item

    taken = []
    for result in as_it_ends(work, range(6), threads=2):
        taken.append(result)
        if len(taken) == 5:
            others_have_ended.set()

    assert taken[-1] == 0
    assert sorted(taken) == list(range(6))


def test_as_it_ends_an_error_ends_it_and_what_runs_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever takes the results may need any time to see the error: two run on until then."""
    begun, ended = [], []
    cancelled: list[object] = []
    all_are = threading.Event()
    cancel = Future.cancel

    def cancelling(future: Future[None]) -> bool:
        done = cancel(future)
        cancelled.append(future)
        if len(cancelled) == 1000:
            all_are.set()
        return done

    def work(item: int) -> None:
        begun.append(item)
        if item == 2:
            raise ValueError("the third")
        assert item < 3 or all_are.wait(60)
        ended.append(item)

    monkeypatch.setattr(Future, "cancel", cancelling)
    with pytest.raises(ValueError, match="the third"):
        for _ in as_it_ends(work, range(1000), threads=2):
            pass

    assert sorted([*ended, 2]) == sorted(begun)
    assert len(begun) <= 5
