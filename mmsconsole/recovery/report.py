"""What a rebuild found, and what people must be told of it."""

import logging
from typing import Any

log = logging.getLogger(__name__)

TOLD_MAX = 200
"""Sentences that are kept; the log has all of them."""


class Report:
    def __init__(self) -> None:
        self.deployments: list[str] = []
        """Their names."""
        self.snapshots = 0
        self.found = 0
        """Snapshots of which no catalogue knew."""
        self.chunks = 0
        self.packs = 0
        self.blocks = 0
        self._told: list[str] = []
        self._more = 0

    def tell(self, text: str) -> None:
        """A sentence without secrets."""
        log.info("store rebuild: %s", text)
        if len(self._told) < TOLD_MAX:
            self._told.append(text)
        else:
            self._more += 1

    @property
    def told(self) -> list[str]:
        more = [f"and {self._more} more: see the engine's log"] if self._more else []
        return [*self._told, *more]

    def document(self) -> dict[str, Any]:
        """As a job's result keeps it."""
        return {
            "deployments": self.deployments,
            "snapshots": self.snapshots,
            "found": self.found,
            "chunks": self.chunks,
            "packs": self.packs,
            "blocks": self.blocks,
            "told": self.told,
        }
