"""Whether a member's oplog continues the stored one. Pure.

The anchor is the last stored entry. It must be the first of what the member has from there on:
then nothing lies between, and nothing before was rolled back.
"""

from enum import Enum

from mmsconsole.optime import Optime

UNKNOWN_TERM = -1


class Verdict(Enum):
    CONTINUES = "the anchor is there"
    BEHIND = "the member has not come as far as the anchor yet"
    ROLLED_OVER = "the member's oplog begins after the anchor"
    ROLLED_BACK = "the anchor is not in the member's history"


def judge(anchor: Optime, first: Optime | None, oldest: Optime) -> Verdict:
    """`first` is the first majority-committed entry at or after the anchor's time, None if there
    is none; `oldest` is the oldest entry of the member, read after that."""
    if first is None:
        return Verdict.BEHIND
    if first == anchor:
        same = anchor.term in (first.term, UNKNOWN_TERM)
        return Verdict.CONTINUES if same else Verdict.ROLLED_BACK
    return Verdict.ROLLED_OVER if oldest > anchor else Verdict.ROLLED_BACK
