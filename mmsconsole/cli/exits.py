"""Exit codes, and which error ends with which."""

from enum import IntEnum

from mmsconsole.errors import AuthenticationFailed, MmsError, NoEngine, Refused, UsageError


class ExitCode(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    """What was asked makes no sense as written, settings included."""
    NO_ENGINE = 3
    REFUSED = 4
    """A precondition or a right is missing; nothing was changed."""


_BY_ERROR: dict[type[MmsError], ExitCode] = {
    UsageError: ExitCode.USAGE,
    NoEngine: ExitCode.NO_ENGINE,
    Refused: ExitCode.REFUSED,
    AuthenticationFailed: ExitCode.REFUSED,
}


def by_verdict(*, differs: bool) -> ExitCode:
    """Of a restore that was compared at its end: scripts must not take a difference for success."""
    return ExitCode.FAILED if differs else ExitCode.DONE


def exit_code_of(error: MmsError) -> ExitCode:
    for kind, code in _BY_ERROR.items():
        if isinstance(error, kind):
            return code
    return ExitCode.FAILED
