"""Help, made of the registry: nothing is written twice, so nothing can be out of date."""

from mmsconsole.console.actions import CHAPTERS, REGISTRY, Action
from mmsconsole.console.glyphs import key_name
from mmsconsole.console.present.text import Line, Page, Span, Tone, beside, line

KEYS_CELLS = 15
WORD_CELLS = 13


def draw(page: Page) -> list[Line]:
    """All chapters below one another; side by side in two columns where there is room."""
    chapters = [_chapter(title, page) for title in CHAPTERS]
    if not page.wide:
        return [each for chapter in chapters for each in chapter]
    left: list[Line] = []
    right: list[Line] = []
    for chapter in chapters:
        (left if len(left) <= len(right) else right).extend(chapter)
    return beside(left, right, page.width // 2 - 1, page)


def _chapter(title: str, page: Page) -> list[Line]:
    actions = [action for action in REGISTRY if action.chapter == title]
    return [line(" ", Span(title, Tone.TITLE)), *(_entry(action, page) for action in actions), ()]


def _entry(action: Action, page: Page) -> Line:
    keys = " ".join(key_name(key, page.glyphs) for key in action.keys)
    word = f":{action.words[0]}" if action.words else ""
    asks = Span(" !", Tone.WARN) if action.dangerous else ()
    return line(
        "  ", Span(f"{keys:<{KEYS_CELLS}}", Tone.KEY), Span(f"{word:<{WORD_CELLS}}", Tone.ACCENT),
        action.help, asks,
    )  # fmt: skip
