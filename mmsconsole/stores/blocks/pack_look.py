"""What is still good in a pack that is damaged, and which of its blocks are wrong."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import zstandard

from mmsconsole.errors import ObjectCorrupt, ObjectMissing, StorageError
from mmsconsole.metadata.blocks import BlockPlace, Pack
from mmsconsole.rawbson import Buffer
from mmsconsole.storage.base import Storage
from mmsconsole.stores.blocks.bits import bits_of
from mmsconsole.stores.blocks.block import BLOCK_BYTES_MAX, hash_of, unpacked
from mmsconsole.stores.blocks.packs import index_in, places_by_sizes
from mmsconsole.stores.compression import Zstd

PIECE_BYTES = 64 << 10
"""So much is given up around a byte that is wrong, where a store refuses to give it."""


Names = Mapping[int, BlockPlace]
"""What others tell of the blocks of a pack, by their numbers: of all, or of those that snapshots
need.
"""
NO_NAMES: Names = {}


def image_of(storage: Storage, pack: Pack) -> bytes:
    """The bytes of a pack, right or wrong, as many as there are; zeros where it can not be read.

    Raises StorageError where the store does not answer.
    """
    try:
        return storage.get(pack.key)
    except ObjectMissing:
        return b""
    except ObjectCorrupt:  # an encrypted one: a piece of it is right or is not given
        size = pack.stored_bytes
        pieces = (min(PIECE_BYTES, size - at) for at in range(0, size, PIECE_BYTES))
        return b"".join(
            _piece(storage, pack.key, number * PIECE_BYTES, length)
            for number, length in enumerate(pieces)
        )


def _piece(storage: Storage, key: str, offset: int, length: int) -> bytes:
    try:
        return storage.get_range(key, offset, length)
    except (ObjectMissing, ObjectCorrupt):
        return bytes(length)


def index_of(images: Sequence[bytes], pack: Pack) -> list[BlockPlace] | None:
    """As the first of the images tells it whose index is whole."""
    for image in images:
        with suppress(ObjectCorrupt):
            places = index_in(image, pack.id, pack.key)
            if len(places) == pack.blocks or not pack.blocks:
                return places
    return None


class PackLook:
    """One pack, by all the images of it that there are: of the store, and of its copy."""

    def __init__(self, pack: Pack, group: str, images: Sequence[bytes], names: Names) -> None:
        """`names` are needed where no image has its index."""
        self.pack = pack
        self.places = _places(pack, group, images, names)
        """By number; those without a hash are needed by nobody."""
        self.good: dict[int, Buffer] = {}
        """Stored bytes that are right, by number."""
        self._zstd = Zstd(checksum=False)
        for place in self.places.values():
            for image in images:
                stored = memoryview(image)[place.offset : place.offset + place.stored_bytes]
                if self._is_good(place, stored):
                    self.good[place.number] = stored
                    break

    @property
    def wrong(self) -> int:
        """The blocks that are not right, or not there, as bits."""
        return bits_of(number for number in self.places if number not in self.good)

    def _is_good(self, place: BlockPlace, stored: Buffer) -> bool:
        if len(stored) != place.stored_bytes or not place.hash:
            return False
        try:
            unpacked(stored, place.raw_bytes, place.hash, self.pack.key, self._zstd)
        except StorageError:
            return False
        return True


def _places(pack: Pack, group: str, images: Sequence[bytes], names: Names) -> dict[int, BlockPlace]:
    index = index_of(images, pack)
    if index is not None:
        return {place.number: place for place in index}
    if not pack.sizes:  # a rebuild could not read its index either
        return dict(names)
    by_sizes = places_by_sizes(group, pack.id, pack.sizes)
    return {place.number: _named(place, images, names) for place in by_sizes}


def _named(place: BlockPlace, images: Sequence[bytes], names: Names) -> BlockPlace:
    name = names.get(place.number)
    if name is not None:
        return replace(place, hash=name.hash, raw_bytes=name.raw_bytes)
    return _told_by(place, images)


def _told_by(place: BlockPlace, images: Sequence[bytes]) -> BlockPlace:
    """What the bytes seem to be: of a block that nobody needs, so that its pack can be made again
    as it was. It is held against the sha256 of the whole.
    """
    for image in images:
        stored = image[place.offset : place.offset + place.stored_bytes]
        if len(stored) == place.stored_bytes:
            raw = _decompressed(stored)
            return replace(place, hash=hash_of(raw), raw_bytes=len(raw))
    return place


def _decompressed(stored: bytes) -> bytes:
    try:
        if 0 < zstandard.frame_content_size(stored) <= BLOCK_BYTES_MAX:
            return zstandard.decompress(stored)
    except zstandard.ZstdError:
        pass
    return stored
