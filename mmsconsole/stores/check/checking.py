"""The check of a store: every object that a record refers to is there, as it was stored.

listed      what the records say, held against what the store lists: missing, too short, too long
told        what an object says of itself: a list of moved blocks, a manifest that is new
read        of a share of the objects every byte: sha256 against the record, contents too

The share goes round: each check reads the part of the objects behind that of the one before, so
that some checks of a tenth have read everything.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from mmsconsole.errors import MmsError, ObjectCorrupt, ObjectMissing, OplogError
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.checks import CheckFinding, Fault
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.pools import pool_id
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.syncs import Slice
from mmsconsole.storage.base import Storage, StoredObject
from mmsconsole.stores.blocks.manifest import manifest_folder
from mmsconsole.stores.blocks.manifest_reader import ManifestReader
from mmsconsole.stores.blocks.moved import moved_key, read_moved
from mmsconsole.stores.catalogue import FOLDER as CATALOGUES
from mmsconsole.stores.catalogue import Catalogue, CatalogueName, names_in
from mmsconsole.stores.check.amounts import bytes_in
from mmsconsole.stores.check.suspects import Suspects
from mmsconsole.stores.objects import get_verified, plain_id
from mmsconsole.stores.oplog.chunk_object import ChunkObjects, chunk_folder
from mmsconsole.stores.places import OnePlace
from mmsconsole.stores.sync import SyncStore
from mmsconsole.task import Task

PHASE = "checking"
CIRCLE = 1 << 64

Record = TypeVar("Record", Pack, Snapshot, OplogChunk, Slice, CatalogueName)
Keyed = TypeVar("Keyed")


@dataclass(frozen=True, slots=True)
class Part:
    """Which objects are read whole: an arc of a circle of length 1."""

    begins_at: float
    share: float

    def holds(self, key: str) -> bool:
        digest = hashlib.sha256(key.encode()).digest()
        at = int.from_bytes(digest[:8], "big") / CIRCLE
        return (at - self.begins_at) % 1.0 < self.share

    @property
    def end(self) -> float:
        return (self.begins_at + self.share) % 1.0


EVERYTHING = Part(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Record]):
    """One kind of object: what is known of it, and how it is looked at."""

    folder: str
    records: Iterable[Record]
    """In the order of their keys."""
    key: Callable[[Record], str]
    size: Callable[[Record], int | None]
    """None: it is not in the record."""
    told: Callable[[Record], None]
    """Looks at what the object says of itself. Raises ObjectMissing, ObjectCorrupt."""
    read: Callable[[Record], None]
    """The same, of every byte."""
    copies: bool = False
    """Of objects that belong to another store: what is not there will be copied, and what is
    wrong hurts nobody as long as the first one is right."""


class Checking:
    """Of one store. run() gives findings as they are made, without what they hurt."""

    def __init__(
        self, storage: Storage, metadata: Metadata, store: str, part: Part,
        since: datetime | None = None,
    ) -> None:  # fmt: skip
        """`since`: when the last check that has ended was begun. It has read the manifests that
        there were by then; None: there was none.
        """
        self.objects = 0
        self.bytes_read = 0
        self._looked_at = 0
        """Bytes of objects that were looked at, read or not."""
        self._total = 0
        self._storage = storage
        self._metadata = metadata
        self._store = store
        self._part = part
        self._since = since
        self._suspects = Suspects(metadata, store)
        self._chunks = ChunkObjects(OnePlace(storage))
        self._slices = SyncStore(OnePlace(storage), metadata)

    def run(self, task: Task) -> Iterator[CheckFinding]:
        """Raises StorageError where the store does not answer: that is no finding."""
        self._total = bytes_in(self._metadata, self._store)
        task.report(PHASE, 0, self._total)
        for pool in self._metadata.pools.all({"store": self._store}):
            yield from self._look(self._packs(pool.id, pool.group), task)
        for deployment in self._metadata.deployments.all({"store": self._store}):
            yield from self._look(self._manifests(deployment, task), task)
            yield from self._look(self._oplog(deployment), task)
            for head in self._metadata.heads.of(deployment.id):
                yield from self._look(self._sync(head.id), task)
        yield from self._look(self._catalogues(task), task)
        yield from self._copies(task)
        task.report(PHASE, self._looked_at, self._looked_at)

    def _copies(self, task: Task) -> Iterator[CheckFinding]:
        """Of what deployments of other stores have in this one."""
        copied = list(self._metadata.deployments.all({"copy_to": self._store}))
        for group, store in sorted({(one.group, one.store) for one in copied}):
            packs = self._packs(pool_id(group, store), group)
            yield from self._look(replace(packs, copies=True), task)
        for deployment in copied:
            manifests, oplog = self._manifests(deployment, task), self._oplog(deployment)
            yield from self._look(replace(manifests, copies=True), task)
            yield from self._look(replace(oplog, copies=True), task)

    def _look(self, kind: Kind[Record], task: Task) -> Iterator[CheckFinding]:
        listed = self._storage.list(kind.folder)
        for record, stored in joined(kind.records, kind.key, listed):
            task.check()
            self._advance(kind.size(record) or 0, task)
            if kind.copies and stored is None:
                continue
            self.objects += 1
            try:
                self._look_at(kind, record, stored)
            except (ObjectMissing, ObjectCorrupt, OplogError) as error:
                fault = Fault.MISSING if isinstance(error, ObjectMissing) else Fault.DAMAGED
                finding = self._finding(kind.key(record), fault, error, record)
                if not self._belongs_there(finding):
                    continue
                yield CheckFinding(finding.key, fault, finding.said) if kind.copies else finding

    def _advance(self, size: int, task: Task) -> None:
        """To the next object. There may be more than there were when all was added up."""
        task.report(PHASE, self._looked_at, max(self._total, self._looked_at))
        self._looked_at += size

    def _belongs_there(self, finding: CheckFinding) -> bool:
        """It may have gone, as it should, since its record was read."""
        for one in self._suspects.named([finding.key]):
            rotated = finding.fault is Fault.MISSING and isinstance(one.record, CatalogueName)
            return one.key == finding.key and not rotated
        return False

    def _look_at(self, kind: Kind[Record], record: Record, stored: StoredObject | None) -> None:
        key, size = kind.key(record), kind.size(record)
        if stored is None:
            self._storage.size(key)  # it may have come since the list was made
        elif size is not None and stored.bytes != size:
            raise ObjectCorrupt(f"has {stored.bytes} bytes, not {size}", where=key)
        kind.told(record)
        if self._part.holds(key):
            self.bytes_read += self._storage.size(key)
            kind.read(record)

    def _finding(self, key: str, fault: Fault, error: MmsError, record: Record) -> CheckFinding:
        said = f"{error.where}: {error.what}" if error.where not in ("", key) else error.what
        if isinstance(record, OplogChunk):
            return CheckFinding(
                key, fault, said,
                deployment=record.deployment, after=record.start, until=record.end,
            )  # fmt: skip
        snapshots = (record.id,) if isinstance(record, Snapshot) else ()
        return CheckFinding(key, fault, said, snapshots)

    # -- kinds of objects

    def _packs(self, pool: str, group: str) -> Kind[Pack]:
        def told(pack: Pack) -> None:
            if pack.dropped:
                read_moved(self._storage, moved_key(pack.key))

        def read(pack: Pack) -> None:
            if not pack.dropped:
                get_verified(self._storage, pack.key, pack.sha256)

        return Kind(
            folder=f"packs/{plain_id(group)}",
            records=self._metadata.packs.in_order(pool),
            key=lambda pack: moved_key(pack.key) if pack.dropped else pack.key,
            size=lambda pack: None if pack.dropped else pack.stored_bytes,
            told=told, read=read,
        )  # fmt: skip

    def _manifests(self, deployment: Deployment, task: Task) -> Kind[Snapshot]:
        with_manifest = {"deployment": deployment.id, "manifest_key": {"$nin": ["", None]}}

        def read(snapshot: Snapshot) -> None:
            sha256 = snapshot.manifest_sha256
            ManifestReader.open(self._storage, snapshot.manifest_key, sha256, task)

        def told(snapshot: Snapshot) -> None:
            if self._is_new(snapshot) and not self._part.holds(snapshot.manifest_key):
                read(snapshot)

        return Kind(
            folder=manifest_folder(deployment.id),
            records=list(self._metadata.snapshots.all(with_manifest, sort=[("manifest_key", 1)])),
            key=lambda snapshot: snapshot.manifest_key,
            size=lambda snapshot: snapshot.manifest_bytes or None,
            told=told, read=read,
        )  # fmt: skip

    def _is_new(self, snapshot: Snapshot) -> bool:
        """No check that has ended has read its manifest."""
        done = snapshot.finished_at
        return self._since is None or done is None or done >= self._since

    def _oplog(self, deployment: Deployment) -> Kind[OplogChunk]:
        return Kind(
            folder=chunk_folder(deployment.id),
            records=self._metadata.chunks.in_order(deployment.id),
            key=lambda chunk: chunk.key,
            size=lambda chunk: chunk.stored_bytes,
            told=lambda _: None,
            read=lambda chunk: _ignored(self._chunks.read(chunk)),
        )

    def _catalogues(self, task: Task) -> Kind[CatalogueName]:
        return Kind(
            folder=CATALOGUES,
            records=sorted(names_in(self._storage), key=lambda name: name.key),
            key=lambda name: name.key,
            size=lambda _: None,
            told=lambda _: None,
            read=lambda name: _ignored(Catalogue.open(self._storage, name, task)),
        )

    def _sync(self, head: str) -> Kind[Slice]:
        return Kind(
            folder=f"slices/{plain_id(head)}",
            records=list(self._metadata.slices.all({"head": head}, sort=[("key", 1)])),
            key=lambda one: one.key,
            size=lambda one: one.stored_bytes,
            told=lambda _: None,
            read=lambda one: _ignored(self._slices.get(one)),
        )


def _ignored(_: object) -> None:
    """Reading it has checked it."""


def joined(
    records: Iterable[Keyed], key: Callable[[Keyed], str], listed: Iterable[StoredObject]
) -> Iterator[tuple[Keyed, StoredObject | None]]:
    """Each record with its object, if that is listed. Both come in the order of keys."""
    objects = iter(listed)
    stored = next(objects, None)
    for record in records:
        wanted = key(record)
        while stored is not None and stored.key < wanted:
            stored = next(objects, None)
        yield record, stored if stored is not None and stored.key == wanted else None
