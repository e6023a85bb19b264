"""What comes and goes is not told each time."""

import pytest

from mmsconsole.alerts.flapping import calm_seconds, flaps_of
from tests.alerts.world import World, lag, rule


@pytest.mark.parametrize(
    ("clear_seconds", "flaps", "seconds"),
    [(20, 0, 20), (0, 0, 0), (20, 1, 120), (200, 1, 200), (0, 2, 240), (0, 5, 1920), (0, 6, 3600),
     (0, 10_000, 3600), (7200, 9, 7200)],
)  # fmt: skip
def test_it_must_be_well_for_longer_each_time_it_came_back(
    clear_seconds: float, flaps: int, seconds: float
) -> None:
    assert calm_seconds(clear_seconds, flaps) == seconds


def test_only_what_closed_lately_has_flapped() -> None:
    assert [flaps_of(before) for before in (None, 0, 7)] == [0, 1, 8]


def test_what_comes_and_goes_for_hours_is_told_a_few_times() -> None:
    """Every two minutes a member is behind for one: without a damper 360 mails."""
    world = World([rule()])
    for minute in range(6 * 60):
        for _ in range(6):
            world.look(lag(90 if minute % 2 else 0))
            world.pass_(10)
    assert world.kinds.count("closed") <= 3
    assert len(world.kinds) < 15
    assert len(world.alerts) <= 3


def test_one_that_is_open_although_all_is_well_says_why() -> None:
    world = World([rule()])
    for value in (90, 0, 90, 0):
        world.pass_(10)
        world.look(lag(value))
    (alert,) = world.standing
    assert alert.suppressed_by == "all is well, for 2 min before it closes: it came back once"
    world.pass_(120)
    world.look(lag(0))
    assert world.kinds == ["open", "closed", "open", "closed"]


def test_what_comes_back_after_hours_closes_as_soon_as_the_first_time() -> None:
    world = World([rule()])
    for _ in range(5):
        world.look(lag(90))
        world.pass_(10)
        world.look(lag(0))
        world.pass_(2 * 3600)
    assert world.kinds == ["open", "closed"] * 5
