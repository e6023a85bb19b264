"""Spans and lines: harmless and as wide as they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsconsole.console.glyphs import UNICODE
from mmsconsole.console.present.text import (
    Page,
    Span,
    Tone,
    beside,
    cells,
    clip,
    edges,
    fit,
    line,
    plain,
    rule,
    wrap,
)
from tests.support.fake_data import NOW


def page(width: int = 40) -> Page:
    return Page(width, 10, NOW, UNICODE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orders", "orders"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc\x7f", r"a\x0ab\x09c\x7f"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202egnp", r"\u202egnp"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("Bücher 注文", "Bücher 注文"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_outside_text_is_made_harmless_when_it_becomes_a_span(text: str, shown: str) -> None:
    assert Span(text).text == shown


@given(st.text())
def test_whatever_a_span_is_made_of_can_be_printed(text: str) -> None:
    assert Span(text).text.isprintable()


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(1, 30))
def test_a_fitted_line_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cells(fit((Span(text),), width, "…")) == width
    assert cells(fit((Span(text),), width, "…", right=True)) == width


def test_clipping_keeps_tones_and_shows_that_something_is_missing() -> None:
    clipped = clip(line("name ", Span("lagging", Tone.WARN)), 8, "…")
    assert plain(clipped) == "name la…"
    assert clipped[-1].tone == Tone.WARN


def test_a_wide_sign_is_never_cut_in_half() -> None:
    assert cells(clip((Span("注文注文"),), 4, "…")) <= 4


def test_wrapping_breaks_at_spaces_and_long_words_at_the_edge() -> None:
    assert [plain(each) for each in wrap("one two abcdefghij", 5)] == [
        "one",
        "two",
        "abcde",
        "fghij",
    ]


@given(st.text(max_size=80), st.integers(2, 20))
def test_no_wrapped_line_is_too_wide(text: str, width: int) -> None:
    assert all(cells(each) <= width for each in wrap(text, width))


def test_the_right_end_is_kept_and_the_left_gives_way() -> None:
    assert plain(edges((Span("a long path"),), (Span("ok"),), 8, "…")) == "a lon…ok"


def test_a_rule_reaches_the_edge() -> None:
    assert cells(rule("lag", page(), "now 2s")) == 40


def test_two_columns_stand_beside_one_another() -> None:
    drawn = beside([(Span("a"),), (Span("b"),)], [(Span("x"),)], 5, page(12))
    assert [plain(each).rstrip() for each in drawn] == ["a      x", "b"]
