"""Commands to whoever is primary, sent again when it was lost meanwhile."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import bson

from mmsconsole.agent.failures import Backoff, passes
from mmsconsole.agent.source_member import Patience
from mmsconsole.clock import Clock
from mmsconsole.errors import CommandFailed, MissingPrivileges, SourceUnreachable
from mmsconsole.mongod.source_errors import BUSY_CODES, command_error
from mmsconsole.mongod.source_uri import SourceUri
from mmsconsole.mongod.wire import DECODING, WireConnection
from mmsconsole.rawbson import Buffer
from mmsconsole.restore.live.connecting import ANSWER_SECONDS, connect
from mmsconsole.task import Task

log = logging.getLogger(__name__)

DURABLE = {"w": "majority", "j": True}
PATIENCE_SECONDS = 120.0
"""An election takes some ten seconds; a restart longer."""
GRANT = (
    "grant the user restore and readWriteAnyDatabase on admin; clusterMonitor lets it be compared"
)

Parts = Sequence[Buffer]


class Primary:
    """For one thread. It connects with its first command. Raises SourceError, SourceRefused,
    Cancelled.
    """

    def __init__(
        self, uri: SourceUri, clock: Clock, task: Task, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.uri = uri
        self.clock = clock
        self._task = task
        self._patience = Patience(clock, patience_seconds)
        self.patience_seconds = patience_seconds
        self._connection: WireConnection | None = None

    @property
    def where(self) -> str:
        return self.uri.redacted

    def another(self) -> "Primary":
        """The same with a connection of its own."""
        return Primary(self.uri, self.clock, self._task, self.patience_seconds)

    def run(
        self,
        database: str,
        command: Mapping[str, Any],
        *,
        again: Collection[int] = (),
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """A small command. `again`: the codes that mean that it had been done, when it was sent
        before and the answer was lost. `seconds`: how long the answer may take.
        """
        parts = [bson.encode({**command, "$db": database})]
        return self.call(parts, again=again, seconds=seconds)

    def write(
        self, database: str, command: Mapping[str, Any], *, again: Collection[int] = ()
    ) -> dict[str, Any]:
        """The same, done when a majority has it."""
        return self.run(database, {**command, "writeConcern": DURABLE}, again=again)

    def call(
        self, parts: Parts, *, again: Collection[int] = (), seconds: float = ANSWER_SECONDS
    ) -> dict[str, Any]:
        """The answer, decoded, with `sentAgain` in it if the command was sent before."""
        sent = 0

        def attempt() -> dict[str, Any]:
            nonlocal sent
            sent += 1
            try:
                return self._call(parts, seconds)
            except CommandFailed as error:
                if sent > 1 and error.server_code in again:
                    return {"ok": 1}
                raise

        return self._retried(attempt) | ({"sentAgain": True} if sent > 1 else {})

    def _call(self, parts: Parts, seconds: float) -> dict[str, Any]:
        connection = self._connected()
        connection.timeout_seconds = seconds
        try:
            reply: dict[str, Any] = bson.decode(connection.call(parts), DECODING)
        except MissingPrivileges as error:
            raise MissingPrivileges(error.what, where=error.where, hint=GRANT) from error
        failed = reply.get("writeConcernError")  # it is written, and may be lost again
        busy = [one for one in reply.get("writeErrors", ()) if one.get("code") in BUSY_CODES]
        if failed or busy:
            raise command_error(failed or busy[0], str(connection.address))
        return reply

    def _connected(self) -> WireConnection:
        if self._connection is None:
            self._connection = connect(self.uri)
        return self._connection

    def _retried(self, attempt: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        deadline, backoff = self._patience.deadline(), Backoff()
        while True:
            try:
                return attempt()
            except (SourceUnreachable, CommandFailed) as error:
                if not passes(error) or self._patience.over(deadline):
                    raise
                log.info("trying again: %s", error)
                self.close()
            self._patience.pause(backoff.next(), self._task)

    def forgive(self) -> None:
        """From here on it works for who cleans up, whoever has cancelled."""
        self._task = Task()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
