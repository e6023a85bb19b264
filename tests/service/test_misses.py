"""How long wrong answers are held back."""

from mmsconsole.service import misses as module
from mmsconsole.service.misses import FIRST_SECONDS, FORGOTTEN_SECONDS, LONGEST_SECONDS, Misses


def test_each_miss_of_an_address_waits_twice_as_long_up_to_a_limit() -> None:
    misses = Misses()

    waits = [misses.missed("10.0.0.1", 0.0) for _ in range(40)]

    assert waits[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert waits[-1] == LONGEST_SECONDS


def test_another_address_does_not_wait_for_it() -> None:
    misses = Misses()
    for _ in range(5):
        misses.missed("10.0.0.1", 0.0)

    assert misses.missed("10.0.0.2", 0.0) == FIRST_SECONDS


def test_it_is_forgotten_after_a_while() -> None:
    misses = Misses()
    misses.missed("10.0.0.1", 0.0)
    misses.missed("10.0.0.1", 1.0)

    assert misses.missed("10.0.0.1", 1.0 + FORGOTTEN_SECONDS) == FIRST_SECONDS


def test_any_number_of_addresses_takes_bounded_memory(monkeypatch) -> None:
    monkeypatch.setattr(module, "ADDRESSES_MAX", 3)
    misses = Misses()

    for number in range(10):
        misses.missed(str(number), 0.0)

    assert len(misses._by_address) == 3
