"""The format of a catalogue, byte for byte as docs/formats.md has it; nothing wrong is believed."""

import hashlib
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bson
import pytest
import zstandard

from mmsconsole.errors import ObjectCorrupt
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.catalogue import (
    Catalogue,
    CatalogueName,
    CatalogueWriter,
    catalogue_key,
    names_in,
    next_time,
    surplus,
)
from mmsconsole.stores.framing import CATALOGUE, frame
from mmsconsole.task import Task

AT = datetime(2026, 11, 20, 14, 3, 7, 89_000, tzinfo=UTC)
KEY = "catalogue/e1/20261120T140307089Z-ab.catalogue"
HEADER = {"engine": "e1", "at": AT, "schema": 1, "without_password": ["d1"]}
RECORDS = [("snapshots", {"_id": "s1", "bytes": 5}), ("events", {"_id": "e", "text": "x" * 500})]


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def stored(storage: LocalStorage) -> bytes:
    with CatalogueWriter(HEADER) as writer:
        for collection, record in RECORDS:
            writer.add(collection, record)
        writer.store(storage, KEY)
    return storage.get(KEY)


def name(key: str = KEY) -> CatalogueName:
    found = CatalogueName.of(key)
    assert found is not None
    return found


def opened(storage: LocalStorage) -> list[tuple[str, dict[str, object]]]:
    return list(Catalogue.open(storage, name(), Task()).records())


def whole(content: bytes, count: int) -> bytes:
    before = frame(CATALOGUE, HEADER) + content
    return before + struct.pack("<8sQ32s", b"CATALEND", count, hashlib.sha256(before).digest())


def compressed(*documents: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(b"".join(documents))


def test_a_catalogue(storage: LocalStorage) -> None:
    data = stored(storage)

    head = frame(b"MMSCATAL", HEADER)
    assert data.startswith(head)
    magic, count, digest = struct.unpack("<8sQ32s", data[-48:])
    assert (magic, count) == (b"CATALEND", 2)
    assert digest == hashlib.sha256(data[:-48]).digest()
    raw = zstandard.ZstdDecompressor().decompressobj().decompress(data[len(head) : -48])
    assert bson.decode_all(raw) == [{"collection": c, "record": r} for c, r in RECORDS]
    assert opened(storage) == RECORDS


def test_one_that_another_program_wrote_is_read(storage: LocalStorage) -> None:
    documents = [bson.encode({"collection": c, "record": r}) for c, r in RECORDS]
    storage.put(KEY, [whole(compressed(*documents), 2)])

    assert opened(storage) == RECORDS


def test_every_wrong_byte_is_found(storage: LocalStorage) -> None:
    data = stored(storage)
    for place in range(len(data)):
        wrong = bytearray(data)
        wrong[place] ^= 1
        storage.put(KEY, [wrong])
        with pytest.raises(ObjectCorrupt, match=r"20261120T140307089Z"):
            opened(storage)


def test_one_that_is_cut_off_is_found(storage: LocalStorage) -> None:
    data = stored(storage)
    for length in range(0, len(data), 7):
        storage.put(KEY, [data[:length]])
        with pytest.raises(ObjectCorrupt):
            opened(storage)


GOOD = bson.encode({"collection": "events", "record": {"_id": "e"}})
HOSTILE: dict[str, Callable[[], bytes]] = {
    "counts too many": lambda: whole(compressed(GOOD), 2),
    "counts too few": lambda: whole(compressed(GOOD, GOOD), 1),
    "a record that is none": lambda: whole(compressed(bson.encode({"collection": 1})), 1),
    "a record without end": lambda: whole(compressed(struct.pack("<i", 1 << 30), b"x" * 99), 1),
    "a record of negative length": lambda: whole(compressed(struct.pack("<i", -5)), 1),
    "half a record": lambda: whole(compressed(GOOD[:-3]), 1),
    "not BSON": lambda: whole(compressed(struct.pack("<i", 9) + b"\xff" * 5), 1),
    "not zstd": lambda: whole(b"plain", 1),
    "zeros that fill the memory": lambda: whole(compressed(bytes(64 << 20)), 1),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_made_to_do_harm_is_refused(storage: LocalStorage, case: str) -> None:
    storage.put(KEY, [HOSTILE[case]()])

    with pytest.raises(ObjectCorrupt):
        opened(storage)


def test_a_name_tells_who_and_when() -> None:
    assert catalogue_key("e1", AT, "ab") == KEY
    assert name() == CatalogueName(KEY, "e1", AT)


@pytest.mark.parametrize(
    "key",
    [
        "catalogue/e1/20269920T140307089Z-ab.catalogue",
        "catalogue/e1/20261120T140307089Z-ab.catalogue.tmp",
        "catalogue/20261120T140307089Z-ab.catalogue",
        "packs/default/aa/aa.pack",
    ],
)
def test_other_names_are_none(key: str) -> None:
    assert CatalogueName.of(key) is None


def test_the_newest_comes_first_whoever_wrote_it(storage: LocalStorage) -> None:
    keys = [catalogue_key(e, AT + timedelta(hours=h), "ab") for e, h in (("b", 1), ("a", 2))]
    for key in [*keys, "catalogue/readme"]:
        storage.put(key, [b"x"])

    assert [one.key for one in names_in(storage)] == keys[::-1]


def test_only_older_ones_of_the_same_engine_are_surplus() -> None:
    names = [
        name(catalogue_key(engine, AT + timedelta(hours=hour), "ab"))
        for engine in ("mine", "other")
        for hour in range(4)
    ]

    assert [one.at.hour for one in surplus(names, "mine", keep=3)] == [AT.hour]
    assert surplus(names, "mine", keep=9) == []


def test_a_clock_that_was_set_back_makes_no_older_name() -> None:
    assert next_time(AT, []) == AT
    assert next_time(AT + timedelta(seconds=1), [name()]) == AT + timedelta(seconds=1)
    assert next_time(AT - timedelta(days=9), [name()]) == AT + timedelta(milliseconds=1)
