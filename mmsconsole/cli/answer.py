"""What a command has to say."""

from dataclasses import dataclass
from typing import Any

from mmsconsole.cli.exits import ExitCode


@dataclass(frozen=True, slots=True)
class Answer:
    value: Any
    """A view, or a list of views."""
    empty: str = ""
    """Said to people in place of a list without entries."""
    text: str = ""
    """Said to people in place of a table."""
    exit_code: ExitCode = ExitCode.DONE
