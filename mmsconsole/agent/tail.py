"""The oplog followed without end, from member to member, and handed over in chunks.

Only majority-committed entries are taken, so nothing that is handed over can be rolled back.
Each time that a member is connected, its first entry must be the last stored one, by time and
term: so no gap and no other history goes unseen. Elections, lost members and members that lag
are waited for or gone around; they are the `error` of the reported Tail meanwhile.

    connect -> judge the anchor -> follow -> (member lost, or stepped down) -> connect …
                     |
                     +-- no member has it any more: ResyncRequired
"""

import logging
from contextlib import closing
from dataclasses import dataclass

from mmsconsole.agent.anchor import Verdict, judge
from mmsconsole.agent.chunking import ChunkBuilder, first_optime, without_first
from mmsconsole.agent.failures import Backoff
from mmsconsole.agent.oplog_cursor import OplogBatch, OplogCursor
from mmsconsole.agent.oplog_window import OplogWindow, read_window
from mmsconsole.agent.reader import Origin, Reader, Rotation
from mmsconsole.agent.tail_report import TailReport
from mmsconsole.agent.uplink import OplogUplink
from mmsconsole.clock import Clock
from mmsconsole.errors import ResyncRequired, SourceError, SourceRefused, SourceUnreachable
from mmsconsole.optime import Optime
from mmsconsole.task import Task

log = logging.getLogger(__name__)

ANSWER_SECONDS = 20
AWAIT_SECONDS = 0.5
"""The source holds an answer back so long while there is nothing new: cancelling takes as long."""
SMALL_BATCH_BYTES = 64 << 10
PACE_SECONDS = 0.05
"""Waited after a small batch, so that single writes do not each cost a round trip."""
STATUS_SECONDS = 5.0
WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TailOptions:
    chunk_seconds: float = 1.0
    chunk_bytes: int = 8 << 20


