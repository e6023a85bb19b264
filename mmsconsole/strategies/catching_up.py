"""Applying what is stored until a position has been passed, waiting for what is not stored yet."""

from mmsconsole.clock import Clock
from mmsconsole.errors import SourceUnreachable
from mmsconsole.head.keeping import KeptHead
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.optime import Optime
from mmsconsole.strategies.embedded import OplogIngest
from mmsconsole.task import Task

PHASE = SyncPhase.APPLYING_OPLOG.value
WAIT_SECONDS = 0.5
PATIENCE_SECONDS = 600.0
"""An idle source writes an entry of its own every ten seconds; longer silence is a fault."""


class CatchUp:
    def __init__(
        self, kept: KeptHead, uplink: OplogIngest, clock: Clock, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._kept = kept
        self._uplink = uplink
        self._clock = clock
        self._patience = patience

    def apply_until(self, end: Optime, task: Task) -> None:
        """Raises SourceUnreachable when no oplog comes in, and what applying raises."""
        reached, begin = self._kept.applied(), self._kept.bytes_applied
        heard = self._clock.monotonic()
        while reached < end:
            task.check()
            self._uplink.check()
            self._uplink.arrived.clear()
            before = reached
            total = self._kept.bytes_applied - begin + self._kept.bytes_ahead()
            task.report(PHASE, self._kept.bytes_applied - begin, total)
            for position in self._kept.apply_stored(task):
                reached = position.applied
                done = self._kept.bytes_applied - begin
                task.report(PHASE, done, max(done, total))
                if reached >= end:
                    break
            if reached > before:
                heard = self._clock.monotonic()
            elif self._clock.monotonic() - heard > self._patience:
                raise SourceUnreachable(f"no oplog has come in for {self._patience:.0f} s")
            else:
                self._clock.wait(self._uplink.arrived, WAIT_SECONDS)
        done = self._kept.bytes_applied - begin
        task.report(PHASE, done, done)
