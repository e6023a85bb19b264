"""Nothing that stands in an archive is believed."""

import gzip
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.int64 import Int64

from mmsconsole.dump.archive_content import ArchiveContent
from mmsconsole.dump.archive_reader import ArchiveReader
from mmsconsole.dump.archive_writer import ArchiveWriter
from mmsconsole.dump.crc64 import crc64, signed
from mmsconsole.dump.prelude import Prelude, PreludeEntry
from mmsconsole.errors import DumpDamaged
from mmsconsole.task import Task

END = b"\xff\xff\xff\xff"
MAGIC = bytes.fromhex("6de29981")
ONE = bson.encode({"_id": 1})


def prelude(*names: tuple[str, str], **changes: Any) -> bytes:
    header = {"concurrent_collections": 4, "version": "0.1", "server_version": "6.0.5",
              "tool_version": "100.18.0"} | changes  # fmt: skip
    entries = [
        {"db": db, "collection": name, "metadata": "", "size": 0, "type": "collection"}
        for db, name in names
    ]
    return MAGIC + bson.encode(header) + b"".join(map(bson.encode, entries)) + END


def body(db: str, name: str, *documents: bytes) -> bytes:
    header = {"db": db, "collection": name, "EOF": False, "CRC": Int64(0)}
    return bson.encode(header) + b"".join(documents) + END


def eof(db: str, name: str, documents: bytes = b"", crc: int | None = None) -> bytes:
    crc = signed(crc64(documents)) if crc is None else crc
    return bson.encode({"db": db, "collection": name, "EOF": True, "CRC": Int64(crc)}) + END


def read(data: bytes, step: int = 1 << 20) -> dict[tuple[str, str], bytes]:
    source = BytesIO(data)
    found: dict[tuple[str, str], bytes] = {}
    for piece in ArchiveReader(lambda count: source.read(min(count, step)), "a.archive").pieces():
        found[piece.namespace] = found.get(piece.namespace, b"") + piece.data
    return found


GOOD = prelude(("a", "b"), ("a", "c")) + body("a", "b", ONE, ONE) + body("a", "c", ONE) + body(
    "a", "b", ONE
) + eof("a", "b", ONE * 3) + eof("a", "c", ONE)  # fmt: skip


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
def test_namespaces_may_come_interleaved_and_in_any_pieces(step: int) -> None:
    assert read(GOOD, step) == {("a", "b"): ONE * 3, ("a", "c"): ONE}


def test_an_archive_cut_off_at_any_byte_is_refused() -> None:
    for end in range(len(GOOD)):
        with pytest.raises(DumpDamaged):
            read(GOOD[:end])


