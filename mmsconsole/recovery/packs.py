"""Packs, and where each block lies: from the manifests' lists of packs and the packs' indexes."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from mmsconsole.errors import ObjectCorrupt, ObjectMissing
from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.checks import CheckFinding, Fault
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.recovery.report import Report
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import SUFFIX, moved_key, read_moved
from mmsconsole.stores.blocks.packs import PackIndex, pack_key, read_index, sizes_of
from mmsconsole.task import Task
from mmsconsole.threads import in_order

PHASE = "reading the indexes of packs (packs)"
THREADS = 8
_ID = re.compile(r"(?:[0-9a-f]{2})+")
"""Places of blocks name it by its bytes."""


class Located(NamedTuple):
    entry: PackEntry
    dropped: bool
    """A groom has moved its blocks, and taken it away."""
    emptied: bool = False
    """It is there, but a groom was about to take it away, or a repair has put blocks of it
    elsewhere: nothing refers to it any more.
    """
    lost: CheckFinding | None = None
    """What is wrong: it is not there, or what tells where its blocks are can not be read."""


class PoolObjects:
    """The packs of one group in the store, by what their names tell."""

    def __init__(self, storage: Storage, group: str) -> None:
        self.group = group
        self._storage = storage
        self._there: set[str] = set()
        self._moved: set[str] = set()
        for stored in storage.list(f"packs/{group}"):
            name = stored.key.rpartition("/")[2]
            kept = self._moved if name.endswith(SUFFIX) else self._there
            kept.add(name.partition(".")[0])

    def followed(self, entries: Iterable[PackEntry]) -> Iterator[Located]:
        """These packs, and those that their blocks were moved to. All of them are our own. Raises
        StorageError.
        """
        waiting, seen = list(entries), set[str]()
        while waiting:
            entry = waiting.pop()
            if entry.id in seen:
                continue
            seen.add(entry.id)
            if entry.id in self._there:
                elsewhere = self._put_elsewhere(entry)
                yield Located(entry, dropped=False, emptied=bool(elsewhere))
                waiting += elsewhere
                continue
            if entry.id not in self._moved:
                missing = CheckFinding(entry.key, Fault.MISSING, "is not in the storage")
                yield Located(entry, dropped=False, lost=missing)
                continue
            try:
                blocks = read_moved(self._storage, moved_key(entry.key))
            except (ObjectMissing, ObjectCorrupt) as error:
                damaged = CheckFinding(moved_key(entry.key), Fault.DAMAGED, error.what)
                yield Located(entry, dropped=True, lost=damaged)
            else:
                yield Located(entry, dropped=True)
                packs = {block.pack for block in blocks.values()}
                waiting += filter(self.is_own, packs)

    def _put_elsewhere(self, entry: PackEntry) -> set[PackEntry]:
        """Packs that have blocks of one that is there."""
        if entry.id not in self._moved:
            return set()
        try:
            blocks = read_moved(self._storage, moved_key(entry.key))
        except (ObjectMissing, ObjectCorrupt):
            return set()  # as if there were none: the pack itself counts
        packs = {block.pack for block in blocks.values()}
        return {pack for pack in packs if self.is_own(pack) and pack.id in self._there}

    def is_own(self, entry: PackEntry) -> bool:
        """Whether it is a pack of this group, by its names."""
        return bool(_ID.fullmatch(entry.id)) and entry.key == pack_key(self.group, entry.id)


class Packs:
    """Those that manifests name; their records come first, the places of their blocks after."""

    def __init__(self, storage: Storage, metadata: Metadata, report: Report) -> None:
        self._storage = storage
        self._metadata = metadata
        self._report = report
        self._recorded: set[str] = set()

    def record(self, pool: Pool, located: Iterable[Located]) -> None:
        """One that has a record keeps it: a deployment that was there before may need it too."""
        new = {one.entry.id: one for one in located if one.entry.id not in self._recorded}
        known = self._metadata.packs.found(list(new))
        self._metadata.packs.put_all(
            _pack(pool, one) for id_, one in new.items() if id_ not in known
        )
        for id_, pack in known.items():
            if pack.dropped and not new[id_].dropped and not new[id_].lost:
                # A lock has kept it. It stays condemned: what is needed of it is moved soon.
                self._metadata.packs.set(id_, dropped=False)
        self._recorded.update(new)

    def places(self, pools: Iterable[Pool], task: Task) -> None:
        """Raises StorageError, MetadataError, Cancelled."""
        recorded = (pack for pool in pools for pack in self._metadata.packs.of(pool.id))
        # Where a block lies in two packs, the one that stays comes first.
        found = sorted((pack for pack in recorded if not pack.dropped), key=_condemned)
        task.report(PHASE, 0, len(found))
        with closing(in_order(self._indexed, found, THREADS, ahead=THREADS * 2)) as indexed:
            for number, (pack, index) in enumerate(indexed, 1):
                task.check()
                self._add(pack, index)
                task.report(PHASE, number, len(found))

    def _indexed(self, pack: Pack) -> tuple[Pack, PackIndex | str]:
        """In a thread. What is wrong with it, where it can not be used."""
        try:
            index = read_index(self._storage, pack.key)
            size = self._storage.size(pack.key)
        except (ObjectMissing, ObjectCorrupt) as error:
            return pack, str(error)
        if size != pack.stored_bytes:
            return pack, f"{pack.key}: has {size} bytes, not its {pack.stored_bytes}"
        return pack, index

    def _add(self, pack: Pack, index: PackIndex | str) -> None:
        if isinstance(index, str):
            # Its record stays: snapshots refer to it, and a check names them.
            self._report.tell(f"a pack is damaged, and no snapshot builds on it: {index}")
            return
        self._metadata.blocks.add(pack.pool, index.places)
        self._metadata.packs.set(pack.id, blocks=len(index.places), sizes=sizes_of(index.places))
        self._report.packs += 1
        self._report.blocks += len(index.places)


def _condemned(pack: Pack) -> int:
    return pack.condemned


def _pack(pool: Pool, located: Located) -> Pack:
    """What its own index tells comes later."""
    entry, gone = located.entry, located.dropped
    condemned = 1 if gone or located.emptied else 0
    return Pack(entry.id, pool.id, entry.key, entry.sha256, 0, entry.bytes, condemned, dropped=gone)
