"""People learn that a copy had to help: the first store is damaged, or away."""

import threading

from mmsconsole.clock import Clock
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event, Severity

TOLD_AGAIN_SECONDS = 600.0
"""A restore reads thousands of objects; one word about it is enough."""


class SecondReads:
    """For any thread."""

    def __init__(self, metadata: Metadata, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._told: dict[str, float] = {}
        """When people were told, by deployment."""
        self._lock = threading.Lock()

    def note(self, deployment_id: str, key: str) -> None:
        with self._lock:
            now = self._clock.monotonic()
            told = self._told.get(deployment_id)
            if told is not None and now - told < TOLD_AGAIN_SECONDS:
                return
            self._told[deployment_id] = now
        self._tell(deployment_id, key)

    def _tell(self, deployment_id: str, key: str) -> None:
        deployment = self._metadata.deployments.find(deployment_id)
        if deployment is None:
            return
        text = (
            f"objects that the store {deployment.store} could not give are read from the copy in "
            f"{deployment.copy_to}, {key} first; see: mmsconsole store check {deployment.store}"
        )
        at = self._clock.now()
        self._metadata.events.add(
            Event(new_id(), at, "copy used", text, Severity.WARNING, deployment_id)
        )
