"""An answer that is shown again and again, until Ctrl-C."""

from collections.abc import Callable

from mmsconsole.cli.answer import Answer
from mmsconsole.cli.exits import ExitCode
from mmsconsole.cli.shell import Shell
from mmsconsole.cli.tables import render

CLEAR = "\x1b[H\x1b[2J"


def watched(shell: Shell, look: Callable[[], Answer], seconds: float) -> int:
    """In a terminal each takes the place of the one before; in a pipe they follow each other."""
    on_terminal = shell.stdout.isatty()
    try:
        while True:
            shown = render(look(), shell.clock.now(), on_terminal=on_terminal)
            shell.stdout.write((CLEAR if on_terminal else "") + shown)
            shell.stdout.flush()
            shell.clock.sleep(seconds)
    except KeyboardInterrupt:
        return ExitCode.DONE
