"""The dead-man's ping: a URL that is called while alerts are really judged. Who waits there (a
service such as healthchecks.io) tells people when the calls cease, which a dead engine can not.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mmsconsole.alerts.notify.http import Limits, Request, call
from mmsconsole.alerts.service import Look
from mmsconsole.clock import Clock
from mmsconsole.errors import MmsError
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings

log = logging.getLogger(__name__)

FRESH_LOOKS = 3
FRESH_SECONDS = 30.0
"""A look at all groups may take a moment of its own."""
LIMITS = Limits(seconds=10.0, redirects=3)

Call = Callable[[Request, Limits], None]


def is_working(look: Look | None, now: float, evaluate_seconds: float) -> bool:
    """Whether the last look at the alerts was a good one, and is fresh. Pure."""
    if look is None or look.error:
        return False
    return now - look.at <= FRESH_LOOKS * evaluate_seconds + FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Pings:
    """Where to call; empty: nowhere."""

    well: Secret
    failing: Secret
    seconds: float

    @classmethod
    def of(cls, settings: Settings) -> "Pings":
        alerts = settings.tree.alerts
        return cls(
            Secret(alerts.ping_url.get_secret_value()),
            Secret(alerts.ping_fail_url.get_secret_value()),
            alerts.ping_seconds,
        )


class DeadMansPing:
    """start() returns at once; it does nothing where no URL is set."""

    def __init__(
        self, pings: Pings, works: Callable[[], bool], clock: Clock, make_call: Call = call
    ) -> None:
        self._pings = pings
        self._works = works
        self._clock = clock
        self._call = make_call
        self._said = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ping", daemon=True)

    def start(self) -> None:
        if self._pings.well.reveal() or self._pings.failing.reveal():
            self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def tick(self) -> None:
        url = self._pings.well if self._works() else self._pings.failing
        said = ""
        if url.reveal():
            try:
                self._call(Request(url, method="GET", headers={"User-Agent": "mmsconsole"}), LIMITS)
            except MmsError as error:
                said = str(error)
        if said and said != self._said:
            log.warning("the dead-man's ping failed: %s", said)
        self._said = said

    def _run(self) -> None:
        """The first look at the alerts comes before the first call."""
        rest = min(FRESH_SECONDS, self._pings.seconds)
        while not self._clock.wait(self._stopping, rest):
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001 - without its thread there is silence
                # By its name alone: its text may quote the URL.
                log.error("a fault in the dead-man's ping: %s", type(error).__name__)
            rest = self._pings.seconds