def test_an_archive_with_any_bit_of_its_documents_flipped_is_refused() -> None:
    for at in range(len(GOOD)):
        wrong = bytearray(GOOD)
        wrong[at] ^= 0x10
        try:
            found = read(bytes(wrong))
        except DumpDamaged:
            continue
        # What no checksum covers and nothing depends on: versions, sizes, texts of the prelude.
        assert found == {("a", "b"): ONE * 3, ("a", "c"): ONE}, at


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "cut off"),
    "no magic": (b"PK\x03\x04 and so on", "no archive"),
    "another version": (prelude(version="0.9"), "its format is '0.9'"),
    "a prelude without header": (MAGIC + END, "prelude has no header"),
    "a header that is no document": (
        MAGIC + struct.pack("<i", 9) + b"zzzz\x00" + END, "unreadable"),
    "a document of 0 bytes": (prelude(("a", "b")) + body("a", "b", bytes(8)), "of 0 bytes"),
    "a negative length": (prelude(("a", "b")) + body("a", "b", struct.pack("<i", -7)), "-7 bytes"),
    "a document of 17 MB": (
        prelude(("a", "b")) + body("a", "b", struct.pack("<i", 17 << 20)), "of 17825792 bytes"),
    "a document without its zero": (
        prelude(("a", "b")) + body("a", "b", ONE[:-1] + b"\x01"), "does not end where it says"),
    "two terminators": (prelude(("a", "b")) + body("a", "b", ONE) + END, "two terminators"),
    "a wrong checksum": (
        prelude(("a", "b")) + body("a", "b", ONE) + eof("a", "b", crc=5), "checksum of a.b"),
    "two ends": (
        prelude(("a", "b")) + body("a", "b") + eof("a", "b") * 2, "not announced or has ended"),
    "documents behind the end": (
        prelude(("a", "b")) + eof("a", "b") + body("a", "b", ONE), "not announced or has ended"),
    "documents in the end": (
        prelude(("a", "b")) + eof("a", "b")[:-4] + ONE + END, "documents of a.b behind its end"),
    "a namespace not announced": (prelude(("a", "b")) + body("x", "y", ONE), "x.y"),
    "announced twice": (prelude(("a", "b"), ("a", "b")), "announced twice"),
    "no end": (prelude(("a", "b")) + body("a", "b", ONE), "the end of a.b is missing"),
    "EOF that is a number": (
        prelude(("a", "b")) + bson.encode({"db": "a", "collection": "b", "EOF": 1}) + END,
        "without EOF"),
    "a name that is a number": (
        prelude() + bson.encode({"db": 1, "collection": "b", "EOF": False}) + END, "no text"),
    "a database called ..": (prelude(("..", "b")), "no database can have this name"),
    "a database with a slash": (prelude(("a/b", "b")), "no database can have this name"),
    "a database with a NUL": (prelude(("a\0b", "b")), "no database can have this name"),
    "a collection with a NUL": (prelude(("a", "b\0c")), "no collection can have this name"),
    "a collection called ..": (prelude(("a", "..")), "no collection can have this name"),
    "a database without a name": (prelude(("", "b")), "without a name"),
    "a collection without a name": (prelude(("a", "")), "without a name"),
    "a name of 300 bytes": (prelude(("a", "b" * 300)), "too long"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_the_error_names_it(name: str) -> None:
    data, said = HOSTILE[name]
    with pytest.raises(DumpDamaged, match=said) as raised:
        read(data)
    assert raised.value.where == "a.archive"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut off"),
        pytest.param(lambda data: data[:40] + bytes(9) + data[49:], id="bytes changed"),
        pytest.param(lambda data: data[:-8] + bytes(8), id="gzip's own checksum"),
        pytest.param(lambda data: data + b"garbage", id="something behind it"),
    ],
)
def test_a_damaged_gzip_stream_is_refused(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "z.archive"
    path.write_bytes(damage(gzip.compress(GOOD)))
    with pytest.raises(DumpDamaged) as raised:
        list(ArchiveContent(path).batches(frozenset({"a.b"}), Task()))
    assert raised.value.where == str(path)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("{", "no extended JSON"),
        ("[]", "no document"),
        ('{"options":7}', "options are no document"),
        ('{"indexes":{"a":1}}', "indexes are no list"),
        ('{"indexes":[{"key":{"a":1}}]}', "without key or name"),
        ('{"uuid":"xyz"}', "not hexadecimal"),
        ('{"uuid":"00"}', "16 bytes"),
        ('{"type":"trigger"}', "of the type 'trigger'"),
        ('{"collectionName":"other"}', "two things"),
        ('{"options":{"a":{"$numberLong":"x"}}}', "no extended JSON"),
        ('{"options":{"a":99999999999999999999}}', "do not fit into BSON"),
        ("[" * 100_000, "no extended JSON"),
    ],
)
def test_hostile_metadata_are_refused(metadata: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "m.archive"
    with path.open("wb") as file:
        entry = PreludeEntry("a", "b", metadata, "collection")
        writer = ArchiveWriter(file.write, Prelude("6.0.5", (entry,)))
        writer.begin("a", "b")
        writer.end()
    with pytest.raises(DumpDamaged, match=said):
        ArchiveContent(path)


def test_operators_of_a_validator_are_not_taken_for_types(tmp_path: Path) -> None:
    path = tmp_path / "v.archive"
    text = (
        '{"options":{"validator":{"a":{"$regex":"^x","$options":"i"}}},"indexes":[],'
        '"collectionName":"b","type":"collection"}'
    )
    with path.open("wb") as file:
        ArchiveWriter(file.write, Prelude("6", (PreludeEntry("a", "b", text, "collection"),)))
    options = ArchiveContent(path).collections[0].options
    assert bson.decode(options) == {"validator": {"a": {"$regex": "^x", "$options": "i"}}}
