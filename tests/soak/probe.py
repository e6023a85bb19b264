"""How long a write takes to its durable oplog chunk, measured beside everything else."""

import threading
from collections.abc import Callable

from mmsconsole.clock import Clock
from mmsconsole.errors import MetadataError
from mmsconsole.optime import Optime
from tests.support.stage import Client

PERIOD_SECONDS = 0.5
POLL_SECONDS = 0.02
DURABLE_SECONDS_MAX = 120.0
"""A probe that takes longer (an engine that was killed) is counted as this long."""


class Probe:
    """A thread that writes a document, waits until it is stored, and so on; start() and stop()."""

    def __init__(
        self, client: Client, stored_end: Callable[[], Optime | None], clock: Clock
    ) -> None:
        self.seconds: list[float] = []
        self._client = client
        self._stored_end = stored_end
        self._clock = clock
        self._allowed = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def pause(self) -> None:
        """Returns when none of its writes is under way."""
        self._allowed.acquire()

    def resume(self) -> None:
        self._allowed.release()

    def _run(self) -> None:
        while not self._clock.wait(self._stopping, PERIOD_SECONDS):
            with self._allowed:
                written, began = self._write(), self._clock.monotonic()
            self.seconds.append(self._until_stored(written, began))

    def _write(self) -> Optime:
        with self._client.start_session() as session:
            self._client.soak.probe.replace_one({"_id": 1}, {}, upsert=True, session=session)
            assert session.operation_time is not None
            return Optime.of(session.operation_time)

    def _until_stored(self, written: Optime, began: float) -> float:
        while not self._stored(written) and not self._stopping.is_set():
            self._clock.wait(self._stopping, POLL_SECONDS)
            if self._clock.monotonic() - began > DURABLE_SECONDS_MAX:
                break
        return self._clock.monotonic() - began

    def _stored(self, written: Optime) -> bool:
        try:
            end = self._stored_end()
        except MetadataError:
            return False
        return end is not None and end >= written
