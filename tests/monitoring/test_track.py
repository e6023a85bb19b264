"""What is known of a member from poll to poll."""

from typing import Any

from mmsconsole.metadata.members import MemberState
from mmsconsole.monitoring.track import MemberTrack
from tests.monitoring.documents.polls import HOST, answers
from tests.monitoring.documents.sets import SECONDS, set_status
from tests.monitoring.documents.sets import member as set_member
from tests.support.clock import ManualClock


def locked_after(manual_clock: ManualClock, *told: bool | None) -> list[bool]:
    track = MemberTrack(MemberState(f"d/{HOST}", "d", HOST), manual_clock, 10)
    polls: list[dict[str, Any]] = [{"locked": each} for each in told]
    return [
        track.answered(answers(seconds=10.0 * number, **parts))[1].locked
        for number, parts in enumerate(polls)
    ]


def test_the_last_two_elections_of_a_member_are_known_also_when_others_lead(
    manual_clock: ManualClock,
) -> None:
    track = MemberTrack(MemberState(f"d/{HOST}", "d", HOST), manual_clock, 10)

    def won(number: int, elected: int | None) -> list[int]:
        state = "SECONDARY" if elected is None else "PRIMARY"
        own = set_member(HOST, state, elected=elected, own=True)
        told = answers(seconds=10.0 * number, set_status=set_status(own))
        return [int(at.timestamp()) for at in track.answered(told)[1].won]

    first, second, third = SECONDS - 30, SECONDS - 20, SECONDS - 10
    assert won(0, None) == []
    assert won(1, first) == won(2, first) == won(3, None) == [first]
    assert won(4, second) == [second, first]
    assert won(5, third) == [third, second]


def test_a_locked_member_that_is_too_slow_to_tell_is_not_unlocked_by_that(
    manual_clock: ManualClock,
) -> None:
    """Its alert would close, and mails would say that all is well again."""
    found = locked_after(manual_clock, None, True, None, False, None)
    assert found == [False, True, True, False, False]
