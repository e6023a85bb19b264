"""The daemon: takes jobs and runs them, keeps backups running, takes snapshots on time."""

import logging
from collections.abc import Sequence

from mmsconsole.clock import Clock
from mmsconsole.daemon.handlers import Handlers
from mmsconsole.daemon.housekeeping import tidy
from mmsconsole.daemon.keeper import BackupKeeper
from mmsconsole.daemon.runner import JobRunner
from mmsconsole.daemon.schedule import Ticker, queue_due_snapshots
from mmsconsole.daemon.validations import queue_due_validations
from mmsconsole.daemon.warnings import tell_all_warnings
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Storage
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

SCHEDULE_SECONDS = 5
SAMPLE_SECONDS = 30
WARNING_SECONDS = 10


class Daemon:
    """Made with everything it needs; start() returns at once, stop() when all is at rest."""

    def __init__(
        self, settings: Settings, metadata: Metadata, storage: Storage, clock: Clock,
        binaries: Sequence[MongodBinary], engine_id: str,
    ) -> None:  # fmt: skip
        self._resources = Resources(settings, metadata, storage, clock, binaries)
        self._keeper = BackupKeeper(self._resources)
        handlers = Handlers(self._resources, self._keeper)
        self._runner = JobRunner(
            metadata.jobs,
            {
                JobKind.INITIAL_SYNC: handlers.initial_sync,
                JobKind.REBUILD: handlers.rebuild,
                JobKind.SNAPSHOT: handlers.snapshot,
                JobKind.VALIDATION: handlers.validation,
                JobKind.RESTORE: handlers.restore,
                JobKind.REMOVAL: handlers.removal,
            },
            clock,
            engine=engine_id,
            workers=settings.tree.engine.workers,
            ended=handlers.ended,
        )
        self._schedule = Ticker(self._queue_what_is_due, SCHEDULE_SECONDS)
        self._samples = Ticker(self._keeper.sample, SAMPLE_SECONDS)
        self._warnings = Ticker(lambda: tell_all_warnings(self._resources), WARNING_SECONDS)

    def _queue_what_is_due(self) -> None:
        metadata, clock = self._resources.metadata, self._resources.clock
        queue_due_snapshots(metadata, clock)
        hours = self._resources.settings.tree.validation.interval_hours
        queue_due_validations(metadata, clock, hours)

    @property
    def failure(self) -> Exception | None:
        """Set when the daemon can not go on; the engine then ends."""
        return self._runner.failure or self._keeper.failure

    def start(self) -> None:
        tidy(self._resources)
        self._keeper.start()
        self._runner.start()
        self._schedule.start()
        self._samples.start()
        self._warnings.start()

    def stop(self, timeout_seconds: float) -> None:
        """Jobs go back to the queue; heads are shut down cleanly, as far as time allows."""
        self._schedule.stop()
        self._samples.stop()
        self._warnings.stop()
        self._runner.stop(timeout_seconds / 2)
        self._keeper.stop(timeout_seconds / 2)
