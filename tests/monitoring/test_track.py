"""What is known of a member from poll to poll."""

from typing import Any

from mmsconsole.metadata.members import MemberState
from mmsconsole.monitoring.track import MemberTrack
from tests.monitoring.documents.polls import HOST, answers
from tests.support.clock import ManualClock


def locked_after(manual_clock: ManualClock, *told: bool | None) -> list[bool]:
    track = MemberTrack(MemberState(f"d/{HOST}", "d", HOST), manual_clock, 10)
    polls: list[dict[str, Any]] = [{"locked": each} for each in told]
    return [
        track.answered(answers(seconds=10.0 * number, **parts))[1].locked
        for number, parts in enumerate(polls)
    ]


def test_a_locked_member_that_is_too_slow_to_tell_is_not_unlocked_by_that(
    manual_clock: ManualClock,
) -> None:
    """Its alert would close, and mails would say that all is well again."""
    found = locked_after(manual_clock, None, True, None, False, None)
    assert found == [False, True, True, False, False]
