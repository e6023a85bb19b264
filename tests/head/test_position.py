"""The position lies in the head and is read back as it was written."""

from mmsconsole.head.position import HeadPosition
from mmsconsole.optime import INCREMENT_MAX, Optime
from tests.head.conftest import TestedHead

EARLY, LATE = Optime(5, 0), Optime(2**32 - 1, INCREMENT_MAX, 7)


def test_a_position_is_read_as_it_was_written(head: TestedHead) -> None:
    for position in (HeadPosition(LATE, EARLY, LATE), HeadPosition(LATE, LATE)):
        head.positions.write(position)
        found = head.positions.read()
        assert found == position
        assert found.applied.same_entry(position.applied)


def test_the_optime_zero_is_kept(head: TestedHead) -> None:
    """A server would replace it by the current time, were it written as a timestamp."""
    head.positions.write(HeadPosition(Optime(0, 0), Optime(0, 0)))
    assert head.positions.read() == HeadPosition(Optime(0, 0), Optime(0, 0))


def test_a_head_whose_position_was_removed_has_none(head: TestedHead) -> None:
    head.positions.remove()
    assert head.positions.read() is None
