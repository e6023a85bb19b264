"""Leaves steps out of a schedule that fails, as long as what is left still fails. Pure.

Delta debugging: halves first, then smaller and smaller parts. Whether a schedule fails is for
the caller to find out, who may play it several times where a kill's timing matters.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def shortened(steps: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """No part of the answer that was tried could be left out; `steps` itself fails."""
    left = list(steps)
    size = len(left) // 2
    while size:
        before = len(left)
        left = _without_parts(left, size, fails)
        if len(left) == before or size > 1:
            size //= 2
    return left


def _without_parts(steps: list[T], size: int, fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Parts of one size, from the end: what comes late builds on what came before."""
    end = len(steps)
    while end > 0:
        begin = max(0, end - size)
        shorter = steps[:begin] + steps[end:]
        if shorter and fails(shorter):
            steps = shorter
        end = begin
    return steps
