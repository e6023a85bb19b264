"""New blocks into packs: filled in memory, stored by threads of their own.

Order: the pack is durable, then its record, then the places of its blocks. Until they are in
the metadata the places are remembered here, so that a block is stored once.
"""

import hashlib
import secrets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from mmsconsole.metadata.blocks import Pack
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.pools import Pool
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.block import Place
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.packs import PackBuilder, sizes_of

WRITERS = 2
"""One hashes a pack or tells the metadata of it while the other one waits for the disk."""


class Packing:
    """A context manager. In memory are at most one pack that is being filled and WRITERS that are
    being stored.
    """

    def __init__(self, storage: Storage, metadata: Metadata, pool: Pool, attempt: str = "") -> None:
        """`attempt`: of the cut that the blocks are for."""
        self.stored: dict[str, PackEntry] = {}
        """The packs that are durable and recorded, by id."""
        self._storage = storage
        self._metadata = metadata
        self._pool = pool
        self._attempt = attempt
        self._filling: PackBuilder | None = None
        self._storing: deque[Future[None]] = deque()
        self._on_the_way: dict[bytes, Place] = {}
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="pack")

    def __enter__(self) -> "Packing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writers.shutdown(wait=True)

    def place_of(self, hash_: bytes) -> Place | None:
        """If the block is on its way. May be asked from any thread."""
        return self._on_the_way.get(hash_)

    def add(self, hash_: bytes, stored: bytes, raw_bytes: int) -> Place:
        """Take a block that is not on its way. Raises what storing an earlier pack raised."""
        if self._filling is None:
            # Long ids: two packs of one id would be one object.
            self._filling = PackBuilder(self._pool.group, secrets.token_hex(16))
        at = self._filling.add(hash_, stored, raw_bytes)
        place = self._on_the_way[hash_] = Place(at.pack, at.offset, at.stored_bytes, at.number)
        if self._filling.full:
            self._seal()
        return place

    def finish(self) -> None:
        """Every block that was added is durable and recorded on return."""
        self._seal()
        self._wait(0)

    def _seal(self) -> None:
        self._wait(WRITERS - 1)
        if self._filling is not None:
            self._storing.append(self._writers.submit(self._store, self._filling))
            self._filling = None

    def _wait(self, storing_max: int) -> None:
        while len(self._storing) > storing_max:
            self._storing.popleft().result()

    def _store(self, pack: PackBuilder) -> None:
        parts = pack.parts()
        size = self._storage.put(pack.key, parts)
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        entry = PackEntry(pack.id, pack.key, size, digest.hexdigest())
        self._metadata.packs.add(
            Pack(
                pack.id, self._pool.id, pack.key, entry.sha256, len(pack.places), size,
                attempt=self._attempt, sizes=sizes_of(pack.places),
            )
        )  # fmt: skip
        self._metadata.blocks.add(self._pool.id, pack.places)
        self.stored[pack.id] = entry
        for place in pack.places:
            self._on_the_way.pop(place.hash, None)
