"""The format of encrypted objects, written out: whoever reads docs/storage.md can read them."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.encryption.data_keys import WrapName, unwrapped, wrapped
from mmsconsole.storage.encryption.master_key import MasterKey
from mmsconsole.storage.encryption.sealing import (
    HEADER_BYTES,
    SEALED_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    DataKey,
    Header,
    Segments,
    header_of,
    opened,
    plain_size,
    sealed_parts,
    segments_in,
)

DATA_KEY = DataKey(id=bytes(range(16)), secret=bytes(range(32)))
HEADER = Header(DATA_KEY.id, salt=bytes(range(100, 132)))
KNOWN = (
    "4d4d534352595054"  # MMSCRYPT
    "0100" "0000" "00000100"  # version 1, 0, 65536 bytes in a segment
    "000102030405060708090a0b0c0d0e0f"  # id of the data key
    "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"  # salt
)  # fmt: skip
KNOWN_SEGMENT = "df832df3d58af2ddd01bbd67ae52db60b2de5fc46f8202f822863008aa0a77f2"


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256, for 32 bytes at most."""
    pseudorandom = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(pseudorandom, info + b"\x01", hashlib.sha256).digest()[:length]


def sealed(parts: list[bytes], name: str = "a/b.pack") -> bytes:
    segments = Segments(DATA_KEY.secret, HEADER, name)
    return b"".join(sealed_parts(HEADER, segments, parts))


def test_an_object_is_these_bytes() -> None:
    made = sealed([b"blocks ", b"of a head"])

    assert made[:HEADER_BYTES].hex() == KNOWN
    assert made[HEADER_BYTES:].hex() == KNOWN_SEGMENT


def test_a_reader_from_the_description_alone_reads_it() -> None:
    """Nothing of the product is used here but its output."""
    plain = bytes(range(256)) * 300  # 76,800: two segments
    made = sealed([plain])
    header, body = made[:64], made[64:]
    assert header[:8] == b"MMSCRYPT"
    object_key = hkdf(DATA_KEY.secret, header[32:64], b"mmsconsole object", 32)

    found, size = b"", 65536 + 16
    numbers = range((len(body) + size - 1) // size)
    for number in numbers:
        last = number == numbers[-1]
        nonce = number.to_bytes(8, "little") + bytes([last, 0, 0, 0])
        segment = body[number * size : (number + 1) * size]
        found += AESGCM(object_key).decrypt(nonce, segment, header + b"a/b.pack")

    assert found == plain


def test_a_data_key_is_read_from_the_description_alone() -> None:
    master = MasterKey(bytes(range(50, 82)))
    fingerprint = hkdf(bytes(range(50, 82)), bytes(32), b"mmsconsole master key fingerprint", 16)
    name = f"keys/{DATA_KEY.id.hex()}/{fingerprint.hex()}.key"
    data = wrapped(DATA_KEY, master)

    assert WrapName(DATA_KEY.id, master.fingerprint).key == name
    assert data[:12] == b"MMSDKEY\0\x01\0\0\0"
    assert data[12:28] == DATA_KEY.id
    assert data[28:44] == fingerprint
    wrapping_key = hkdf(bytes(range(50, 82)), bytes(32), b"mmsconsole wrapping key", 32)
    bound = data[:44] + name.encode()
    assert AESGCM(wrapping_key).decrypt(data[44:56], data[56:104], bound) == DATA_KEY.secret
    assert len(data) == 108
    assert unwrapped(data, WrapName(DATA_KEY.id, master.fingerprint), master) == DATA_KEY


@pytest.mark.parametrize(
    ("plain", "segments"),
    [(0, 1), (1, 1), (SEGMENT_BYTES, 1), (SEGMENT_BYTES + 1, 2), (3 * SEGMENT_BYTES, 3)],
)
def test_the_plain_size_follows_from_the_stored_one(plain: int, segments: int) -> None:
    stored = HEADER_BYTES + plain + segments * TAG_BYTES

    assert plain_size(stored) == plain
    assert segments_in(plain) == segments
    assert len(sealed([bytes(plain)])) == stored


@pytest.mark.parametrize(
    "stored",
    [0, HEADER_BYTES, HEADER_BYTES + TAG_BYTES - 1, HEADER_BYTES + SEALED_BYTES + 1,
     HEADER_BYTES + SEALED_BYTES + TAG_BYTES],
)  # fmt: skip
def test_some_sizes_no_object_has(stored: int) -> None:
    assert plain_size(stored) is None


def test_segments_do_not_depend_on_how_the_bytes_came() -> None:
    data = bytes(range(256)) * 1000

    assert sealed([data]) == sealed([data[:1], b"", data[1:70_000], data[70_000:]])


def test_opened_segments_say_which_of_them_is_wrong() -> None:
    made = bytearray(sealed([bytes(3 * SEGMENT_BYTES)]))
    made[HEADER_BYTES + SEALED_BYTES + 5] ^= 1
    segments = Segments(DATA_KEY.secret, header_of(made, "a/b.pack"), "a/b.pack")

    with pytest.raises(ObjectCorrupt, match=r"a/b\.pack: segment 1 is not"):
        opened(segments, made[HEADER_BYTES:], 0, 3)
