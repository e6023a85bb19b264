"""What a head said of its data is kept small, and goes with the history that it was said of."""

import secrets
from datetime import UTC, datetime

import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata import witnesses
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.witnesses import Witness, Witnessed, pack, unpack
from mmsconsole.optime import Optime

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(count: int) -> dict[str, Witnessed]:
    """Digests that nothing compresses, as real ones are."""
    return {
        f"app.collection_{number}": Witnessed(
            "collection", secrets.token_hex(16), number, secrets.token_hex(8),
            secrets.token_hex(8), secrets.token_hex(16),
        )
        for number in range(count)
    }  # fmt: skip


def test_it_comes_back_as_it_was() -> None:
    held = seen(5)
    packed = pack(held)
    assert packed is not None
    assert unpack(packed) == held


def test_thousands_of_collections_are_a_few_hundred_kilobytes() -> None:
    packed = pack(seen(10_000))
    assert packed is not None
    assert len(packed) < 1_000_000


def test_what_no_record_holds_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "PACKED_BYTES_MAX", 1000)
    assert pack(seen(1)) is not None
    assert pack(seen(100)) is None


@pytest.mark.parametrize("packed", [b"", b"not zlib", (pack({}) or b"")[:-6]])
def test_what_is_no_witness_is_an_error(packed: bytes) -> None:
    with pytest.raises(MetadataError):
        unpack(packed)


def witness(id_: str, t: int, snapshot: str = "", deployment: str = "d1") -> Witness:
    return Witness(id_, deployment, "h1", Optime(t, 1), AT, snapshot, packed=b"much")


@pytest.fixture
def known(metadata: Metadata) -> Metadata:
    of_two = [witness("b", 20), witness("a", 10, "s1"), witness("c", 30), witness("x", 5, "", "d2")]
    for one in of_two:
        metadata.witnesses.add(one)
    return metadata


def test_they_are_listed_in_order_without_what_they_hold(known: Metadata) -> None:
    assert [(one.id, one.packed) for one in known.witnesses.of("d1")] == [
        ("a", b""), ("b", b""), ("c", b"")
    ]  # fmt: skip


def test_the_one_of_a_snapshot_has_all(known: Metadata) -> None:
    found = known.witnesses.of_snapshot("s1")
    assert found is not None
    assert (found.id, found.packed) == ("a", b"much")


def test_history_that_is_taken_back_takes_its_witnesses_along(known: Metadata) -> None:
    known.witnesses.drop("d1", after=Optime(20, 1))
    assert [one.id for one in known.witnesses.of("d1")] == ["a", "b"]
    known.witnesses.drop("d1")
    assert known.witnesses.of("d1") == []
    assert len(known.witnesses.of("d2")) == 1
