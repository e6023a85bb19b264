"""A program of the administrator's, given the message as JSON on its standard input."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mmsconsole.alerts.notify.channel import ChannelKind, Message
from mmsconsole.alerts.notify.documents import document_of, json_of
from mmsconsole.errors import NotificationFailed
from mmsconsole.mongod.pidfd import KILLED_SECONDS_MAX
from mmsconsole.settings.notify import CommandSettings

CONTAINED = Path(__file__).with_name("contained.py")
CANNOT_EXECUTE = 127
PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "MMSCONSOLE_HOME")
"""No other variable: some may be settings with secrets."""


class CommandChannel:
    kind = ChannelKind.COMMAND.value

    def __init__(
        self, name: str, settings: CommandSettings, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._environ = os.environ if environ is None else environ

    def send(self, message: Message) -> None:
        argv, seconds = self._settings.argv, self._settings.timeout_seconds
        status = _run(argv, json_of(document_of(message)), self._variables(message), seconds)
        if status is None:
            what = f"the program did not end within {seconds:g} s, and was killed"
            raise NotificationFailed(what, where=argv[0])
        if status == CANNOT_EXECUTE:
            what, hint = "the program can not be run, or says so (127)", "see its path and rights"
            raise NotificationFailed(what, again=False, where=argv[0], hint=hint)
        if status:
            hint = f"run {argv[0]} by hand, as the user of the engine, and see what it says"
            raise NotificationFailed(f"it ended with status {status}", where=argv[0], hint=hint)

    def _variables(self, message: Message) -> dict[str, str]:
        """ALERT_…: of MMSCONSOLE_… itself would say that there is no such setting."""
        kept = {key: self._environ[key] for key in PASSED_ON if key in self._environ}
        return kept | {
            "ALERT_KIND": message.kind,
            "ALERT_KEY": message.key,
            "ALERT_TITLE": message.title,
            "ALERT_SEVERITY": message.severity.value,
            "ALERT_GROUP": message.group,
            "ALERT_DEPLOYMENT": message.deployment,
            "ALERT_SUBJECT": message.subject,
            "ALERT_CONDITION": message.condition,
        }


def _run(
    argv: list[str], standard_input: bytes, environ: Mapping[str, str], seconds: float
) -> int | None:
    """Its exit status; None: it was too slow. Nothing of it is left running."""
    reader, writer = os.pipe()
    try:
        with tempfile.TemporaryFile() as given:  # a pipe would hold us up where nobody reads
            given.write(standard_input)
            given.seek(0)
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(CONTAINED), str(reader), *argv],
                stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd="/", env=dict(environ), pass_fds=[reader], start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        os.close(writer)
        what = f"the program can not be started: {error.strerror}"
        raise NotificationFailed(what, where=argv[0]) from error
    finally:
        os.close(reader)
    return _status_of(process, writer, seconds)


def _status_of(process: "subprocess.Popen[bytes]", pipe: int, seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        os.close(pipe)  # which ends the group of a program that still runs
        try:
            process.wait(KILLED_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
