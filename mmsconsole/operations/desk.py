"""What every operation works with, and the trace that it leaves."""

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmsconsole.clock import Clock
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.operations.estimate import Disk
from mmsconsole.operations.sources import Sources
from mmsconsole.settings import Settings

if TYPE_CHECKING:
    from mmsconsole.storage.marked import Memories


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks."""

    name: str

    @classmethod
    def of_process(cls) -> "Actor":
        """The user of the operating system that this process runs as."""
        try:
            return cls(getpass.getuser())
        except (KeyError, OSError):  # a user id without a name, as containers have
            return cls(f"uid {os.getuid()}")


@dataclass(frozen=True, slots=True)
class Desk:
    metadata: Metadata
    settings: Settings
    clock: Clock
    actor: Actor
    sources: Sources
    disk: Callable[[Path], Disk]

    @property
    def memories(self) -> "Memories":
        """By them a store that is a folder is known again."""
        from mmsconsole.stores.remembered import Remembered

        return partial(Remembered, self.metadata)

    def event(self, kind: str, text: str, deployment: Deployment, **details: str) -> None:
        """The audit: every change that was asked for, after it was written."""
        self.metadata.events.add(
            Event(
                new_id(), self.clock.now(), kind, text,
                deployment=deployment.id, actor=self.actor.name, details=details,
            )
        )  # fmt: skip
