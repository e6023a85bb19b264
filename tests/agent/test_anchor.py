"""Whether an oplog continues the stored one."""

import pytest

from mmsconsole.agent.anchor import Answer, Course, Verdict, course_of, judge, witness_of
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


OLD, NEW = Optime(1, 1, 1), Optime(150, 1, 4)


def answers(**said: Verdict | None) -> dict[str, Answer | None]:
    return {host: each and Answer(each, OLD) for host, each in said.items()}


@pytest.mark.parametrize(
    ("said", "primary", "course"),
    [
        # The primary's history counts, whatever others lack.
        ({"a": Verdict.ROLLED_BACK}, "a", Course.ROLLED_BACK),
        ({"a": Verdict.ROLLED_BACK, "b": Verdict.ROLLED_BACK}, "a", Course.ROLLED_BACK),
        ({"a": Verdict.ROLLED_BACK, "b": Verdict.BEHIND}, "a", Course.ROLLED_BACK),
        ({"a": Verdict.ROLLED_BACK, "b": Verdict.ROLLED_OVER}, "a", Course.ROLLED_BACK),
        ({"a": Verdict.ROLLED_OVER, "b": Verdict.ROLLED_BACK}, "a", Course.ROLLED_BACK),
        # Somebody has the anchor: nothing is thrown away.
        ({"a": Verdict.ROLLED_BACK, "b": Verdict.CONTINUES}, "a", Course.ANOTHER),
        ({"a": Verdict.ROLLED_OVER, "b": Verdict.CONTINUES}, "b", Course.ANOTHER),
        ({"a": Verdict.CONTINUES, "b": None}, None, Course.ANOTHER),
        # A stale member, or one without the majority, does not judge.
        ({"a": Verdict.BEHIND, "b": Verdict.ROLLED_BACK}, "a", Course.WAIT),
        ({"a": Verdict.ROLLED_BACK, "b": Verdict.ROLLED_BACK}, None, Course.WAIT),
        ({"b": Verdict.ROLLED_BACK}, "a", Course.WAIT),
        ({"a": Verdict.BEHIND, "b": Verdict.BEHIND}, "a", Course.WAIT),
        ({"a": Verdict.BEHIND}, "a", Course.WAIT),
        # Everybody must have been asked.
        ({"a": Verdict.ROLLED_BACK, "b": None}, "a", Course.WAIT),
        ({"a": Verdict.ROLLED_OVER, "b": None}, "a", Course.WAIT),
        ({}, None, Course.WAIT),
        # What is lost is lost, with or without a primary; who is behind may still come.
        ({"a": Verdict.ROLLED_OVER, "b": Verdict.ROLLED_OVER}, "a", Course.ROLLED_OVER),
        ({"a": Verdict.ROLLED_OVER}, None, Course.ROLLED_OVER),
        ({"a": Verdict.ROLLED_OVER, "b": Verdict.BEHIND}, "a", Course.WAIT),
    ],
)
def test_what_follows_from_what_all_members_say(
    said: dict[str, Verdict | None], primary: str | None, course: Course
) -> None:
    assert course_of(answers(**said), primary) is course


def test_the_common_point_is_looked_for_in_the_primary_s_history() -> None:
    said = answers(a=Verdict.ROLLED_BACK, b=Verdict.ROLLED_BACK)
    assert witness_of(said, "b") == "b"


def test_a_primary_whose_oplog_begins_too_late_is_replaced_by_who_reaches_back_farthest() -> None:
    said: dict[str, Answer | None] = {
        "a": Answer(Verdict.ROLLED_OVER, NEW),
        "b": Answer(Verdict.ROLLED_BACK, NEW),
        "c": Answer(Verdict.ROLLED_BACK, OLD),
        "d": None,
    }
    assert witness_of(said, "a") == "c"