class OplogTail:
    """Belongs to one thread."""

    def __init__(
        self,
        origin: Origin,
        deployment: str,
        anchor: Optime,
        uplink: OplogUplink,
        clock: Clock,
        options: TailOptions | None = None,
    ) -> None:
        """`anchor`: the end of the stored oplog, or T0 while nothing is stored."""
        self._origin = origin
        self._anchor = anchor
        self._uplink = uplink
        self._clock = clock
        self._options = options or TailOptions()
        self._report = TailReport(deployment, uplink, clock)
        self._backoff = Backoff()
        self._rotation = Rotation(origin)
        self._short: dict[str, Optime] = {}
        """Members whose oplog began behind the anchor named, when they were asked."""

    def run(self, task: Task) -> None:
        """Never returns. Raises Cancelled, ResyncRequired, and what the uplink raises."""
        while True:
            task.check()
            try:
                self._read_one_member(task)
            except (SourceError, SourceRefused) as error:
                log.info("tail: %s", error)
                self._report.failed(error, self._anchor)
            self._clock.wait(task.cancellation.event, self._backoff.next())

    def _read_one_member(self, task: Task) -> None:
        """Returns when another member suits better."""
        host = self._rotation.next(self._useless())
        reader = Reader.open(self._origin.uri, host, ANSWER_SECONDS)
        with closing(reader), closing(OplogCursor(reader, self._anchor)) as cursor:
            batch = cursor.receive()
            window = read_window(reader)
            self._judge(host, first_optime(batch.reply, batch.start), window)
            cursor.check_open()
            self._rotation.worked()
            self._backoff.reset()
            self._report.reading(host, window.seconds)
            self._follow(_Follower(reader, cursor, self._builder(batch), self._clock), task)

    def _builder(self, first: OplogBatch) -> ChunkBuilder:
        builder = ChunkBuilder(self._anchor, self._options.chunk_bytes, self._options.chunk_seconds)
        builder.add(without_first(first.reply, first.start), 0, self._clock.monotonic())
        return builder

    # -- the anchor

    def _useless(self) -> frozenset[str]:
        return frozenset(host for host, at in self._short.items() if at == self._anchor)

    def _judge(self, host: str, first: Optime | None, window: OplogWindow) -> None:
        """Returns if the member continues the stored oplog."""
        verdict = judge(self._anchor, first, window.oldest)
        if verdict is Verdict.ROLLED_BACK:
            raise ResyncRequired(
                f"the entry {self._anchor} (term {self._anchor.term}), the end of the stored "
                f"oplog, is not in the history of {host}: the source was rolled back or replaced",
                where=self._origin.uri.redacted,
            )
        if verdict is Verdict.BEHIND:
            what = f"has not come as far as the stored oplog ({self._anchor}) yet"
            raise SourceUnreachable(what, where=host)
        if verdict is Verdict.ROLLED_OVER:
            self._short[host] = self._anchor
            self._check_others(window.oldest)
            what = f"its oplog begins behind the end of the stored oplog ({self._anchor})"
            raise SourceUnreachable(what, where=host)

    def _check_others(self, oldest: Optime) -> None:
        readable = {m.host for m in self._origin.replica_set().members if m.readable}
        if readable and readable <= self._useless():
            raise ResyncRequired(
                f"the stored oplog ends at {self._anchor}, and the source's begins later (at "
                f"{oldest}): what lay between is lost",
                where=self._origin.uri.redacted,
                hint="make the source's oplog larger, then start the backup again: a new initial "
                "sync is made, older snapshots stay",
            )

    # -- following

    def _follow(self, follower: "_Follower", task: Task) -> None:
        self._report.well(self._anchor)
        while not self._another_suits_better(follower):
            task.check()
            follower.ask()
            self._put_if_due(follower.builder)
            batch = follower.receive()
            self._report.seen(follower.builder.end)
            self._report.well(self._anchor)
            if not batch.empty and batch.bytes < SMALL_BATCH_BYTES:
                self._clock.wait(task.cancellation.event, PACE_SECONDS)

    def _put_if_due(self, builder: ChunkBuilder) -> None:
        if builder.due(self._clock.monotonic()):
            body = builder.cut()
            self._uplink.put_chunk(body)
            self._anchor = body.end

    def _another_suits_better(self, follower: "_Follower") -> bool:
        """Asked between two batches; it looks at the set every few seconds."""
        if follower.window_due():
            self._report.reading(follower.reader.host, read_window(follower.reader).seconds)
        if not follower.status_due():
            return False
        optimes = follower.reader.optimes()
        self._report.seen(optimes.majority)
        is_primary = optimes.primary == follower.reader.host
        if self._origin.prefer == "primary":
            return bool(optimes.primary) and not is_primary and optimes.primary not in self._short
        return is_primary and self._origin.choose(frozenset(self._short)) != optimes.primary


class _Follower:
    """A member's cursor, the chunk that is being gathered, and when to look at the set again."""

    def __init__(
        self, reader: Reader, cursor: OplogCursor, builder: ChunkBuilder, clock: Clock
    ) -> None:
        self.reader = reader
        self.builder = builder
        self._cursor = cursor
        self._clock = clock
        now = clock.monotonic()
        self._status_at, self._window_at = now + STATUS_SECONDS, now + WINDOW_SECONDS

    def ask(self) -> None:
        left = self.builder.seconds_left(self._clock.monotonic())
        self._cursor.ask(min(AWAIT_SECONDS, left))

    def receive(self) -> OplogBatch:
        batch = self._cursor.receive()
        self.builder.add(batch.reply, batch.start, self._clock.monotonic())
        self._cursor.check_open()
        return batch

    def status_due(self) -> bool:
        due = self._clock.monotonic() >= self._status_at
        self._status_at += STATUS_SECONDS if due else 0
        return due

    def window_due(self) -> bool:
        due = self._clock.monotonic() >= self._window_at
        self._window_at += WINDOW_SECONDS if due else 0
        return due
