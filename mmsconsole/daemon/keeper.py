"""Keeps the backups that are started running, and the others not."""

import logging
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mmsconsole.daemon.mending import mend, see_to_job
from mmsconsole.daemon.telling import tell_reason, tell_resync_required
from mmsconsole.errors import MmsError, MongodError, Refused
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.tails import LagSample
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.continuous import ContinuousBackup
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

RECONCILE_SECONDS = 0.5


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
        """Why backups are looked after no more; the engine then ends."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Every backup stops at the end of its current batch; all heads are shut down cleanly."""
        clock = self._resources.clock
        deadline = clock.monotonic() + timeout_seconds
        self._stopping.cancel()
        with self._lock:
            for id_ in list(self._backups):
                self._end(id_)
            ending = list(self._ending.values())
        for thread in [*ending, self._thread]:
            if thread.is_alive():
                thread.join(max(deadline - clock.monotonic(), 0))

    def backup_of(self, deployment_id: str) -> ContinuousBackup:
        """The running backup, for a job that needs it.

        Raises Refused when it is not started, MongodError while an earlier one still ends.
        """
        deployment = self._resources.metadata.deployments.get(deployment_id)
        if deployment_id not in wanted([deployment]):
            raise Refused(
                f"the backup is {deployment.backup}",
                where=deployment.name,
                hint=f"start it: mmsconsole backup start {deployment.name}",
            )
        return self._backup(deployment)

    def _backup(self, deployment: Deployment) -> ContinuousBackup:
        with self._lock:
            self._stopping.check()
            if self._is_ending(deployment.id):
                raise MongodError("the head is still being shut down", where=deployment.name)
            known = self._backups.get(deployment.id)
            if known is None:
                known = self._backups[deployment.id] = ContinuousBackup(self._resources, deployment)
            return known

    def release(self, deployment_id: str, task: Task) -> None:
        """Stop it, whatever is wanted, and wait until nothing of it runs. Raises Cancelled."""
        with self._lock:
            self._end(deployment_id)
        while self._is_ending(deployment_id):
            task.check()
            self._resources.clock.wait(task.cancellation.event, RECONCILE_SECONDS)

    def _end(self, deployment_id: str) -> None:
        """Begin to stop it; under the lock. A head in the middle of something takes its time,
        and nobody waits for it but who must.
        """
        known = self._backups.pop(deployment_id, None)
        if known is not None:
            ending = threading.Thread(target=_stop, args=(known,), name="ending", daemon=True)
            self._ending[deployment_id] = ending
            ending.start()

    def _end_this(self, deployment_id: str, backup: ContinuousBackup) -> None:
        """Not one that was begun anew meanwhile."""
        with self._lock:
            if self._backups.get(deployment_id) is backup:
                self._end(deployment_id)

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
        metadata.heads.set_where({"_id": head.id}, bytes=folder_bytes(Path(head.path)))
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
            for id_ in [id_ for id_ in self._backups if id_ not in started]:
                self._end(id_)
        for deployment in started.values():
            if self._stopping.requested:
                return
            if not self._is_ending(deployment.id):
                self._look_after(deployment)

    def _look_after(self, deployment: Deployment) -> None:
        """An error of one backup does not keep the others from being looked after."""
        try:
            backup = self._backup(deployment)
            if backup.failure is not None:
                tell_resync_required(self._resources, deployment.id, str(backup.failure))
                self._end_this(deployment.id, backup)
                return
            if backup.fallen is not None:
                mend(self._resources, backup.fallen)
                backup.mended()
            if backup.go_on(deployment):
                tell_reason(self._resources, deployment, backup.trouble)
            else:
                see_to_job(self._resources, deployment)
        except MmsError as error:
            log.warning("%s could not be looked after just now: %s", deployment.name, error)


def folder_bytes(folder: Path) -> int:
    """Size of the files in a folder of a mongod; files that go meanwhile do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total


def _stop(backup: ContinuousBackup) -> None:
    try:
        backup.stop()
    except MmsError as error:
        log.error("a backup did not stop as it should: %s", error)
