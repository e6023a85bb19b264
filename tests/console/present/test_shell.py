"""Command lines that are folded are still the same commands."""

import shlex
import subprocess

import pytest

from mmsconsole.console.present import shell
from mmsconsole.console.present.text import cells, plain
from mmsconsole.restore.seeding.plan import commands, seed_of
from tests.support.fake_opened import OFFER

WORDS = [
    OFFER.curl.split(" "),
    ["mongosh", "mongodb://reader@127.0.0.1:27700/?directConnection=true&authSource=admin" * 2],
    ["chown", "-R", "mongodb:", '/srv/it\'s a "folder" of $HOME\\ and `more`' * 3],
    shlex.split(commands(seed_of("rs0", ["a:1", "b:2", "c:3"]), "/srv/x y", "6.0")[-1]),
]


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("width", [9, 31, 78, 79])
def test_a_shell_reads_the_same_words(words: list[str], width: int) -> None:
    pieces = shell.folded(shlex.join(words), width)
    assert all(len(piece) <= width for piece in pieces)
    asked = "printf '%s\\0' " + "\n".join(pieces)
    done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == words


def test_a_short_line_and_a_remark_stay_as_they_are() -> None:
    assert shell.folded("mongod --port 1", 15) == ["mongod --port 1"]
    told = shell.commands(["# on a host, " + "word " * 40, "mongod"], 60)
    assert all(plain(line).startswith("# ") for line in told[:-1])
    assert all(cells(line) <= 60 for line in told)
    assert plain(told[-1]) == "mongod"


def test_nothing_in_it_steers_a_terminal() -> None:
    told = shell.commands(["mongod --dbpath '/x\x1b[2J'", "# \x1b]0;x\x07"], 60)
    assert all(plain(line).isprintable() for line in told)
