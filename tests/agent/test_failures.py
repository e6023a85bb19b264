"""Which failures pass by themselves."""

import pytest

from mmsconsole.agent.failures import Backoff, Fate, fate_of_scan, passes
from mmsconsole.errors import (
    AuthenticationFailed,
    CommandFailed,
    MissingPrivileges,
    MmsError,
    SourceUnreachable,
)


def failed(code: int) -> CommandFailed:
    return CommandFailed("no", server_code=code)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (failed(26), Fate.GONE),
        (failed(136), Fate.RESTART),
        (failed(211), Fate.RESTART),
        (failed(43), Fate.RESUME),
        (failed(175), Fate.RESUME),
        (failed(246), Fate.RESUME),
        (failed(50), Fate.RESUME),
        (failed(365), Fate.RESUME),
        (failed(13436), Fate.OTHER_MEMBER),
        (failed(11602), Fate.OTHER_MEMBER),
        (failed(10107), Fate.OTHER_MEMBER),
        (SourceUnreachable("gone"), Fate.OTHER_MEMBER),
        (failed(2), Fate.FATAL),
        (AuthenticationFailed("no"), Fate.FATAL),
        (MissingPrivileges("no"), Fate.FATAL),
    ],
)
def test_what_becomes_of_a_scan(error: MmsError, fate: Fate) -> None:
    assert fate_of_scan(error) is fate
    assert passes(error) is (fate in (Fate.RESUME, Fate.OTHER_MEMBER))


def test_waits_double_up_to_a_bound_and_begin_again() -> None:
    backoff = Backoff(first=1, most=5)
    assert [backoff.next() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.next() == 1
