"""What every kind of target can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mmsconsole.errors import ObjectMissing
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.restore.room import Need
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "delivering"
"""What deliver() reports, in bytes."""


@dataclass(frozen=True, slots=True)
class Made:
    """What there is to be delivered. It is whole, durable, and may be read only."""

    restore: Restore
    snapshot: Snapshot
    optime: Optime
    """The position of the data."""
    files: Path
    """The data files; there only if the delivery needs files."""
    server: HeadServer | None
    """Runs on the files, for logical deliveries. Its clients' failures: within server.errors()."""


@dataclass(frozen=True, slots=True)
class Delivered:
    bytes: int
    where: str
    """In words, as people are told; no secrets."""
    verified: str = ""
    """How the target was found to hold what it should; empty: it was not looked at."""
    differs: bool = False
    """It was found not to; `verified` says where."""


class Delivery(ABC):
    """One restore's. Made anew for each attempt, also after a crash: it keeps nothing in memory
    that abandon() would need.
    """

    logical: ClassVar[bool] = False
    """Documents go out, read from a mongod on the files (Made.server); else the files do."""
    keeps_staging: ClassVar[bool] = False
    """Files are still read after deliver(); who ends that removes the staging folder, by
    restore/staging.py."""
    paces_itself: ClassVar[bool] = False
    """It sees itself that the target gets no more than `mb_per_second`; else who reports PHASE
    waits until more may go."""

    def __init__(
        self, resources: Resources, restore: Restore, secret: Secret | None = None
    ) -> None:
        """`secret`: for a restore that is only being planned; else it is looked up."""
        self.resources = resources
        self.restore = restore
        self._secret = secret

    @property
    def needs_files(self) -> bool:
        """False: the delivery reads the snapshot from the store itself, no staging is made."""
        return True

    def secret(self) -> Secret | None:
        """The URI or passphrase that was given, if one was. Raises ObjectMissing."""
        if self._secret is not None or not self.restore.where.credential:
            return self._secret
        kept = self.resources.metadata.restore_secrets.find(self.restore.where.credential)
        if kept is None:
            raise ObjectMissing(
                "what is secret of this restore is not kept any more", where=self.restore.id,
                hint="ask for the restore again",
            )  # fmt: skip
        return kept.secret

    def needs(self) -> list[Need]:
        """Room on this machine's disks, beside that for the files themselves."""
        return []

    def notes(self) -> list[str]:
        """What people should know before they ask for it; check() came before. One sentence
        each. Raises as check() does.
        """
        return []

    @abstractmethod
    def check(self) -> None:
        """Before anything is written, and for a plan: target free, reachable, allowed; room for
        `restore.needed_bytes` where it is not this machine's: that is looked at by needs(). Of a
        record that may not be stored yet. Changes nothing.

        An earlier attempt of this same restore is no reason to refuse. Raises Refused (Busy,
        NoRoom, TargetNotEmpty, AlreadyExists, …), SourceError, StorageError.
        """

    @abstractmethod
    def deliver(self, made: Made, task: Task) -> Delivered:
        """Called again after a crash, or another failure that is worth another try: goes on, or
        begins anew. Reports PHASE in bytes.

        When it returns, all is at the target durably. When the restore ends otherwise, abandon()
        follows; never after the restore was written down as done.
        """

    def release(self) -> None:  # noqa: B027 - most have nothing to do
        """The restore is written down as done: takes away what only abandon(), or another
        deliver(), would have needed. May be called again.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Take away what deliver() wrote: after failure, cancel, or a crash. May be called when
        nothing was written, and again. Raises MmsError if something stays; TargetHurt if that
        is for good, and nobody needs to try again.
        """
