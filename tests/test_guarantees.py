"""The list of guarantees names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LIST = TESTS.parent / "docs" / "guarantees.md"
NAMED = sorted(set(re.findall(r"`((?:\w+/)+test_\w+)(?:::(\w+))?`", LIST.read_text())))


def test_every_promise_names_what_shows_it() -> None:
    promises = [line for line in LIST.read_text().splitlines() if line.startswith("| ")]
    rows = [line for line in promises if line != "| promise | shown by |"]
    assert rows
    assert all(re.search(r"`(?:\w+/)+test_\w+", row) for row in rows)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_what_is_named_exists(file: str, name: str) -> None:
    text = (TESTS / f"{file}.py").read_text()
    assert f"def {name}(" in text or not name
