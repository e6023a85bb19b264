"""What snapshots need of packs that are not as they were stored."""

from collections.abc import Callable, Collection, Iterator, Mapping

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest_reader import read_uses
from mmsconsole.stores.blocks.moved import MovedBlock, MovedBlocks
from mmsconsole.stores.blocks.moved_packs import MovedPacks
from mmsconsole.stores.groom.marking import deployments_of_others, moved_blocks
from mmsconsole.stores.groom.uses import followed
from mmsconsole.task import Task

NOT_MOVED: MovedBlocks = {}


class Hurt:
    """Of one pool. `bad`: ids of packs that, or whose lists of moved blocks, are wrong."""

    def __init__(
        self, storage: Storage, metadata: Metadata, pool: Pool, bad: Collection[str]
    ) -> None:
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._bad = frozenset(bad)
        self._packs: Mapping[str, Pack] = {pack.id: pack for pack in metadata.packs.of(pool.id)}
        self._lists = MovedPacks(storage)

    def needed(self, task: Task) -> Iterator[tuple[Snapshot, dict[str, int]]]:
        """Each snapshot, oldest first, with the blocks that it needs of the bad packs."""
        for snapshot in self._with_manifest():
            task.check()
            living = self._needed(snapshot)
            yield snapshot, {id_: living[id_] for id_ in living.keys() & self._bad}

    def leading_here(self) -> Iterator[MovedBlock]:
        """The blocks that were moved into the bad packs."""
        moved = self._moved()
        for id_ in self._packs:
            for block in moved(id_).values():
                if block.pack.id in self._bad:
                    yield block

    def _with_manifest(self) -> list[Snapshot]:
        others = deployments_of_others(self._metadata, self._pool)
        query = {"manifest_key": {"$nin": ["", None]}}
        every = self._metadata.snapshots.all(query, sort=[("created_at", 1)])
        return [snapshot for snapshot in every if snapshot.deployment not in others]

    def _needed(self, snapshot: Snapshot) -> dict[str, int]:
        """Where its blocks lie now, by pack; none where its manifest can not be read, which is a
        finding of its own.
        """
        try:
            found = read_uses(self._storage, snapshot.manifest_key)
        except (ObjectMissing, ObjectCorrupt):
            return {}
        return followed(found.by_id(), self._moved()).living

    def _moved(self) -> Callable[[str], MovedBlocks]:
        def moved(id_: str) -> MovedBlocks:
            pack = self._packs.get(id_)
            if pack is None or not (pack.dropped or (pack.condemned and id_ in self._bad)):
                return NOT_MOVED
            try:
                return moved_blocks(self._lists, pack, self._packs)
            except (ObjectMissing, ObjectCorrupt):
                return NOT_MOVED

        return moved
