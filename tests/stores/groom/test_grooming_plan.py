"""Which packs are worth rewriting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.stores.groom.grooming_plan import Limits, PackUsage, plan


def pack(id_: str, stored: int, living: int) -> PackUsage:
    return PackUsage(id_, stored, living)


HALF = Limits(living_percent=50, dead_bytes=0)


@pytest.mark.parametrize(
    ("packs", "limits", "dead", "rewritten"),
    [
        ([], HALF, "", ""),
        ([pack("a", 100, 0)], HALF, "a", ""),
        ([pack("a", 100, 49)], HALF, "", "a"),
        ([pack("a", 100, 50)], HALF, "", ""),
        ([pack("a", 100, 100)], Limits(100, 0), "", ""),
        ([pack("a", 100, 99)], Limits(100, 0), "", "a"),
        ([pack("a", 100, 1)], Limits(0, 0), "", ""),
        # Those that cost least for what they give come first.
        ([pack("a", 100, 40), pack("b", 100, 10), pack("c", 100, 20)], HALF, "", "bca"),
        # So little is not worth the work, but a dead pack costs none.
        ([pack("a", 100, 40), pack("b", 100, 0)], Limits(50, 61), "b", ""),
        ([pack("a", 100, 40), pack("b", 100, 0)], Limits(50, 60), "b", "a"),
        # What is not worth it does not count.
        ([pack("a", 100, 40), pack("b", 900, 600)], Limits(50, 61), "", ""),
    ],
)
def test_what_is_worth_a_groom(
    packs: list[PackUsage], limits: Limits, dead: str, rewritten: str
) -> None:
    made = plan(packs, limits)

    assert "".join(one.id for one in made.dead) == dead
    assert "".join(one.id for one in made.rewritten) == rewritten


usages = st.lists(
    st.tuples(st.integers(1, 1000), st.integers(0, 1000)).map(lambda sizes: (sizes[0], min(sizes)))
).map(lambda sizes: [pack(str(number), *one) for number, one in enumerate(sizes)])


@given(usages, st.floats(0, 100), st.integers(0, 2000))
def test_it_frees_what_it_says_and_leaves_little_behind(
    packs: list[PackUsage], percent: float, least: int
) -> None:
    made = plan(packs, Limits(percent, least))

    chosen = {one.id for one in made.packs}
    assert len(chosen) == len(made.packs)
    assert made.freed_bytes + made.copied_bytes == sum(one.stored_bytes for one in made.packs)
    assert {one.id for one in packs if not one.living_bytes} <= chosen
    assert all(one.dead_bytes > 0 for one in made.packs)
    left = [one for one in packs if one.id not in chosen]
    worth = [one for one in left if one.living_bytes * 100 < percent * one.stored_bytes]
    assert sum(one.dead_bytes for one in worth) < max(least, 1)


@given(usages, st.floats(0, 100))
def test_a_higher_share_gives_back_no_less(packs: list[PackUsage], percent: float) -> None:
    freed = [plan(packs, Limits(share, 0)).freed_bytes for share in (percent / 2, percent)]

    assert freed == sorted(freed)
