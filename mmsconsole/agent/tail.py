"""The oplog followed without end, from member to member, and handed over in chunks.

Only majority-committed entries are taken, so nothing that is handed over can be rolled back.
Each time that a member is connected, its first entry must be the last stored one, by time and
term: so no gap and no other history goes unseen. Elections, lost members and members that lag
are waited for or gone around; they are the `error` of the reported Tail meanwhile.

    connect -> judge the anchor -> follow -> (member lost, or stepped down) -> connect …
                     |
                     +-- it is not there: all members are asked (rollback.py) -+
                              another one has it: connect to that one <--------+
                       rolled back: go on from the common point <--------------+
            rolled over, or nothing in common: ResyncRequired <----------------+
"""

import logging
from contextlib import closing
from dataclasses import dataclass

from mmsconsole.agent.anchor import Verdict, judge
from mmsconsole.agent.chunking import ChunkBuilder, first_optime, without_first
from mmsconsole.agent.failures import Backoff
from mmsconsole.agent.oplog_cursor import OplogBatch, OplogCursor
from mmsconsole.agent.oplog_window import OplogWindow, read_window
from mmsconsole.agent.reader import MemberOptimes, Origin, Reader, Rotation
from mmsconsole.agent.rollback import Judgement
from mmsconsole.agent.standstill import Standstill
from mmsconsole.agent.tail_report import TailReport
from mmsconsole.agent.uplink import OplogUplink
from mmsconsole.clock import Clock
from mmsconsole.errors import SourceError, SourceRefused, SourceUnreachable
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
STANDSTILL_SECONDS = 10.0
LAG_SECONDS = 30.0
LAGGARD_SECONDS = 300.0
"""So long a member that lagged is read only if there is no other."""
WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TailOptions:
    chunk_seconds: float = 1.0
    chunk_bytes: int = 8 << 20
    answer_seconds: float = ANSWER_SECONDS
    """A member that is silent for so long hangs: another one is taken."""
    status_seconds: float = STATUS_SECONDS
    standstill_seconds: float = STANDSTILL_SECONDS
    """How long nothing may be majority-committed before people are told."""
    lag_seconds: float = LAG_SECONDS
    """A member so far behind what it knows to be committed is left for another."""


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
        """Members that had not the anchor named, when they were asked."""
        self._lagging: dict[str, float] = {}
        """Members that were left because they lagged, and until when (monotonic)."""

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
        reader = Reader.open(self._origin.uri, host, self._options.answer_seconds)
        with closing(reader), closing(OplogCursor(reader, self._anchor)) as cursor:
            batch = cursor.receive()
            window = read_window(reader)
            if not self._continues(host, first_optime(batch.reply, batch.start), window):
                return
            cursor.check_open()
            self._rotation.worked()
            self._backoff.reset()
            self._report.reading(host, window)
            builder = self._builder(batch)
            self._follow(_Follower(reader, cursor, builder, self._clock, self._options), task)

    def _builder(self, first: OplogBatch) -> ChunkBuilder:
        builder = ChunkBuilder(self._anchor, self._options.chunk_bytes, self._options.chunk_seconds)
        builder.add(without_first(first.reply, first.start), 0, self._clock.monotonic())
        return builder

    # -- the anchor

    def _useless(self) -> frozenset[str]:
        short = frozenset(host for host, at in self._short.items() if at == self._anchor)
        return short | self._laggards()

    def _laggards(self) -> frozenset[str]:
        now = self._clock.monotonic()
        return frozenset(host for host, until in self._lagging.items() if until > now)

    def _continues(self, host: str, first: Optime | None, window: OplogWindow) -> bool:
        """Whether to follow this member; if not, the anchor is judged anew with the next one."""
        verdict = judge(self._anchor, first, window.oldest)
        if verdict is Verdict.CONTINUES:
            return True
        if verdict is Verdict.BEHIND:
            raise SourceUnreachable(f"{verdict.value} ({self._anchor})", where=host)
        self._short[host] = self._anchor
        seconds = self._options.answer_seconds
        anchor = Judgement(self._origin, self._uplink, self._anchor, seconds).new_anchor()
        if anchor.same_entry(self._anchor):
            raise SourceUnreachable(f"{verdict.value} ({anchor})", where=host)
        self._go_back(anchor)
        return False

    def _go_back(self, common: Optime) -> None:
        self._anchor = common
        self._report.rolled_back()
        self._rotation.worked()
        self._backoff.reset()

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
            self._report.reading(follower.reader.host, read_window(follower.reader))
        if not follower.status_due():
            return False
        host, optimes = follower.reader.host, follower.reader.optimes()
        self._report.seen(max(optimes.majority, optimes.committed))
        self._report.waiting(follower.standing(optimes))
        if optimes.committed.t - optimes.majority.t > self._options.lag_seconds:
            return self._leave_laggard(host)
        is_primary, unfit = optimes.primary == host, frozenset(self._short) | self._laggards()
        if self._origin.prefer == "primary":
            return bool(optimes.primary) and not is_primary and optimes.primary not in unfit
        return is_primary and self._origin.choose(unfit) != optimes.primary

    def _leave_laggard(self, host: str) -> bool:
        """Whether there is another."""
        self._lagging[host] = self._clock.monotonic() + LAGGARD_SECONDS
        return self._origin.choose(self._useless()) != host


class _Follower:
    """A member's cursor, the chunk that is being gathered, and when to look at the set again."""

    def __init__(
        self, reader: Reader, cursor: OplogCursor, builder: ChunkBuilder, clock: Clock,
        options: TailOptions,
    ) -> None:  # fmt: skip
        self.reader = reader
        self.builder = builder
        self._cursor = cursor
        self._clock = clock
        self._standstill = Standstill(options.standstill_seconds)
        self._status_seconds = options.status_seconds
        now = clock.monotonic()
        self._status_at, self._window_at = now + self._status_seconds, now + WINDOW_SECONDS

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
        self._status_at += self._status_seconds if due else 0
        return due

    def standing(self, optimes: MemberOptimes) -> str:
        """Why nothing comes, if that lasts; empty otherwise."""
        return self._standstill.seen(self.reader.host, optimes, self._clock.monotonic())

    def window_due(self) -> bool:
        due = self._clock.monotonic() >= self._window_at
        self._window_at += WINDOW_SECONDS if due else 0
        return due
