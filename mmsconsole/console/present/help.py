"""Help, made of the registry: nothing is written twice, so nothing can be out of date."""

from collections.abc import Sequence

from mmsconsole.console.actions import CHAPTERS, REGISTRY, Action, own_actions
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present.text import Line, Page, Span, Tone, beside, line

KEYS_CELLS = 15
WORD_CELLS = 13
HERE = "On this page"


def draw(view: str, page: Page) -> list[Line]:
    """What works on the page that one comes from, then all chapters below one another; side by
    side in two columns where there is room.
    """
    here = own_actions(view)
    chapters = [_chapter(HERE, here, page)] if here else []
    chapters += [
        _chapter(title, [each for each in REGISTRY if each.chapter == title], page)
        for title in CHAPTERS
    ]
    if not page.wide:
        return [each for chapter in chapters for each in chapter]
    left: list[Line] = []
    right: list[Line] = []
    for chapter in chapters:
        (left if len(left) <= len(right) else right).extend(chapter)
    return beside(left, right, page.width // 2 - 1, page)


def _chapter(title: str, actions: Sequence[Action], page: Page) -> list[Line]:
    return [line(" ", Span(title, Tone.TITLE)), *(_entry(action, page) for action in actions), ()]


def _entry(action: Action, page: Page) -> Line:
    keys = " ".join(key_name(key, page.glyphs) for key in action.keys)
    word = f":{action.words[0]}" if action.words else ""
    asks = Span(" !", Tone.WARN) if action.dangerous else ()
    return line(
        "  ", Span(f"{keys:<{KEYS_CELLS}}", Tone.KEY), Span(f"{word:<{WORD_CELLS}}", Tone.ACCENT),
        action.help, asks,
    )  # fmt: skip
