"""The signs that the console draws with: one set for Unicode terminals, one of ASCII alone."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Every sign is one cell wide; `bars` and `columns` are sequences from empty to full."""

    good: str
    busy: str
    warn: str
    bad: str
    off: str
    done: str
    todo: str
    here: str
    crumb: str
    rule: str
    ellipsis: str
    """One cell: something was cut off."""
    more: str
    """Any width: something goes on."""
    dot: str
    arrow: str
    bars: str
    """Parts of a cell, filled from the left."""
    track: str
    """What a progress bar has still before it."""
    columns: str
    """Parts of a cell, filled from below."""
    axis: str
    tick: str
    mark: str
    """A complete snapshot."""
    mark_busy: str
    mark_doubt: str
    """A complete one whose data may be wrong."""
    mark_bad: str
    mark_leaving: str
    """One that is being deleted."""
    held: str
    soon: str
    """It expires before long."""
    window: str
    gap: str
    pointer: str
    bar: str
    """The upright between two columns."""
    keys: Mapping[str, str]
    """How keys are written whose names are longer than one sign."""


KEY_NAMES = {
    "escape": "esc", "colon": ":", "question_mark": "?", "minus": "-", "plus": "+",
    "equals_sign": "=", "pagedown": "pgdn", "pageup": "pgup", "ctrl+p": "^p", "ctrl+d": "^d",
    "ctrl+u": "^u", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]",
    "ctrl+q": "^q", "ctrl+o": "^o",
}  # fmt: skip

UNICODE = Glyphs(
    good="●", busy="◐", warn="▲", bad="✗", off="○", done="✓", todo="·", here="▸", crumb="›",
    rule="─", ellipsis="…", more=" …", dot="·", arrow="→", bars=" ▏▎▍▌▋▊▉█", track="░",
    columns=" ▁▂▃▄▅▆▇█", axis="─", tick="┬", mark="◆", mark_busy="◇", mark_doubt="◈",
    mark_bad="✗", mark_leaving="⊘", held="■", soon="◔", window="━", gap="╌", pointer="▲", bar="│",
    keys=KEY_NAMES | {"left": "←", "right": "→", "up": "↑", "down": "↓"},
)  # fmt: skip

ASCII = Glyphs(
    good="*", busy="~", warn="!", bad="x", off="o", done="+", todo=".", here=">", crumb=">",
    rule="-", ellipsis=">", more=" ...", dot="-", arrow=">", bars=" #", track=".",
    columns=" .:#", axis="-", tick="+", mark="O", mark_busy="o", mark_doubt="?",
    mark_bad="x", mark_leaving="-", held="H", soon="<", window="=", gap=".", pointer="^", bar="|",
    keys=KEY_NAMES | {"left": "left", "right": "right", "up": "up", "down": "down"},
)  # fmt: skip


def choose_glyphs(ascii_only: bool, encoding: str, term: str) -> Glyphs:
    """ASCII where it was asked for, or where the terminal can not show anything else.

    TERM=linux is the virtual console, whose fonts of 256 or 512 signs lack most of ours.
    """
    speaks_unicode = encoding.lower().replace("-", "").replace("_", "").startswith("utf")
    return ASCII if ascii_only or not speaks_unicode or term == "linux" else UNICODE


def key_name(key: str, glyphs: Glyphs) -> str:
    return glyphs.keys.get(key, key)
