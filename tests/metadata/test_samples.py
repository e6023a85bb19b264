"""Samples come back as they were put, once each, and go when their time has come."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.samples import KEPT_SECONDS, Grain, Sample
from mmsconsole.monitoring.agent import kept_seconds
from mmsconsole.settings.monitoring import MonitoringSettings
from tests.support.metadata import empty

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
"""Not long ago: the server deletes what is too old."""
LATER = START + timedelta(hours=3)


def sample(number: int, subject: str = "a:1", deployment: str = "d") -> Sample:
    at = START + timedelta(seconds=10 * number)
    return Sample(deployment, subject, at, {"lag": float(number), "connections_current": 5.0})


def series(metadata: Metadata, *names: str, subject: str = "a:1") -> list[Sample]:
    return list(metadata.samples.series(Grain.FINE, "d", subject, names, START, LATER))


@pytest.mark.parametrize("grain", Grain)
def test_samples_come_back_in_order_and_as_they_were(metadata: Metadata, grain: Grain) -> None:
    metadata.samples.put(grain, [sample(3), sample(1), sample(2)])
    found = list(metadata.samples.series(grain, "d", "a:1", [], START, LATER))
    assert found == [sample(1), sample(2), sample(3)]


def test_of_one_time_there_is_one_however_often_it_was_put(metadata: Metadata) -> None:
    for _ in range(3):
        metadata.samples.put(Grain.FINE, [sample(1), sample(2)])
    assert series(metadata) == [sample(1), sample(2)]


def test_only_what_is_asked_for_is_read(metadata: Metadata) -> None:
    others = [sample(1, subject="a:1/shop"), sample(1, deployment="other")]
    metadata.samples.put(Grain.FINE, [sample(1), sample(2), *others])
    assert [one.values for one in series(metadata, "lag", "unknown")] == [{"lag": 1}, {"lag": 2}]
    some = metadata.samples.series(Grain.FINE, "d", "a:1", [], sample(2).at, sample(3).at)
    assert list(some) == [sample(2)]
    assert metadata.samples.subjects(Grain.FINE, "d", START) == ["a:1", "a:1/shop"]


def test_the_newest_and_the_oldest_are_found(metadata: Metadata) -> None:
    assert metadata.samples.latest(Grain.FINE, "d", "a:1") is None
    assert metadata.samples.oldest_at(Grain.FINE, START) is None
    metadata.samples.put(Grain.FINE, [sample(2), sample(7), sample(4)])
    assert metadata.samples.latest(Grain.FINE, "d", "a:1") == sample(7)
    assert metadata.samples.oldest_at(Grain.FINE, START) == sample(2).at


def test_many_samples_are_put_in_several_inserts(metadata: Metadata) -> None:
    assert metadata.samples.put(Grain.FINE, (sample(n) for n in range(600))) == 600
    assert len(series(metadata)) == 600


def test_a_deployment_that_is_removed_leaves_none(metadata: Metadata) -> None:
    for grain in Grain:
        metadata.samples.put(grain, [sample(1), sample(1, deployment="other")])
    metadata.samples.drop("d")
    for grain in Grain:
        left = list(metadata.samples.between(grain, START, LATER))
        assert [one.deployment for one in left] == ["other"]


def test_settings_say_how_long_samples_stay_and_a_later_change_holds(metadata: Metadata) -> None:
    def kept() -> dict[str, int]:
        listed = metadata.database.list_collections(filter={"name": {"$regex": "^samples_"}})
        return {one["name"]: one["options"]["expireAfterSeconds"] for one in listed}

    defaults = {f"samples_{grain}": seconds for grain, seconds in KEPT_SECONDS.items()}
    assert kept() == defaults
    metadata.samples.ensure({**KEPT_SECONDS, Grain.FINE: 7200})
    assert kept() == {**defaults, "samples_10s": 7200}
    metadata.samples.ensure()
    assert kept() == {**defaults, "samples_10s": 7200}
    metadata.samples.ensure(KEPT_SECONDS)
    assert kept() == defaults


def test_a_database_that_tests_have_emptied_has_none_of_a_moment_ago(metadata: Metadata) -> None:
    """They are not yet what a majority has."""
    for _ in range(3):
        metadata.samples.put(Grain.FINE, [sample(1)])
        assert metadata.samples.latest(Grain.FINE, "d", "a:1")
        empty(metadata)
        assert metadata.samples.latest(Grain.FINE, "d", "a:1") is None


def test_sizes_are_told_for_each_grain(metadata: Metadata) -> None:
    metadata.samples.put(Grain.FINE, [sample(1)])
    sizes = metadata.samples.sizes()
    assert set(sizes) == set(Grain)
    assert sizes[Grain.FINE].buckets >= 1
    assert sizes[Grain.FINE].stored_bytes > 0


def test_the_longest_time_that_settings_allow_is_taken_by_the_server(metadata: Metadata) -> None:
    longest = MonitoringSettings(keep_fine_hours=8760, keep_minute_days=3650, keep_hour_days=7300)
    metadata.samples.ensure(kept_seconds(longest))
    with pytest.raises(ValidationError):
        MonitoringSettings(keep_hour_days=7301)


def test_an_index_that_a_crash_left_out_is_made_later(metadata: Metadata) -> None:
    """Of a time-series collection: by what it holds, and then its time."""
    collection = metadata.database.samples_1h
    collection.drop_indexes()
    assert not collection.index_information()
    metadata.samples.ensure()
    assert len(collection.index_information()) == 1
