"""What a tail tells about itself, not more often than somebody looks."""

from mmsconsole.agent.oplog_window import OplogWindow
from mmsconsole.agent.uplink import OplogUplink
from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.metadata.tails import Tail
from mmsconsole.optime import Optime

REPORT_SECONDS = 2.0


class TailReport:
    def __init__(self, deployment: str, uplink: OplogUplink, clock: Clock) -> None:
        self._deployment = deployment
        self._uplink = uplink
        self._clock = clock
        self._told: Tail | None = None
        self._told_at = 0.0
        self._member = ""
        self._source: Optime | None = None
        self._window: OplogWindow | None = None
        self._waiting = ""

    def reading(self, member: str, window: OplogWindow) -> None:
        self._member, self._window = member, window

    def waiting(self, why: str) -> None:
        """The member answers, and nothing new can come; empty: it can again."""
        self._waiting = why

    def rolled_back(self) -> None:
        """What the source has told of is not its history any more."""
        self._source = None

    def seen(self, source: Optime) -> None:
        """The newest majority-committed position; one that a laggard tells changes nothing."""
        self._source = max(self._source or source, source)

    def well(self, stored: Optime) -> None:
        self._tell(self._member, stored, self._waiting)

    def failed(self, error: MmsError, stored: Optime) -> None:
        self._waiting = ""
        self._tell("", stored, str(error))

    def _tell(self, member: str, stored: Optime, error: str) -> None:
        window = self._window
        tail = Tail(
            id=self._deployment,
            member=member,
            seen_at=self._clock.now(),
            stored=stored,
            source=self._source,
            oplog_window_seconds=None if window is None else window.seconds,
            oplog_full=window is not None and window.projected_seconds is not None,
            error=error,
        )
        if self._is_news(tail):
            self._uplink.report_tail(tail)
            self._told, self._told_at = tail, self._clock.monotonic()

    def _is_news(self, tail: Tail) -> bool:
        told = self._told
        if told is None or (told.member, told.error) != (tail.member, tail.error):
            return True
        return self._clock.monotonic() >= self._told_at + REPORT_SECONDS
