"""Samples become those of minutes and hours, once, whatever happens in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mmsconsole.errors import Cancelled, MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.samples import Grain, Sample
from mmsconsole.monitoring.rolling_up import SPELL_SECONDS, RollingUp
from mmsconsole.task import Cancellation, Task
from tests.support.clock import ManualClock

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
"""Not long ago: the server deletes what is too old."""
KEPT = {Grain.FINE: 2 * 3600, Grain.MINUTE: 8 * 3600, Grain.HOUR: 24 * 3600}


class Bench:
    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self.clock = ManualClock(HOUR)
        self.waiting_since: datetime | None = None

    def engine(self) -> RollingUp:
        return RollingUp(self.metadata, self.clock, KEPT, lambda: self.waiting_since)

    def put(self, minutes: int, start: datetime = HOUR) -> None:
        """Six samples in each minute, 0 to 5."""
        self.metadata.samples.put(
            Grain.FINE,
            (
                Sample("d", "a:1", start + timedelta(seconds=10 * n), {"lag": float(n % 6)})
                for n in range(6 * minutes)
            ),
        )

    def found(self, grain: Grain) -> list[Sample]:
        until = HOUR + timedelta(days=2)
        return list(self.metadata.samples.series(grain, "d", "a:1", [], HOUR, until))

    def at(self, minutes: float) -> None:
        self.clock.set(HOUR + timedelta(minutes=minutes))


@pytest.fixture
def bench(metadata: Metadata) -> Bench:
    return Bench(metadata)


def test_minutes_and_hours_are_made_when_they_are_over(bench: Bench) -> None:
    bench.put(61)
    bench.at(3)
    bench.engine().roll_up(Task())
    assert [one.at for one in bench.found(Grain.MINUTE)] == [
        HOUR, HOUR + timedelta(minutes=1),
    ]  # fmt: skip
    assert bench.found(Grain.HOUR) == []

    bench.at(65)
    bench.engine().roll_up(Task())
    spread = {"lag": 2.5, "lag__min": 0.0, "lag__max": 5.0}
    assert [one.values for one in bench.found(Grain.MINUTE)] == [spread] * 61
    assert bench.found(Grain.HOUR) == [Sample("d", "a:1", HOUR, spread)]


def test_what_is_rolled_up_is_not_rolled_up_again(bench: Bench) -> None:
    bench.put(5)
    bench.at(10)
    assert bench.engine().roll_up(Task()) > 0
    assert bench.engine().roll_up(Task()) == 0


def test_a_crash_behind_the_write_leaves_each_minute_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise MetadataError("the metadata database does not answer")

    bench.put(3)
    bench.at(10)
    with monkeypatch.context() as patched:
        patched.setattr(bench.metadata.rollups, "done_until", crash)
        with pytest.raises(MetadataError):
            bench.engine().roll_up(Task())
    assert len(bench.found(Grain.MINUTE)) == 1
    bench.engine().roll_up(Task())
    found = bench.found(Grain.MINUTE)
    assert [one.at for one in found] == [HOUR + timedelta(minutes=n) for n in range(3)]
    assert {one.values["lag"] for one in found} == {2.5}


def test_samples_that_wait_are_waited_for(bench: Bench) -> None:
    bench.put(2)
    bench.at(10)
    bench.waiting_since = HOUR + timedelta(minutes=2)
    bench.engine().roll_up(Task())
    bench.put(3, start=HOUR + timedelta(minutes=2))
    bench.waiting_since = None
    bench.engine().roll_up(Task())
    assert len(bench.found(Grain.MINUTE)) == 5


def test_it_can_be_broken_off_and_goes_on(bench: Bench) -> None:
    stopping = Cancellation()
    stopping.cancel()
    bench.put(3)
    bench.at(10)
    with pytest.raises(Cancelled):
        bench.engine().roll_up(Task(stopping))
    bench.engine().roll_up(Task())
    assert len(bench.found(Grain.MINUTE)) == 3


def test_a_long_pause_costs_no_look_at_what_is_forgotten_by_now(bench: Bench) -> None:
    bench.metadata.rollups.done_until(Grain.MINUTE, HOUR - timedelta(days=400))
    bench.metadata.rollups.done_until(Grain.HOUR, HOUR - timedelta(days=400))
    bench.put(1)
    bench.at(3)
    periods = bench.engine().roll_up(Task())
    assert periods <= 2 * 60 + 3 + 8 + 1
    assert len(bench.found(Grain.MINUTE)) == 1


def test_after_a_clock_that_was_a_year_ahead_it_goes_on_where_it_was(bench: Bench) -> None:
    bench.put(4)
    bench.at(3)
    bench.engine().roll_up(Task())
    year_ahead = HOUR + timedelta(days=365)
    for grain in (Grain.MINUTE, Grain.HOUR):
        bench.metadata.rollups.done_until(grain, year_ahead)
    bench.at(10)
    bench.engine().roll_up(Task())
    assert [one.at for one in bench.found(Grain.MINUTE)] == [
        HOUR + timedelta(minutes=n) for n in range(4)
    ]
    mark = bench.metadata.rollups.find(Grain.MINUTE)
    assert mark is not None
    assert mark.done < HOUR + timedelta(minutes=11)


def test_after_a_long_stop_it_rests_after_a_spell_and_no_hour_is_made_of_half_its_minutes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever rolls up has a lease to keep."""
    between = bench.metadata.samples.between

    def slowly(*asked: Any) -> Any:
        bench.clock.advance(1)
        return between(*asked)

    bench.put(90)
    bench.metadata.rollups.done_until(Grain.MINUTE, HOUR)
    bench.metadata.rollups.done_until(Grain.HOUR, HOUR)
    bench.at(80)
    monkeypatch.setattr(bench.metadata.samples, "between", slowly)
    engine = bench.engine()
    assert engine.roll_up(Task()) == SPELL_SECONDS
    while engine.roll_up(Task()):
        assert not bench.found(Grain.HOUR) or len(bench.found(Grain.MINUTE)) >= 60
    assert [one.values["lag"] for one in bench.found(Grain.HOUR)] == [2.5]
