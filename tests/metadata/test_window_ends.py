"""Entries that no head can follow, by position."""

import pytest

from mmsconsole.errors import AlreadyExists
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from tests.metadata.records import NOW


def end(id_: str, seconds: int, increment: int = 1, deployment: str = "d1") -> WindowEnd:
    return WindowEnd(id_, deployment, Optime(seconds, increment), "the version changes", NOW)


@pytest.fixture
def ends(metadata: Metadata) -> Metadata:
    for one in (end("late", 20), end("early", 10, 5), end("other", 15, deployment="d2")):
        metadata.window_ends.add(one)
    return metadata


def test_they_come_in_order(ends: Metadata) -> None:
    assert [one.id for one in ends.window_ends.of("d1")] == ["early", "late"]


@pytest.mark.parametrize(
    ("position", "id_"),
    [
        (Optime(9, 9), "early"),
        (Optime(10, 4), "early"),
        (Optime(10, 5), "late"),
        (Optime(19, 9), "late"),
    ],
)
def test_the_next_one_behind_a_position(ends: Metadata, position: Optime, id_: str) -> None:
    found = ends.window_ends.after("d1", position)
    assert found is not None
    assert found.id == id_


def test_there_may_be_none(ends: Metadata) -> None:
    assert ends.window_ends.after("d1", Optime(20, 1)) is None


def test_every_moment_before_it_can_be_restored() -> None:
    assert end("e", 10, 5).last == Optime(10, 4)


def test_a_rollback_takes_back_those_behind_it(ends: Metadata) -> None:
    ends.window_ends.drop("d1", after=Optime(10, 5))
    assert [one.id for one in ends.window_ends.all()] == ["early", "other"]


def test_the_same_entry_is_noted_once(ends: Metadata) -> None:
    with pytest.raises(AlreadyExists):
        ends.window_ends.add(end("again", 20))
