"""Samples wait in bounded memory, and the newest of them stay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mmsconsole.metadata.samples import Sample
from mmsconsole.monitoring.buffer import SampleBuffer

START = datetime(2026, 3, 1, tzinfo=UTC)


def sample(number: int, subject: str = "a:1") -> Sample:
    values = {f"metric{n}": float(number) for n in range(100)}
    return Sample("d", subject, START + timedelta(seconds=10 * number), values)


def test_a_sample_comes_out_as_it_went_in() -> None:
    buffer = SampleBuffer(1_000_000)
    buffer.add([sample(1), sample(2)])
    assert buffer.oldest(10) == [sample(1), sample(2)]
    assert buffer.oldest(1) == [sample(1)]


def test_what_was_not_taken_stays() -> None:
    buffer = SampleBuffer(1_000_000)
    buffer.add([sample(1), sample(2), sample(3)])
    buffer.taken(buffer.oldest(2))
    assert buffer.oldest(10) == [sample(3)]
    assert buffer.oldest_at == sample(3).at


def test_a_full_buffer_drops_the_oldest_and_counts_them() -> None:
    buffer = SampleBuffer(12_500)
    buffer.add(sample(n) for n in range(25))
    assert buffer.oldest(100) == [sample(n) for n in range(15, 25)]
    assert (buffer.dropped, len(buffer)) == (15, 10)
    assert buffer.bytes <= 12_500


def test_what_is_dropped_while_it_is_handed_over_takes_nothing_else_along() -> None:
    buffer = SampleBuffer(6_500)
    buffer.add(sample(n) for n in range(5))
    under_way = buffer.oldest(3)
    buffer.add([sample(5), sample(6)])  # 0 and 1 are dropped
    buffer.taken(under_way)
    assert buffer.oldest(100) == [sample(n) for n in (3, 4, 5, 6)]


def test_an_empty_buffer_takes_no_memory() -> None:
    buffer = SampleBuffer(1_000_000)
    buffer.add(sample(n) for n in range(9))
    buffer.taken(buffer.oldest(9))
    assert (buffer.bytes, len(buffer), buffer.oldest_at) == (0, 0, None)


def test_what_is_forgotten_of_one_deployment_leaves_the_others() -> None:
    buffer = SampleBuffer(1_000_000)
    other = replace(sample(2), deployment="other")
    buffer.add([sample(1), other, sample(3)])
    on_its_way = buffer.oldest(3)
    buffer.forget("d")
    assert buffer.oldest(10) == [other]
    buffer.taken(on_its_way)
    assert (len(buffer), buffer.bytes) == (0, 0)
