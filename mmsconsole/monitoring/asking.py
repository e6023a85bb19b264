"""The questions of one poll: what they cost, and what they did not bring."""

from typing import Any

import bson

from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, MissingPrivileges, MmsError, ReplyTooLarge
from mmsconsole.harmless import harmless
from mmsconsole.mongod.wire import READING, WireConnection
from mmsconsole.monitoring import questions
from mmsconsole.monitoring.pace import Pace
from mmsconsole.monitoring.questions import Question

Document = dict[str, Any]
WHY_MAX = 200
"""Characters of a server's reason that are kept."""
UNKNOWN_COMMAND = 59
NOT_THERE = (26, 166)
"""NamespaceNotFound, which a view is told as too, and CommandNotSupportedOnView."""
SLOW = "it was too slow to be asked for everything"


class Asking:
    """begin(), then questions, again and again."""

    def __init__(self, clock: Clock, pace: Pace, timeout_seconds: float) -> None:
        self._clock = clock
        self._pace = pace
        self._timeout = timeout_seconds
        self.waited = 0.0
        self.missing: dict[str, None] = {}

    def begin(self, connection: WireConnection, now: float) -> None:
        self._connection = connection
        self._deadline = now + 2 * self._timeout
        self.waited = 0.0
        self.missing = {}

    def must(self, question: Question) -> Document:
        """Raises where there is no answer."""
        return self._decoded(self._call(question), question)

    def ask(self, question: Question) -> Document:
        """Empty where it is not due or not answered; `missing` then says why."""
        try:
            return self._asked(question)
        except (CommandFailed, MissingPrivileges) as error:
            self._not_answered(question, error)
            return {}

    def ask_if_there(self, question: Question) -> Document | None:
        """The same of a collection; None where there is no such one any more, or it is a view."""
        try:
            return self._asked(question)
        except (CommandFailed, MissingPrivileges) as error:
            if isinstance(error, CommandFailed) and error.server_code in NOT_THERE:
                return None
            self._not_answered(question, error)
            return {}

    def _asked(self, question: Question) -> Document:
        now = self._clock.monotonic()
        if now >= self._deadline:
            self.missing[SLOW] = None
        elif self._pace.due(question.name, question.every, now):
            return self._decoded(self._call(question), question)
        return {}

    def _not_answered(self, question: Question, error: MmsError) -> None:
        if _for_good(error):
            self._pace.refused(question.name, _why(error), self._clock.monotonic())
        else:
            self.missing[f"{question.name}: {_why(error)}"] = None
            self._pace.again(question.name)

    def _call(self, question: Question) -> bytearray:
        command = {**question.command, "$db": question.database}
        if question is not questions.HELLO:
            command["maxTimeMS"] = int(self._timeout * 900)  # it gives up before we do
        self._connection.reply_bytes_max = question.bytes_max
        began = self._clock.monotonic()
        try:
            return self._connection.call([bson.encode(command)])
        finally:
            self.waited += self._clock.monotonic() - began

    def _decoded(self, reply: bytearray, question: Question) -> Document:
        return self._connection.decoded(reply, question.path, READING)


def _for_good(error: MmsError) -> bool:
    if isinstance(error, ReplyTooLarge) or not isinstance(error, CommandFailed):
        return True
    return error.server_code == UNKNOWN_COMMAND


def _why(error: MmsError) -> str:
    return harmless(error.what)[:WHY_MAX]
