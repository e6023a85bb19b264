"""Which blocks are in storage already, and where.

A place is only given if its pack is really there: what a snapshot refers to must exist. Packs
that should be there and are not are remembered in `lost`, and their blocks are stored anew.
"""

import threading
from collections.abc import Iterable

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.base import Storage
from mmsconsole.stores.block import Place
from mmsconsole.stores.manifest import PackEntry


class KnownPacks:
    """The packs that may be referred to. Each is looked for in the storage once."""

    def __init__(
        self, storage: Storage, metadata: Metadata, told: Iterable[PackEntry] = ()
    ) -> None:
        """`told`: what the previous manifest says of its packs."""
        self.lost: list[str] = []
        """Keys (or ids, where there is no record) of packs that are not as they were stored."""
        self._storage = storage
        self._metadata = metadata
        self._told = {entry.id: entry for entry in told}
        self._usable: dict[str, PackEntry | None] = {}
        self._lock = threading.Lock()

    def usable(self, id_: str) -> bool:
        with self._lock:
            if id_ not in self._usable:
                self._usable[id_] = self._looked_for(id_)
            return self._usable[id_] is not None

    def entry(self, id_: str) -> PackEntry:
        """Of a pack that is usable."""
        found = self._usable[id_]
        assert found is not None
        return found

    def _looked_for(self, id_: str) -> PackEntry | None:
        entry = self._told.get(id_) or self._recorded(id_)
        if entry is not None and self._is_there(entry):
            return entry
        self.lost.append(entry.key if entry else id_)
        return None

    def _recorded(self, id_: str) -> PackEntry | None:
        pack = self._metadata.packs.find(id_)
        return (
            None if pack is None else PackEntry(pack.id, pack.key, pack.stored_bytes, pack.sha256)
        )

    def _is_there(self, entry: PackEntry) -> bool:
        try:
            return self._storage.size(entry.key) == entry.bytes
        except ObjectMissing:
            return False


class BlockIndex:
    """Looks blocks up by their hashes, in the metadata."""

    def __init__(self, metadata: Metadata, group: str, packs: KnownPacks) -> None:
        self._blocks = metadata.blocks
        self._group = group
        self._packs = packs

    def places(self, hashes: Iterable[bytes]) -> dict[bytes, Place]:
        """Of those blocks that are stored and there; one query for up to 1000 hashes."""
        found = self._blocks.places(self._group, list(hashes))
        return {
            hash_: Place(place.pack, place.offset, place.stored_bytes)
            for hash_, place in found.items()
            if self._packs.usable(place.pack)
        }
