"""Work spread over threads; its results in order, never more of it ahead than allowed, or as it
ends.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int
) -> Generator[Result, None, None]:
    """work(item) of every item, at most `ahead` of them begun and not yet taken.

    The first error ends it: nothing more is begun, and what runs is waited for. So does
    close(), which whoever takes the results must see to.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def as_it_ends(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[Result, None, None]:
    """work(item) of every item, begun in their order, given out in the order in which it ends: no
    thread waits for one that takes long. All items and results may be in memory at one time.

    It ends as `in_order` does.
    """
    with ThreadPoolExecutor(threads) as pool:
        begun = [pool.submit(work, item) for item in items]
        try:
            for future in as_completed(begun):
                yield future.result()
        finally:
            for future in begun:
                future.cancel()
