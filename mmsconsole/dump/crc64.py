"""CRC-64/ECMA, reflected (0xC96C5795D7870F42), as Go's crc64.ECMA and xz have it.

liblzma has it at some GB/s and exports it; it is there because Python's lzma module is made on
it. Where its symbol can not be reached, a table does the same at about 10 MB/s.
"""

import ctypes
import importlib
from collections.abc import Callable

POLYNOMIAL = 0xC96C5795D7870F42
_ALL_ONES = (1 << 64) - 1
Crc = Callable[[bytes, int], int]


def _table_row(byte: int) -> int:
    value = byte
    for _ in range(8):
        value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(map(_table_row, range(256)))


def by_table(data: bytes, crc: int = 0) -> int:
    """Of `data` behind what `crc` is of."""
    value = crc ^ _ALL_ONES
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ _ALL_ONES


def by_library() -> Crc | None:
    """liblzma's, which works without the GIL; None where it can not be reached."""
    try:
        path = importlib.import_module("_lzma").__file__
        function = ctypes.CDLL(path).lzma_crc64  # a library's symbols are those it is linked with
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    function.restype = ctypes.c_uint64
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
    return lambda data, crc: int(function(data, len(data), crc))


_crc: Crc = by_library() or by_table


def crc64(data: bytes, crc: int = 0) -> int:
    """Unsigned; of `data` behind what `crc` is of."""
    return _crc(data, crc)


def signed(crc: int) -> int:
    """As it stands in an archive."""
    return crc - (1 << 64) if crc >> 63 else crc
