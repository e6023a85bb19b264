"""Progress of a job on stderr: one line that changes on a terminal, seldom lines elsewhere."""

from mmsconsole.cli.shell import Shell
from mmsconsole.cli.words import progress_line
from mmsconsole.console.present.progress import overall, share
from mmsconsole.console.present.text import harmless
from mmsconsole.metadata.jobs import PhaseProgress

STEPS = 10
"""Lines per phase where they can not be overwritten."""
CLEAR_LINE = "\r\x1b[K"


class ProgressTeller:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._live = shell.stderr.isatty() and shell.environ.get("TERM", "dumb") != "dumb"
        self._told = ""

    def tell(self, phases: tuple[PhaseProgress, ...], waiting: str) -> None:
        """The phase that runs now; `waiting` while none does."""
        current = overall(phases)
        line = harmless(waiting if current is None else progress_line(current))
        if self._live:
            self._shell.stderr.write(CLEAR_LINE + line)
            self._shell.stderr.flush()
            return
        step = waiting if current is None else _step(current)
        if step != self._told:
            self._told = step
            self._shell.tell(line)

    def end(self) -> None:
        if self._live:
            self._shell.stderr.write(CLEAR_LINE)
            self._shell.stderr.flush()


def _step(progress: PhaseProgress) -> str:
    """Changes when a line is worth its place in a log."""
    return f"{progress.phase} {progress.finished} {int((share(progress) or 0) * STEPS)}"
