"""Whether an oplog continues the stored one."""

import pytest

from mmsconsole.agent.anchor import Verdict, judge
from mmsconsole.optime import Optime

ANCHOR = Optime(100, 5, 3)


@pytest.mark.parametrize(
    ("first", "oldest", "verdict"),
    [
        (Optime(100, 5, 3), Optime(1, 1, 1), Verdict.CONTINUES),
        (Optime(100, 5, 3), Optime(100, 5, 3), Verdict.CONTINUES),
        (None, Optime(1, 1, 1), Verdict.BEHIND),
        (Optime(100, 5, 4), Optime(1, 1, 1), Verdict.ROLLED_BACK),
        (Optime(100, 6, 3), Optime(1, 1, 1), Verdict.ROLLED_BACK),
        (Optime(101, 1, 4), Optime(100, 5, 4), Verdict.ROLLED_BACK),
        (Optime(100, 6, 3), Optime(100, 6, 3), Verdict.ROLLED_OVER),
        (Optime(200, 1, 3), Optime(200, 1, 3), Verdict.ROLLED_OVER),
    ],
)
def test_verdicts(first: Optime | None, oldest: Optime, verdict: Verdict) -> None:
    assert judge(ANCHOR, first, oldest) is verdict


def test_an_anchor_whose_term_is_not_known_is_found_by_its_time() -> None:
    assert judge(Optime(100, 5), Optime(100, 5, 3), Optime(1, 1)) is Verdict.CONTINUES
