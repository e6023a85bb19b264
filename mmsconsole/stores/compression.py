"""zstd for objects and blocks. Its work is done without the GIL, so threads help."""

import threading
from collections.abc import Iterable

import zstandard

from mmsconsole.errors import ObjectCorrupt, UsageError
from mmsconsole.rawbson import Buffer

LEVEL = 1
"""1 costs a third to a quarter of 3's time for a tenth more bytes (reference figures)."""

RAW_BYTES_MAX = 256 << 20
"""Of a slice or a chunk. Much more than either ever is: a limit against nonsense."""


def check_raw_bytes(raw_bytes: int) -> int:
    """The size itself. Raises UsageError above RAW_BYTES_MAX."""
    if raw_bytes > RAW_BYTES_MAX:
        raise UsageError(f"{raw_bytes} bytes are too many for one object")
    return raw_bytes


class Zstd:
    """Compressor and decompressor objects are not thread-safe and dear to make: one per thread."""

    def __init__(self, *, checksum: bool, level: int = LEVEL) -> None:
        """`checksum`: let zstd keep its own, where no sha256 of the raw bytes is kept."""
        self._checksum = checksum
        self._level = level
        self._local = threading.local()

    @property
    def _compressor(self) -> zstandard.ZstdCompressor:
        found: zstandard.ZstdCompressor | None = getattr(self._local, "compressor", None)
        if found is None:
            found = zstandard.ZstdCompressor(level=self._level, write_checksum=self._checksum)
            self._local.compressor = found
        return found

    @property
    def _decompressor(self) -> zstandard.ZstdDecompressor:
        found: zstandard.ZstdDecompressor | None = getattr(self._local, "decompressor", None)
        if found is None:
            found = self._local.decompressor = zstandard.ZstdDecompressor()
        return found

    def compress(self, data: Buffer) -> bytes:
        return self._compressor.compress(data)

    def compress_parts(self, parts: Iterable[Buffer], raw_bytes: int) -> list[bytes]:
        """One frame over all the parts, which together have `raw_bytes`."""
        stream = self._compressor.compressobj(size=raw_bytes)
        return [*(stream.compress(part) for part in parts), stream.flush()]

    def decompress(self, data: Buffer, raw_bytes: int, key: str) -> bytes:
        """Exactly `raw_bytes`: a frame that claims another size is not even begun.

        Raises ObjectCorrupt naming `key`.
        """
        try:
            if zstandard.frame_content_size(data) != raw_bytes:
                raise ObjectCorrupt("its compressed content has another size", where=key)
            return self._decompressor.decompress(data, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise ObjectCorrupt("its compressed content is damaged", where=key) from error
