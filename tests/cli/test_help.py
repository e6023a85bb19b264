"""Every help page fits a terminal of 80 columns, and cuts no sentence."""

import shlex
from typing import Any

import pytest

from mmsconsole.cli.app import command
from mmsconsole.cli.exits import ExitCode
from tests.cli.terminal import Terminal

COLUMNS = 80


def pages(of: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = getattr(of, "commands", {})
    return [path, *(page for name, one in below.items() for page in pages(one, (*path, name)))]


PAGES = pages(command())


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_a_help_page_fits_and_is_whole(
    no_engine: Terminal,
    page: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    assert no_engine.run(*page, "--help").code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage")] == []


CATALOGUE = ["metrics", "--list"]


def test_every_example_is_a_command_that_exists(
    capsys: pytest.CaptureFixture[str], no_engine: Terminal
) -> None:
    """It gets as far as to the engine that is missing, so its options are right."""
    examples = []
    for page in PAGES:
        no_engine.run(*page, "--help")
        _, _, below = capsys.readouterr().out.partition("Examples:\n")
        examples += [line for line in below.splitlines() if line.strip().startswith("mmsconsole ")]
    assert len(examples) > 5
    for example in examples:
        words = shlex.split(example)[1:]
        if words[0] in ("demo", "engine", "replay", "--record") or words == CATALOGUE:
            continue  # no question to the engine: they begin, or want a terminal
        # Of a folder that is not there:
        alone = words[:2] in (["store", "restore"], ["restore", "dump"])
        expected = ExitCode.USAGE if alone else ExitCode.NO_ENGINE
        assert no_engine.run(*words).code == expected, example
