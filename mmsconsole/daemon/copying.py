"""Keeps the second copies level with their first stores, in a thread of its own.

A round for each deployment that has a copy: the oplog behind the copy's end, every few seconds;
blocks and manifests when a snapshot is complete that the copy lacks, after a groom, and every few
hours. What the first store has not any more and no record refers to goes from the copy a day later;
what the first store has lost stays in it.
"""

import logging
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mmsconsole.errors import Cancelled, MetadataError, MmsError, ObjectLocked
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.copying import Copying
from mmsconsole.stores.expected import homes_of
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Cancellation, Task

log = logging.getLogger(__name__)

ROUND_SECONDS = 5.0
LEVEL_HOURS = 6
EXTRA_SECONDS = 24 * 3600.0


def is_level(
    state: CopyState, complete: Iterable[Snapshot], groomed_at: datetime | None, now: datetime
) -> bool:
    """Whether blocks and manifests need no look. Pure."""
    level_at = state.level_at
    if level_at is None or now - level_at >= timedelta(hours=LEVEL_HOURS):
        return False
    newest = max((one.finished_at for one in complete if one.finished_at), default=None)
    return all(at is None or at < level_at for at in (newest, groomed_at))


class CopyKeeper:
    """start(), then rounds until stop()."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._stopping = Cancellation()
        self._thread = threading.Thread(target=self._run, name="copies", daemon=True)
        self._extras: dict[str, dict[str, float]] = {}
        """By deployment: keys that only its copy has, and when (monotonic) each was first seen."""

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._stopping.cancel()

    def stop(self, timeout_seconds: float) -> None:
        """At the end of the object that is being copied."""
        self.cancel()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        task = Task(self._stopping)
        while not self._stopping.requested:
            try:
                self.round(task)
            except Cancelled:
                return
            except MetadataError as error:
                log.warning("no copy is made: %s", error)
            except Exception:
                log.exception("a fault at the second copies")
            self._resources.clock.wait(self._stopping.event, ROUND_SECONDS)

    def round(self, task: Task) -> None:
        """Once for every deployment that has a copy. Raises MetadataError, Cancelled."""
        for deployment in list(self._resources.metadata.deployments.listed()):
            if deployment.copy_to:
                self._copy(deployment, task)

    def _copy(self, deployment: Deployment, task: Task) -> None:
        state = self._state(deployment)
        try:
            state = self._copied(deployment, state, task)
        except (Cancelled, MetadataError):
            raise
        except MmsError as error:
            self._tell(deployment, self._state(deployment), str(error))
        else:
            self._tell(deployment, state, "")

    def _state(self, deployment: Deployment) -> CopyState:
        found = self._resources.metadata.copies.find(deployment.id)
        if found is None or found.store != deployment.copy_to:
            return CopyState(deployment.id, deployment.copy_to)
        return found

    def _copied(self, deployment: Deployment, state: CopyState, task: Task) -> CopyState:
        metadata, storages = self._resources.metadata, self._resources.storages
        first, second = storages.of(deployment.store), storages.of(deployment.copy_to)
        copying = Copying(metadata, deployment, first, second)
        for reached in copying.oplog(state, task):
            state = metadata.copies.put(reached)
        began = self._resources.clock.now()
        if not self._is_level(deployment, state, began):
            copied = copying.snapshots(task)
            self._remove_extras(deployment, copying, second)
            state = metadata.copies.put(replace(state, level_at=began))
            if copied:
                text = f"copied to {state.store}: snapshots {', '.join(copied)}"
                self._resources.event("snapshots copied", text, deployment=deployment.id)
        return state

    def _is_level(self, deployment: Deployment, state: CopyState, now: datetime) -> bool:
        metadata = self._resources.metadata
        pool = metadata.pools.ensure(deployment.group, deployment.store)
        return is_level(state, metadata.snapshots.complete(deployment.id), pool.groomed_at, now)

    def _remove_extras(self, deployment: Deployment, copying: Copying, second: Storage) -> None:
        now = self._resources.clock.monotonic()
        before = self._extras.get(deployment.id, {})
        seen = {key: before.get(key, now) for key in copying.extras()}
        self._extras[deployment.id] = seen
        due = [key for key, since in seen.items() if now - since >= EXTRA_SECONDS]
        # What a record refers to stays: the first store has lost it, or it is of another pool.
        referred = homes_of(self._resources.metadata, due)
        for key in due:
            if key not in referred:
                try:
                    second.delete(key)
                except ObjectLocked as error:
                    log.info("not yet deleted: %s", error)

    def _tell(self, deployment: Deployment, state: CopyState, error: str) -> None:
        """People learn of it once, and once more when it goes on."""
        if bool(error) == bool(state.error):
            return
        now = self._resources.clock.now()
        since = now if error else None
        self._resources.metadata.copies.put(replace(state, error=error, since=since))
        text = f"the copy in {state.store} waits: {error}" if error else "the copy goes on"
        severity = Severity.ERROR if error else Severity.INFO
        self._resources.event("copy", text, deployment=deployment.id, severity=severity)
