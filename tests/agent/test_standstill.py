"""A set that makes no progress is told of, one that is merely idle is not."""

import pytest

from mmsconsole.agent.reader import MemberOptimes
from mmsconsole.agent.standstill import Standstill
from mmsconsole.optime import Optime


def optimes(applied: int, majority: int, primary: str = "db1:27017") -> MemberOptimes:
    seen = Optime(majority, 1, 1)
    return MemberOptimes(Optime(applied, 1, 1), seen, seen, primary)


Seen = list[tuple[float, MemberOptimes]]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ([(0, optimes(5, 5)), (100, optimes(5, 5))], ""),
        ([(0, optimes(6, 5)), (9, optimes(7, 5))], ""),
        ([(0, optimes(6, 5)), (10, optimes(7, 5))], "no majority"),
        ([(0, optimes(6, 5)), (10, optimes(7, 6)), (19, optimes(8, 6))], ""),
        ([(0, optimes(6, 5)), (10, optimes(7, 5)), (15, optimes(7, 7))], ""),
        ([(0, optimes(6, 5)), (5, optimes(6, 6)), (15, optimes(7, 6)), (24, optimes(7, 6))], ""),
        ([(0, optimes(5, 5, "")), (10, optimes(5, 5, ""))], "no primary"),
        ([(0, optimes(6, 5, "")), (10, optimes(6, 5, ""))], "no majority"),
        ([(0, optimes(5, 5, "")), (9, optimes(5, 5)), (15, optimes(5, 5, ""))], ""),
    ],
)
def test_it_is_told_when_nothing_is_majority_committed_for_long(seen: Seen, said: str) -> None:
    standstill = Standstill(10)
    told = [standstill.seen("db2:27017", each, now) for now, each in seen]
    assert said in told[-1]
    assert bool(told[-1]) == bool(said)
    assert not any(told[:-1]) or told[-1] == ""
