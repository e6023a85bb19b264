"""Blocks taken again from the files of heads, where they still are.

A manifest tells where in the head a block lay when the snapshot was cut. The bytes that are there
now are read and hashed: an equal hash is proof enough, whatever the head does meanwhile.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import hash_of
from mmsconsole.stores.blocks.manifest_reader import ManifestReader, PlacedBlock
from mmsconsole.task import Task

SNAPSHOTS_MAX = 3
"""Of a head whose manifests are asked, newest first: what none of them has is hardly there."""
SPOTS_MAX = 4
"""Of one block: many may be equal."""


class Spot(NamedTuple):
    path: Path
    offset: int
    raw_bytes: int


class HeadBlocks:
    """Of the deployments of one pool."""

    def __init__(self, storage: Storage, metadata: Metadata, pool: Pool) -> None:
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._spots: dict[bytes, list[Spot]] = {}

    def look_for(self, hashes: Collection[bytes], task: Task) -> None:
        """Where these blocks may lie; what was looked for before is forgotten."""
        self._spots = {hash_: [] for hash_ in hashes}
        if not self._spots:
            return
        query = {"group": self._pool.group, "store": self._pool.store}
        for deployment in list(self._metadata.deployments.all(query)):
            root = self._root(deployment)
            for snapshot in self._snapshots(deployment) if root else ():
                assert root is not None
                self._note(snapshot, root, task)

    def raw(self, hash_: bytes) -> bytes | None:
        """The block's bytes, if they are still in a head."""
        for spot in self._spots.get(hash_, ()):
            data = _read(spot)
            if data is not None and hash_of(data) == hash_:
                return data
        return None

    def _root(self, deployment: Deployment) -> Path | None:
        head = self._metadata.heads.find(deployment.head)
        return None if head is None else Path(head.path)

    def _snapshots(self, deployment: Deployment) -> list[Snapshot]:
        complete = list(self._metadata.snapshots.complete(deployment.id))
        return [one for one in reversed(complete) if one.head == deployment.head][:SNAPSHOTS_MAX]

    def _note(self, snapshot: Snapshot, root: Path, task: Task) -> None:
        for block in manifest_blocks(self._storage, snapshot, task):
            spots = self._spots.get(block.record.hash)
            if spots is not None and len(spots) < SPOTS_MAX:
                spots.append(Spot(root / block.path, block.offset, block.raw_bytes))


def manifest_blocks(
    storage: Storage, snapshot: Snapshot, task: Task, *, with_pages: bool = False
) -> Iterator[PlacedBlock]:
    """None of a manifest, or a page of it, that can not be read: that is told where it is looked
    at itself. `with_pages`: the pages too, which are blocks without a path.
    """
    try:
        manifest = ManifestReader.open(
            storage, snapshot.manifest_key, snapshot.manifest_sha256, task
        )
    except (ObjectMissing, ObjectCorrupt):
        return
    if with_pages:
        yield from manifest.page_blocks()
    yield from manifest.blocks(task, passing_over=True)


def _read(spot: Spot) -> bytes | None:
    """None where there is nothing to be read: the head has changed, or is another one now."""
    try:
        descriptor = os.open(spot.path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            return os.pread(descriptor, spot.raw_bytes, spot.offset)
        finally:
            os.close(descriptor)
    except OSError:
        return None
