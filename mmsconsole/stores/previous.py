"""The previous snapshot of the same head, gone through beside the files that are being cut."""

from collections.abc import Iterator
from typing import NamedTuple

from mmsconsole.stores.block import ZERO, Place
from mmsconsole.stores.index import KnownPacks
from mmsconsole.stores.manifest import NO_PACK, FileEntry
from mmsconsole.stores.manifest_reader import ManifestReader


class Known(NamedTuple):
    """A block of the previous snapshot."""

    hash: bytes
    place: Place


class Previous:
    """Asked for files in the order of their paths, once each."""

    def __init__(self, manifest: ManifestReader | None, packs: KnownPacks) -> None:
        """Without a manifest it knows nothing."""
        self._manifest = manifest
        self._packs = packs
        self._files: Iterator[FileEntry] = manifest.files() if manifest else iter(())
        self._next = next(self._files, None)

    def file(self, path: str) -> FileEntry | None:
        sought = path.encode()
        while self._next is not None and self._next.path.encode() < sought:
            self._next = next(self._files, None)
        return self._next if self._next is not None and self._next.path == path else None

    def blocks(self, file: FileEntry | None, position: int, count: int) -> list[Known]:
        """Some blocks of a file that it had then; fewer where the file ends before.

        Blocks whose pack is not there any more have a hash that no block has.
        """
        if self._manifest is None or file is None:
            return []
        count = max(0, min(count, file.blocks - position))
        return [
            self._known(*record) for record in self._manifest.records(file.first + position, count)
        ]

    def _known(self, hash_: bytes, number: int, offset: int, stored_bytes: int) -> Known:
        assert self._manifest is not None
        if number == NO_PACK:
            return Known(hash_, ZERO)
        pack = self._manifest.packs[number].id
        return Known(hash_ if self._packs.usable(pack) else b"", Place(pack, offset, stored_bytes))
