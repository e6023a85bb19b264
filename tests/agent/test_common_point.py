"""After a rollback the newest entry is found that both the store and the source have."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from mmsconsole.agent import common_point as module
from mmsconsole.agent.common_point import common_point, newest_common
from mmsconsole.optime import Optime

STORED = [Optime(t, 1, 1) for t in range(1, 13)]
"""The stored entries; the source has the same up to some one, then others."""
CUTS: dict[str, Sequence[int]] = {
    "one chunk": [12],
    "single entries": range(1, 13),
    "uneven": [1, 4, 5, 9, 12],
}


class Store:
    """Chunks of STORED that end behind the entries counted in `cuts`."""

    def __init__(self, cuts: Sequence[int]) -> None:
        self.chunks = [STORED[begin:end] for begin, end in pairwise([0, *cuts])]

    def ends_before(self, position: Optime | None, limit: int) -> list[Optime]:
        ends = [chunk[-1] for chunk in self.chunks]
        return [end for end in ends if position is None or end < position][::-1][:limit]

    def entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        chunk = next(chunk for chunk in self.chunks if chunk[-1].same_entry(end))
        return [entry for entry in chunk if entry > start]


class Source:
    """Has the stored entries from the `oldest` one to `common`, and others after that."""

    def __init__(self, common: int, oldest: int) -> None:
        self.kept = STORED[max(oldest, 1) - 1 : common]
        self.asked = 0

    def has(self, position: Optime) -> bool:
        self.asked += 1
        return any(position.same_entry(each) for each in self.kept)


@pytest.mark.parametrize("page", [1, 2, 256])
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
def test_the_newest_common_entry_is_found_wherever_it_lies(
    cuts: Sequence[int], page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", page)
    store = Store(cuts)
    for common in range(12):
        for oldest in range(13):
            source = Source(common, oldest)
            found = common_point(
                store.ends_before, store.entries_between, Optime(oldest, 1), source.has
            )
            expected = source.kept[-1] if source.kept else None
            assert found == expected, f"common {common}, oldest {oldest}"


def test_an_entry_of_the_same_time_and_another_term_is_not_common() -> None:
    ends = [Optime(3, 1, 2), Optime(2, 1, 1), Optime(1, 1, 1)]

    def has(position: Optime) -> bool:
        return position.same_entry(Optime(3, 1, 3)) or position.t < 3

    assert newest_common(ends, has) == Optime(2, 1, 1)


def test_nothing_stored_has_nothing_in_common() -> None:
    store = Store([])
    assert common_point(store.ends_before, store.entries_between, Optime(0, 0), bool) is None


def test_few_questions_are_asked() -> None:
    store, source = Store(range(1, 13)), Source(6, 0)
    common_point(store.ends_before, store.entries_between, Optime(0, 0), source.has)
    assert source.asked <= 5


def test_a_chunk_that_can_not_be_read_is_given_up_whole() -> None:
    store, source = Store([4, 9, 12]), Source(7, 0)

    def unreadable(start: Optime, end: Optime) -> list[Optime]:
        return []

    assert common_point(store.ends_before, unreadable, Optime(0, 0), source.has) == STORED[3]
