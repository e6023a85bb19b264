"""Objects by their names: what is known of them, and whether they are as they were stored."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.checks import doubted_key
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.syncs import Slice
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.moved import moved_key, read_moved
from mmsconsole.stores.catalogue import Catalogue, CatalogueName
from mmsconsole.stores.objects import get_verified
from mmsconsole.stores.oplog.chunk_object import ChunkObjects
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Task

CHUNK_KEY = re.compile(r"oplog/([^/]+)/(\d{10})-(\d{10})-[^/]+\.chunk")

Record = Pack | Snapshot | OplogChunk | Slice | CatalogueName


@dataclass(frozen=True, slots=True)
class Suspect:
    """An object that may not be as it was stored."""

    key: str
    record: Record
    home: str
    """The store that it belongs to."""
    copies: tuple[str, ...] = ()
    """Stores that may have it too."""

    def others(self, store: str) -> list[str]:
        return [name for name in (self.home, *self.copies) if name != store]


class Suspects:
    """Of one store."""

    def __init__(self, metadata: Metadata, store: str) -> None:
        self._metadata = metadata
        self._store = store

    def named(self, keys: Iterable[str]) -> list[Suspect]:
        """Each once; those that no record refers to any more are left out."""
        found = (self._of(key) for key in dict.fromkeys(keys))
        return list({one.key: one for one in found if one is not None}.values())

    def _of(self, key: str) -> Suspect | None:
        kind = key.partition("/")[0]
        name = key.rpartition("/")[2]
        if kind == "packs":
            return self._pack(name.partition(".")[0])
        if kind == "manifests":
            return self._manifest(key, name.partition(".")[0])
        if kind == "oplog":
            return self._chunk(key)
        if kind == "slices":
            slice_ = self._metadata.slices.find(name.partition(".")[0].partition("-")[2])
            return Suspect(key, slice_, self._store) if slice_ and slice_.key == key else None
        catalogue = CatalogueName.of(key)
        return Suspect(key, catalogue, self._store) if catalogue else None

    def _manifest(self, key: str, id_: str) -> Suspect | None:
        snapshot = self._metadata.snapshots.find(id_)
        if snapshot is None or snapshot.manifest_key != key:
            return None
        return self._of_deployment(key, snapshot, snapshot.deployment)

    def _chunk(self, key: str) -> Suspect | None:
        found = CHUNK_KEY.fullmatch(key)
        if found is None:
            return None
        deployment, t, i = found[1], int(found[2]), int(found[3])
        query = {"deployment": deployment, "end.t": t, "end.i": i, "key": key}
        chunk = self._metadata.chunks.one(query)
        return None if chunk is None else self._of_deployment(key, chunk, deployment)

    def _pack(self, id_: str) -> Suspect | None:
        pack = self._metadata.packs.find(id_)
        pool = None if pack is None else self._metadata.pools.find(pack.pool)
        if pack is None or pool is None:
            return None
        query = {"group": pool.group, "store": pool.store}
        copies = dict.fromkeys(
            one.copy_to for one in self._metadata.deployments.all(query) if one.copy_to
        )
        key = moved_key(pack.key) if pack.dropped else pack.key
        return Suspect(key, pack, pool.store, tuple(copies))

    def _of_deployment(self, key: str, record: Record, id_: str) -> Suspect | None:
        deployment = self._metadata.deployments.find(id_)
        if deployment is None:
            return None
        copies = (deployment.copy_to,) if deployment.copy_to else ()
        return Suspect(key, record, deployment.store, copies)


def verify(storage: Storage, metadata: Metadata, suspect: Suspect, task: Task) -> None:
    """Every byte of it. Raises ObjectMissing, ObjectCorrupt, StorageError."""
    record, key = suspect.record, suspect.key
    if isinstance(record, Pack) and record.dropped:
        read_moved(storage, key)
    elif isinstance(record, Pack):
        get_verified(storage, key, record.sha256)
    elif isinstance(record, Snapshot):
        ManifestReader.open(storage, key, record.manifest_sha256, task)
    elif isinstance(record, OplogChunk):
        ChunkObjects(OnePlace(storage)).read(record)
    elif isinstance(record, Slice):
        SyncStore(OnePlace(storage), metadata).get(record)
    else:
        Catalogue.open(storage, record, task)


def sha256_of(record: Record) -> str:
    """Of the whole object; empty where it is not known."""
    if isinstance(record, Snapshot):
        return record.manifest_sha256
    return "" if isinstance(record, CatalogueName) else record.sha256


def suspected(metadata: Metadata, store: str) -> list[str] | None:
    """Keys of what checks have found wrong in a store, those before the last one too: each of them
    reads another share. None where they do not tell all: then everything has to be looked at.
    """
    checks = list(metadata.checks.finished(store))
    if not checks or any(check.found > len(check.findings) for check in checks):
        return None
    keys = [one.key for check in checks for one in check.findings]
    for deployment in list(metadata.deployments.all({"store": store})):
        keys += [doubted_key(snapshot.doubt) for snapshot in metadata.snapshots.of(deployment.id)]
    return sorted(set(filter(None, keys)))
