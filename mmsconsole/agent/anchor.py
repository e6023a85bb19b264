"""Whether the source's oplog continues the stored one. Pure.

The anchor is the last stored entry. It must be the first of what a member has from there on:
then nothing lies between, and nothing before was rolled back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mmsconsole.optime import Optime

UNKNOWN_TERM = -1


class Verdict(Enum):
    """What one member says, in words for people."""

    CONTINUES = "it has the end of the stored oplog"
    BEHIND = "it has not come as far as the stored oplog yet"
    ROLLED_OVER = "its oplog begins behind the end of the stored oplog"
    ROLLED_BACK = "the end of the stored oplog is not in its history"


def judge(anchor: Optime, first: Optime | None, oldest: Optime) -> Verdict:
    """`first` is the first majority-committed entry at or after the anchor's time, None if there
    is none; `oldest` is the oldest entry of the member, read after that."""
    if first is None:
        return Verdict.BEHIND
    if first == anchor:
        same = anchor.term in (first.term, UNKNOWN_TERM)
        return Verdict.CONTINUES if same else Verdict.ROLLED_BACK
    return Verdict.ROLLED_OVER if oldest > anchor else Verdict.ROLLED_BACK


class Course(Enum):
    """What follows from what all members say."""

    ANOTHER = "a member continues the stored oplog: read that one"
    WAIT = "nobody can tell yet"
    ROLLED_BACK = "the source has another history: go back to the common point"
    ROLLED_OVER = "the source's oplog has lost what comes after the stored one"


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one member, when all were asked."""

    verdict: Verdict
    oldest: Optime
    """The oldest entry of its oplog."""


def course_of(answers: Mapping[str, Answer | None], primary: str | None) -> Course:
    """`answers`: of every member that can be read, by host; None of one that did not answer.

    The rule: stored oplog is thrown away only when nobody has the anchor, everybody was asked,
    and the primary says so. Its history is the one that every other member will have; and it is
    heard only when its majority-committed entries go beyond the anchor's time. A member that is
    behind, stale or cut off from the majority has no entry there (BEHIND), and can not judge.
    """
    if any(each and each.verdict is Verdict.CONTINUES for each in answers.values()):
        return Course.ANOTHER
    verdicts = {each.verdict if each else None for each in answers.values()}
    if None in verdicts:
        return Course.WAIT
    if verdicts == {Verdict.ROLLED_OVER}:
        return Course.ROLLED_OVER
    primaries = answers.get(primary) if primary else None
    if primaries is None or primaries.verdict is Verdict.BEHIND:
        return Course.WAIT
    return Course.ROLLED_BACK if Verdict.ROLLED_BACK in verdicts else Course.WAIT


def witness_of(answers: Mapping[str, Answer | None], primary: str | None) -> str:
    """The member whose history is searched for the common point: the primary, or, where its
    oplog begins too late, the one that reaches back farthest."""
    reaching = {
        host: answer.oldest
        for host, answer in answers.items()
        if answer and answer.verdict is Verdict.ROLLED_BACK
    }
    if primary in reaching:
        return primary
    return min(reaching, key=lambda host: reaching[host])
