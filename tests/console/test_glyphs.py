"""Signs: one cell each, and ASCII where nothing else can be shown."""

from dataclasses import fields

import pytest
from rich.cells import cell_len

from mmsconsole.console.glyphs import ASCII, UNICODE, Glyphs, choose_glyphs, key_name


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_sign_is_one_cell(glyphs: Glyphs) -> None:
    for field in fields(Glyphs):
        value = getattr(glyphs, field.name)
        if isinstance(value, str) and field.name != "more":
            assert all(cell_len(sign) == 1 for sign in value), field.name


def test_ascii_is_ascii() -> None:
    for field in fields(Glyphs):
        value = getattr(ASCII, field.name)
        texts = value.values() if not isinstance(value, str) else [value]
        assert all(text.isascii() for text in texts), field.name


def test_states_differ_by_their_sign_alone() -> None:
    for glyphs in (UNICODE, ASCII):
        signs = [glyphs.good, glyphs.busy, glyphs.warn, glyphs.bad, glyphs.off]
        assert len(set(signs)) == len(signs)


@pytest.mark.parametrize(
    ("ascii_only", "encoding", "term", "expected"),
    [
        (False, "utf-8", "xterm-256color", UNICODE),
        (False, "UTF8", "screen", UNICODE),
        (True, "utf-8", "xterm", ASCII),
        (False, "ascii", "xterm", ASCII),
        (False, "iso8859-1", "xterm", ASCII),
        (False, "ANSI_X3.4-1968", "xterm", ASCII),
        (False, "utf-8", "linux", ASCII),
    ],
)
def test_the_set_suits_the_terminal(
    ascii_only: bool, encoding: str, term: str, expected: Glyphs
) -> None:
    assert choose_glyphs(ascii_only, encoding, term) is expected


def test_keys_are_written_as_on_the_keyboard() -> None:
    assert [key_name(key, ASCII) for key in ("colon", "ctrl+p", "x")] == [":", "^p", "x"]
