"""The newest stored entry that the source still has, after a rollback. Pure.

What both have is a beginning of each: behind the common point nothing is common. The source's
oplog may also have lost its oldest entries, so only positions it reaches back to are asked for.
"""

from collections.abc import Callable, Iterator, Sequence

from mmsconsole.optime import Optime

PAGE = 256
"""Chunk ends that are fetched at one time."""

Has = Callable[[Optime], bool]
"""Whether exactly that entry, time and term, is majority-committed in the source."""
EndsBefore = Callable[[Optime | None, int], list[Optime]]
"""(position, limit): the newest stored chunk ends before it, newest first."""
EntriesBetween = Callable[[Optime, Optime], list[Optime]]
"""(start, end): the entries behind `start` of the chunk that ends at `end`, in order."""

BEGINNING = Optime(0, 0)


def common_point(
    ends_before: EndsBefore, entries_between: EntriesBetween, oldest: Optime, has: Has
) -> Optime | None:
    """None: nothing that is stored is in the source. `oldest`: where the source's oplog begins."""
    above: Optime | None = None
    for page in _pages(ends_before):
        reached = [end for end in page if end >= oldest]
        common = newest_common(reached, has)
        if common is not None:
            above = _next_newer(page, common) or above
            return _inside(entries_between, common, above, has) or common
        above = reached[-1] if reached else above
        if len(reached) < len(page):
            # The source does not reach back to this chunk's end; to entries behind it, it may.
            return _inside(entries_between, page[len(reached)], above, has, oldest)
    return _inside(entries_between, BEGINNING, above, has, oldest)


def newest_common(positions: Sequence[Optime], has: Has) -> Optime | None:
    """Of positions, newest first, of which the source has all from some one on, or none."""
    low, high = 0, len(positions)
    while low < high:
        middle = (low + high) // 2
        if has(positions[middle]):
            high = middle
        else:
            low = middle + 1
    return positions[low] if low < len(positions) else None


def _pages(ends_before: EndsBefore) -> Iterator[list[Optime]]:
    position: Optime | None = None
    while page := ends_before(position, PAGE):
        yield page
        position = page[-1]


def _next_newer(page: Sequence[Optime], position: Optime) -> Optime | None:
    at = page.index(position)
    return page[at - 1] if at else None


def _inside(
    entries_between: EntriesBetween,
    start: Optime,
    end: Optime | None,
    has: Has,
    oldest: Optime = BEGINNING,
) -> Optime | None:
    """In the one chunk that ends at `end`, which the source has not."""
    if end is None:
        return None
    entries = [entry for entry in entries_between(start, end) if entry >= oldest]
    return newest_common(entries[::-1], has)
