"""Which mongod runs the metadata database: one that can read its files."""

from pathlib import Path

import pytest

from mmsconsole.errors import NoSuitableMongod
from mmsconsole.metadata.binary import choose_for_metadata, made_by, remember
from mmsconsole.mongod.binaries import MongodBinary, Version


def binaries(*versions: str) -> list[MongodBinary]:
    return [MongodBinary(Path("/b", text), Version.parse(text)) for text in versions]


@pytest.mark.parametrize(
    ("made", "at_hand", "expected"),
    [
        (None, ["5.0.3", "6.0.5", "4.4.1"], "6.0.5"),
        ("6.0.5", ["6.0.2", "6.0.9", "7.0.1"], "6.0.9"),
        ("6.0.5", ["8.0.1", "7.0.1", "5.0.3"], "7.0.1"),
    ],
    ids=["a new one takes the newest", "the series that made it", "else the next newer one"],
)
def test_the_mongod_suits_the_database(made: str | None, at_hand: list[str], expected: str) -> None:
    chosen = choose_for_metadata(binaries(*at_hand), Version.parse(made) if made else None)

    assert str(chosen.version) == expected


@pytest.mark.parametrize("at_hand", [[], ["5.0.3"]], ids=["none", "only older ones"])
def test_without_a_suitable_mongod_it_is_said_what_to_install(at_hand: list[str]) -> None:
    with pytest.raises(NoSuitableMongod) as raised:
        choose_for_metadata(binaries(*at_hand), Version.parse("6.0.5"))

    assert "6.0" in raised.value.hint


def test_the_version_that_made_the_database_is_remembered(tmp_path: Path) -> None:
    assert made_by(tmp_path) is None

    remember(tmp_path, Version.parse("6.0.5"))

    assert made_by(tmp_path) == Version.parse("6.0.5")
