"""Keeps the backups that are started running, and the others not."""

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mmsconsole.errors import MmsError, MongodError, Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.tails import LagSample
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Cancellation

log = logging.getLogger(__name__)

RECONCILE_SECONDS = 0.5
RELEASE_SECONDS = 5.0


def wanted(deployments: Iterable[Deployment]) -> dict[str, Deployment]:
    """Pure: the deployments whose backup is to run, by id."""
    return {
        deployment.id: deployment
        for deployment in deployments
        if deployment.backup is BackupState.STARTED and not deployment.removed
    }


class BackupKeeper:
    """One ContinuousBackup per started deployment; a change is seen within a second."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._backups: dict[str, ContinuousBackup] = {}
        self._ending: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = Cancellation()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Every backup stops at the end of its current batch; all heads are shut down cleanly."""
        self._stopping.cancel()
        self._thread.join(RELEASE_SECONDS)
        with self._lock:
            backups = list(self._backups.values())
            self._backups.clear()
        _stop_all(backups, timeout_seconds)

    def backup_of(self, deployment_id: str) -> ContinuousBackup:
        """The running backup, for a job that needs it. Raises Refused when it is not started."""
        deployment = self._resources.metadata.deployments.get(deployment_id)
        if deployment_id not in wanted([deployment]):
            raise Refused(
                f"the backup is {deployment.backup}",
                where=deployment.name,
                hint=f"start it: mmsconsole backup start {deployment.name}",
            )
        with self._lock:
            self._stopping.check()
            if self._is_ending(deployment_id):
                raise MongodError("the head is still being shut down", where=deployment.name)
            known = self._backups.get(deployment_id)
            if known is None:
                known = self._backups[deployment_id] = ContinuousBackup(self._resources, deployment)
            return known

    def release(self, deployment_id: str) -> None:
        """Stop it now, whatever is wanted; the next round may start it again."""
        with self._lock:
            known = self._backups.pop(deployment_id, None)
            if known is None:
                return
            ending = threading.Thread(target=known.stop, name="ending", daemon=True)
            self._ending[deployment_id] = ending
        ending.start()
        # A head in the middle of an index build takes its time; the others do not wait for it.
        ending.join(RELEASE_SECONDS)

    def _is_ending(self, deployment_id: str) -> bool:
        ending = self._ending.get(deployment_id)
        return ending is not None and ending.is_alive()

    def sample(self) -> None:
        """One point of each running backup's lag history, and the size of its head."""
        with self._lock:
            running = list(self._backups)
        for deployment_id in running:
            self._sample(deployment_id)

    def _sample(self, deployment_id: str) -> None:
        metadata, now = self._resources.metadata, self._resources.clock.now()
        head = metadata.heads.one({"deployment": deployment_id, "active": True})
        tail = metadata.tails.find(deployment_id)
        if head is None:
            return
        metadata.heads.set(head.id, bytes=folder_bytes(Path(head.path)))
        if tail is not None and head.optime is not None and tail.source is not None:
            lag = max(tail.source.t - head.optime.t, 0)
            metadata.lag_samples.add(LagSample(new_id(), deployment_id, now, lag))

    def _run(self) -> None:
        try:
            self._loop_until_stopped()
        except Exception as error:
            log.exception("a fault in the keeper of the backups")
            self.failure = error

    def _loop_until_stopped(self) -> None:
        clock = self._resources.clock
        while not clock.wait(self._stopping.event, RECONCILE_SECONDS):
            try:
                self._reconcile()
            except MmsError as error:
                log.warning("backups could not be looked after just now: %s", error)

    def _reconcile(self) -> None:
        started = wanted(self._resources.metadata.deployments.all())
        with self._lock:
            unwanted = [id_ for id_ in self._backups if id_ not in started]
        for id_ in unwanted:
            self.release(id_)
        for id_ in started:
            if not self._stopping.requested and not self._is_ending(id_):
                self.backup_of(id_).go_on(started[id_])


def folder_bytes(folder: Path) -> int:
    """Size of the files in a folder of a mongod; files that go meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _stop_all(backups: list[ContinuousBackup], timeout_seconds: float) -> None:
    threads = [threading.Thread(target=backup.stop, daemon=True) for backup in backups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout_seconds)
