"""The daemon: takes jobs and runs them, keeps backups running, takes snapshots on time."""

import logging
from collections.abc import Sequence
from random import Random

from mmsconsole.clock import Clock
from mmsconsole.daemon.catalogues import queue_due_catalogues
from mmsconsole.daemon.checking import queue_due_checks
from mmsconsole.daemon.copying import CopyKeeper
from mmsconsole.daemon.forgetting import forget_old
from mmsconsole.daemon.grooming import queue_due_grooms
from mmsconsole.daemon.handlers import Handlers
from mmsconsole.daemon.housekeeping import tidy
from mmsconsole.daemon.keeper import BackupKeeper
from mmsconsole.daemon.links import settle_links
from mmsconsole.daemon.recovering import tell_strangers
from mmsconsole.daemon.retention import Retention
from mmsconsole.daemon.runner import JobRunner
from mmsconsole.daemon.schedule import Ticker, queue_due_snapshots, settle_policies
from mmsconsole.daemon.validations import queue_due_validations
from mmsconsole.daemon.verifications import drop_outdated_witnesses, queue_due_verifications
from mmsconsole.daemon.warnings import tell_all_warnings
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobKind
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.restore.opened.keeper import OpenedKeeper
from mmsconsole.settings import Settings
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.resources import Resources

log = logging.getLogger(__name__)

SCHEDULE_SECONDS = 5
SAMPLE_SECONDS = 30
VERIFICATION_SECONDS = 10
WARNING_SECONDS = 10
RETENTION_SECONDS = 5
FORGETTING_SECONDS = 3600
CATALOGUE_SECONDS = 30
STRANGER_SECONDS = 600
OPENED_SECONDS = 1
LINK_SECONDS = 5


class Daemon:
    """Made with everything it needs; start() returns at once, stop() when all is at rest."""

    def __init__(
        self, settings: Settings, metadata: Metadata, storages: Storages, clock: Clock,
        binaries: Sequence[MongodBinary], engine_id: str,
    ) -> None:  # fmt: skip
        self._resources = Resources(settings, metadata, storages, clock, binaries)
        self._keeper = BackupKeeper(self._resources)
        self._copies = CopyKeeper(self._resources)
        handlers = Handlers(self._resources, self._keeper)
        self._runner = JobRunner(
            metadata.jobs,
            {
                JobKind.INITIAL_SYNC: handlers.initial_sync,
                JobKind.REBUILD: handlers.rebuild,
                JobKind.SNAPSHOT: handlers.snapshot,
                JobKind.VALIDATION: handlers.validation,
                JobKind.RESTORE: handlers.restore,
                JobKind.VERIFICATION: handlers.verification,
                JobKind.REMOVAL: handlers.removal,
                JobKind.GROOM: handlers.groom,
                JobKind.CHECK: handlers.check,
                JobKind.REPAIR: handlers.repair,
                JobKind.CATALOGUE: handlers.catalogue,
                JobKind.STORE_REBUILD: handlers.store_rebuild,
            },
            clock,
            engine=engine_id,
            workers=settings.tree.engine.workers,
            ended=handlers.ended,
            restores=settings.tree.restore.at_once,
        )
        self._schedule = Ticker(self._queue_what_is_due, SCHEDULE_SECONDS)
        self._verifications = Ticker(self._queue_verifications, VERIFICATION_SECONDS)
        self._chance = Random()  # noqa: S311 - chance, no secret
        self._samples = Ticker(self._keeper.sample, SAMPLE_SECONDS)
        self._warnings = Ticker(lambda: tell_all_warnings(self._resources), WARNING_SECONDS)
        self._retention = Retention(self._resources)
        self._expiring = Ticker(self._retention.tick, RETENTION_SECONDS)
        self._forgetting = Ticker(lambda: forget_old(metadata, clock.now()), FORGETTING_SECONDS)
        hours = settings.tree.metadata.backup_hours
        self._catalogues = Ticker(
            lambda: queue_due_catalogues(metadata, clock, hours), CATALOGUE_SECONDS
        )
        self._strangers = Ticker(
            lambda: tell_strangers(self._resources, engine_id), STRANGER_SECONDS, at_once=True
        )

        self._opened = OpenedKeeper(self._resources)
        self._links = Ticker(lambda: settle_links(self._resources), LINK_SECONDS)
        self._openings = Ticker(self._opened.tick, OPENED_SECONDS)

    def _queue_what_is_due(self) -> None:
        metadata, clock = self._resources.metadata, self._resources.clock
        tree = self._resources.settings.tree
        queue_due_snapshots(metadata, tree.policy.policy, clock)
        hours = tree.validation.interval_hours
        queue_due_validations(metadata, clock, hours)
        queue_due_grooms(self._resources)
        queue_due_checks(self._resources)

    def _queue_verifications(self) -> None:
        resources = self._resources
        drop_outdated_witnesses(resources.metadata)
        queue_due_verifications(
            resources.metadata, resources.settings, resources.clock, self._chance
        )

    @property
    def failure(self) -> Exception | None:
        """Set when the daemon can not go on; the engine then ends."""
        return self._runner.failure or self._keeper.failure

    def start(self) -> None:
        tidy(self._resources)
        settle_policies(self._resources.metadata, self._resources.settings.tree.policy.policy)
        self._keeper.start()
        self._runner.start()
        self._copies.start()
        self._schedule.start()
        self._verifications.start()
        self._samples.start()
        self._warnings.start()
        self._expiring.start()
        self._forgetting.start()
        self._catalogues.start()
        self._strangers.start()
        self._openings.start()
        self._links.start()

    def stop(self, timeout_seconds: float) -> None:
        """Jobs go back to the queue; heads are shut down cleanly, as far as time allows."""
        self._schedule.stop()
        self._verifications.stop()
        self._samples.stop()
        self._warnings.stop()
        self._expiring.stop()
        self._forgetting.stop()
        self._catalogues.stop()
        self._strangers.stop()
        self._openings.stop()
        self._links.stop()
        self._retention.cancel()
        self._copies.cancel()
        self._runner.cancel()
        self._resources.storages.end_waits()
        self._runner.stop(timeout_seconds / 2)
        self._keeper.stop(timeout_seconds / 2)
        self._copies.stop(timeout_seconds / 2)
        self._opened.stop()
