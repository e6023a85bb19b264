"""What everything that works on backups is given: where things are kept, and with what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmsconsole.clock import Clock
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import DEFAULT_STORE, Settings
from mmsconsole.storage.base import Storage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.stores.blocks.second_reads import SecondReads
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import BoundPlaces
from mmsconsole.stores.sync import SyncStore


@dataclass(frozen=True)
class Resources:
    settings: Settings
    metadata: Metadata
    storages: Storages
    clock: Clock
    binaries: Sequence[MongodBinary]
    copies: bool = True
    """Whether what a store can not give is read from the second one. Not for who is to find what is
    wrong with the first."""
    sync_store: SyncStore = field(init=False)
    oplog_store: OplogStore = field(init=False)
    _places: BoundPlaces = field(init=False)

    def __post_init__(self) -> None:
        second_reads = SecondReads(self.metadata, self.clock)
        places = BoundPlaces(self.storages, self.metadata, second_reads.note, copies=self.copies)
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "sync_store", SyncStore(places, self.metadata))
        object.__setattr__(self, "oplog_store", OplogStore(places, self.metadata, self.clock))

    @property
    def storage(self) -> Storage:
        """The default store's."""
        return self.storages.of(DEFAULT_STORE)

    def blockstore(self, deployment: Deployment) -> Blockstore:
        """That of the deployment's pool."""
        pool = self.metadata.pools.ensure(deployment.group, deployment.store)
        return Blockstore(self.storages.of(deployment.store), self.metadata, pool)

    def reading_blockstore(self, deployment: Deployment) -> Blockstore:
        """The same, for restores: what its store can not give is read from the second one."""
        pool = self.metadata.pools.ensure(deployment.group, deployment.store)
        return Blockstore(self._places.of(deployment.id), self.metadata, pool)

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
