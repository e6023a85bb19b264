"""An exception that nobody meant: a short line for people, the traceback for the log."""

import re
import traceback
from pathlib import Path

from mmsconsole.cli.shell import Shell
from mmsconsole.errors import MmsError

LOG = "cli.log"

_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")


class Fault(MmsError):
    """A mistake in this program."""

    code = "fault"


def fault(error: Exception, shell: Shell) -> Fault:
    name = type(error).__name__
    try:
        log = shell.settings().home.logs / LOG
        write_traceback(error, log, shell.clock.now().isoformat())
    except (OSError, MmsError) as trouble:
        return Fault(f"a fault of ours: {name}; its log can not be written: {trouble}")
    return Fault(f"a fault of ours: {name}, see {log}")


def write_traceback(error: Exception, log: Path, at: str) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.touch(mode=0o600)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{at}\n{without_passwords(''.join(traceback.format_exception(error)))}\n")


def without_passwords(text: str) -> str:
    """Of connection strings, wherever they stand."""
    return _PASSWORD.sub(r"\1:***@", text)
