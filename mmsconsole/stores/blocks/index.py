"""Which blocks are in storage already, and where.

A place is only given if its pack is really there and stays: what a snapshot refers to must exist.
Packs that should be there and are not are remembered in `lost`, and their blocks are stored anew.
"""

import threading
from collections.abc import Iterable

from mmsconsole.errors import ObjectMissing
from mmsconsole.metadata.blocks import BlockPlace, Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import Place
from mmsconsole.stores.blocks.manifest import PackEntry


class KnownPacks:
    """The packs that one cut may refer to. Each is looked for in the storage once.

    A pack is condemned before an epoch is raised, and a cut has written down its epoch before it
    makes one of these: so it either sees that a pack is condemned, or is waited for.
    """

    def __init__(self, storage: Storage, metadata: Metadata, told: Iterable[str] = ()) -> None:
        """`told`: ids of those that will be asked for."""
        self.lost: list[str] = []
        """Keys of packs that are not as they were stored."""
        self._storage = storage
        self._metadata = metadata
        self._recorded: dict[str, Pack] = metadata.packs.found(list(told))
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
        pack = self._recorded.get(id_) or self._metadata.packs.find(id_)
        if pack is None or pack.condemned:
            return None  # its blocks are being moved, or have been
        entry = PackEntry(pack.id, pack.key, pack.stored_bytes, pack.sha256)
        if self._is_there(entry):
            return entry
        self.lost.append(entry.key)
        return None

    def _is_there(self, entry: PackEntry) -> bool:
        try:
            return self._storage.size(entry.key) == entry.bytes
        except ObjectMissing:
            return False


class BlockIndex:
    """Looks blocks up by their hashes, in the metadata."""

    def __init__(self, metadata: Metadata, pool: str, packs: KnownPacks) -> None:
        self._blocks = metadata.blocks
        self._pool = pool
        self._packs = packs

    def places(self, hashes: Iterable[bytes]) -> dict[bytes, Place]:
        """Of those blocks that are stored and there; one query for up to 1000 hashes."""
        known = self.known(hashes)
        return {hash_: place_of(place) for hash_, place in known.items() if self.usable(place)}

    def known(self, hashes: Iterable[bytes]) -> dict[bytes, BlockPlace]:
        """The same, also of those that must not be referred to."""
        return self._blocks.places(self._pool, list(hashes))

    def usable(self, place: BlockPlace) -> bool:
        return self._packs.usable(place.pack)

    def move(self, pack: str, place: BlockPlace) -> None:
        """A block that lies in `pack` by the index is looked for at this place from now on."""
        self._blocks.move(self._pool, pack, [place])


def place_of(place: BlockPlace) -> Place:
    return Place(place.pack, place.offset, place.stored_bytes, place.number)
