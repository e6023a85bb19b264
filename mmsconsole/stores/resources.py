"""What everything that works on backups is given: where things are kept, and with what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import Settings
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blockstore import Blockstore
from mmsconsole.stores.oplog import OplogStore
from mmsconsole.stores.sync import SyncStore


@dataclass(frozen=True)
class Resources:
    settings: Settings
    metadata: Metadata
    storage: Storage
    clock: Clock
    binaries: Sequence[MongodBinary]
    sync_store: SyncStore = field(init=False)
    oplog_store: OplogStore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sync_store", SyncStore(self.storage, self.metadata))
        object.__setattr__(self, "oplog_store", OplogStore(self.storage, self.metadata, self.clock))

    def blockstore(self, group: str) -> Blockstore:
        return Blockstore(self.storage, self.metadata, group)

    def socket(self, name: str) -> Path:
        """The unix socket of one mongod of ours; short, because its path is limited."""
        return self.settings.home.run / f"{name}.sock"

    def log(self, name: str) -> Path:
        return self.settings.home.logs / f"mongod-{name}.log"

    def event(
        self, kind: str, text: str, *, deployment: str = "", severity: Severity = Severity.INFO
    ) -> None:
        """Leave a trace for people."""
        at = self.clock.now()
        self.metadata.events.add(Event(new_id(), at, kind, text, severity, deployment))
