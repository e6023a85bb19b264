"""The tables of decisions over every entry of the corpus, without a server."""

from types import ModuleType
from typing import Any

import bson
import pytest

from mmsconsole.oplog import commands, decide, namespaces
from tests.oplog.corpus import FOLDER, Example, described, load, peeked, shape
from tests.oplog.kinds import KINDS, Kind, command_of, kind_of
from tests.oplog.other_versions import ENTRIES, Written

OF_A_CONTINUED_LINE = "  "


def decided(entry: dict[str, Any]) -> Any:
    return described(decide.decide(peeked(bson.encode(entry))), entry)


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Example]]:
    return {file.stem: load(file) for file in sorted(FOLDER.glob("*.json"))}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_entry_that_a_server_wrote_is_decided_upon_as_it_always_was(kind: Kind) -> None:
    examples = load(FOLDER / f"{kind.name}.json")
    assert examples
    for example in examples:
        assert decided(example.entry) == example.decision


@pytest.mark.parametrize("written", ENTRIES, ids=lambda written: written.name)
def test_an_entry_of_another_version_is_decided_upon_as_the_documents_say(
    written: Written,
) -> None:
    decision = decided(written.entry)
    whole = not isinstance(written.decision, str) or isinstance(decision, str)
    assert (decision if whole else next(iter(decision))) == written.decision


def test_every_file_is_of_a_kind_and_each_of_its_entries_too(
    corpus: dict[str, list[Example]],
) -> None:
    assert set(corpus) == {kind.name for kind in KINDS}
    for name, examples in corpus.items():
        for example in examples:
            kind = kind_of(example.entry)
            assert kind is not None
            assert kind.name == name
        assert len({shape(example.entry) for example in examples}) == len(examples)


def test_the_largest_documents_are_as_large_as_they_were(
    corpus: dict[str, list[Example]],
) -> None:
    sizes = [len(example.raw) for example in corpus["largest"]]
    assert max(sizes) > 16 << 20


# -- the corpus and the tables ----------------------------------------------------------------


def rows(module: ModuleType) -> dict[str, bool]:
    """What the table of the module's docstring has rows for, and whether they have a mark: from
    the documents alone.
    """
    cells: list[str] = []
    for line in str(module.__doc__).splitlines():
        cell = line.removeprefix("| ").partition("|")[0]
        if line.startswith("| ") and cell.startswith(OF_A_CONTINUED_LINE):
            cells[-1] = f"{cells[-1]} {cell.strip()}".rstrip()
        elif line.startswith("| "):
            cells.append(cell.strip().removeprefix("- "))
    return {cell.replace("~ ", "").removesuffix(" ~"): is_marked(cell) for cell in cells[1:]}


def is_marked(cell: str) -> bool:
    return "~" in cell


def is_about(row: str, claim: str) -> bool:
    """Whether the row begins with these words."""
    return f"{row} ".startswith((f"{claim} ", f"{claim},", f"{claim}:"))


@pytest.mark.parametrize("module", [decide, commands, namespaces], ids=lambda m: m.__name__)
def test_every_row_of_the_tables_is_in_the_corpus_and_has_its_mark(module: ModuleType) -> None:
    """A row without a mark says that a server wrote such an entry."""
    for row, marked in rows(module).items():
        on_a_server = any(is_about(row, kind.row) for kind in KINDS)
        by_hand = any(is_about(row, written.row) for written in ENTRIES)
        assert on_a_server or by_hand or row in IN_ANOTHER_TABLE, row
        if row not in IN_ANOTHER_TABLE and not row.startswith(NOT_OF_A_SERVER):
            assert on_a_server is not marked, row


IN_ANOTHER_TABLE = ("i, u, d of another collection", "c", "admin.system.version")
NOT_OF_A_SERVER = (
    "any other op", "anything else", "no collection at all", "local.*", "i of the document",
)  # fmt: skip
"""Rows for what no server should write."""


def test_a_row_that_is_claimed_is_one() -> None:
    known = [row for module in (decide, commands, namespaces) for row in rows(module)]
    for claim in {kind.row for kind in KINDS} | {written.row for written in ENTRIES}:
        assert any(is_about(row, claim) for row in known), claim


def test_each_known_command_was_written_by_a_server_or_by_hand(
    corpus: dict[str, list[Example]],
) -> None:
    from_a_server = {command_of(one.entry) for examples in corpus.values() for one in examples}
    by_hand = {command_of(written.entry) for written in ENTRIES}
    assert from_a_server - {""} == {name.decode() for name in commands.FROM_A_SERVER}
    assert by_hand >= {name.decode() for name in commands.FROM_THE_DOCUMENTS}


def test_each_operation_that_is_skipped_is_in_the_corpus(
    corpus: dict[str, list[Example]],
) -> None:
    found = {one.entry["op"] for examples in corpus.values() for one in examples}
    found |= {written.entry["op"] for written in ENTRIES}
    assert found >= {"i", "u", "d", "c"} | {op.decode() for op in decide.IGNORED_OPS}
