"""The one head of a backup: opened by who needs it first, worked on by one thread at a time."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmsconsole.errors import Cancelled, MongodError
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

log = logging.getLogger(__name__)

WAIT_SECONDS = 0.5
HEAD_SECONDS_MAX = 120.0
"""How long a snapshot waits for a head that is just starting."""


class HeldHead:
    """Whoever has `lock` has the head; the follower lets go of it when it is `wanted`.

    `check` raises why it must not be opened just now.
    """

    def __init__(self, resources: Resources, deployment: str, check: Callable[[], None]) -> None:
        self._resources = resources
        self._deployment = deployment
        self._check = check
        self.lock = threading.Lock()
        self.wanted = threading.Event()
        self.kept: KeptHead | None = None

    # For who has the lock:

    def open(self, head: Head) -> KeptHead:
        """Raises MongodError, NoSuitableMongod, and what the check raises."""
        self._check()
        self.kept = KeptHead.open(self._resources, head)
        return self.kept

    def opened(self) -> KeptHead:
        """The deployment's head in sync. Raises MongodError, NoSuitableMongod, Cancelled."""
        self._check()
        if self.kept is not None and not self.kept.alive:
            why = self.kept.server.process.why_it_ended()
            self.close()
            raise why
        return self.kept or self.open(self._in_sync())

    def _in_sync(self) -> Head:
        metadata = self._resources.metadata
        deployment = metadata.deployments.get(self._deployment)
        head = metadata.heads.find(deployment.head)
        if head is None or head.phase is not SyncPhase.IN_SYNC:
            raise Cancelled("there is no head in sync", where=deployment.name)
        return head

    def close(self) -> None:
        kept, self.kept = self.kept, None
        if kept is not None:
            kept.close()

    def position(self) -> HeadPosition | None:
        """Of the head that is open; None if it can not be told."""
        try:
            return None if self.kept is None else self.kept.position()
        except MongodError:
            return None

    def may_be_beyond(self, head: Head, common: Optime) -> bool:
        """Whether a head in sync has applied what lies after a position, or can not tell."""
        if head.phase is not SyncPhase.IN_SYNC:
            return False
        if head.optime is not None and head.optime > common:
            return True
        try:
            position = self.opened().position()
        except MongodError as error:
            log.warning("how far the head has come can not be told: %s", error)
            return True
        return position is None or (position.applying_until or position.applied) > common

    # For the others:

    @contextmanager
    def taken(self, task: Task, patience: float = HEAD_SECONDS_MAX) -> Iterator[None]:
        """The lock, taken from the follower. Raises MongodError, Cancelled."""
        self._acquire(task, patience)
        try:
            yield
        finally:
            self.lock.release()

    def _acquire(self, task: Task, patience: float) -> None:
        clock = self._resources.clock
        deadline = clock.monotonic() + patience
        try:
            while not self._acquired_soon():
                task.check()
                if clock.monotonic() > deadline:
                    raise MongodError("the head is busy", where=self._deployment)
        finally:
            self.wanted.clear()

    def _acquired_soon(self) -> bool:
        self.wanted.set()  # each time: another one who waited too has cleared it
        return self.lock.acquire(timeout=WAIT_SECONDS)
