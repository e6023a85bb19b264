"""The present theme as Rich styles and as a Textual theme: one place that knows both."""

from collections.abc import Mapping

from rich.style import Style
from textual.theme import Theme as TextualTheme

from mmsconsole.console.present.text import Tone
from mmsconsole.console.themes import Theme

Palette = Mapping[Tone, Style]


def palette_of(theme: Theme) -> Palette:
    return {tone: theme.style(tone) for tone in Tone}


def textual_theme(theme: Theme) -> TextualTheme:
    """For what Textual draws itself: grounds, input fields, scroll bars."""

    def colour(key: str) -> str:
        return f"ansi_{theme.colours[key]}" if theme.ansi else theme.colours[key]

    reverse = "reverse" in theme.styles.get("cursor", "")
    return TextualTheme(
        name=f"mms-{theme.name}",
        ansi=theme.ansi,
        dark=theme.dark,
        primary=colour("accent"),
        secondary=colour("busy"),
        accent=colour("accent"),
        warning=colour("warn"),
        error=colour("bad"),
        success=colour("good"),
        foreground=colour("text"),
        background=colour("background"),
        surface=colour("background"),
        panel=colour("bar_background"),
        variables={
            "ansi-background": colour("background"),
            "ansi-foreground": colour("text"),
            "bar": colour("bar_background"),
            "field": colour("field_background"),
            "frame": colour("accent"),
            "danger": colour("bad"),
            "faint": colour("dim"),
            "input-cursor-background": colour("cursor_background" if reverse else "text"),
            "input-cursor-foreground": colour("cursor" if reverse else "background"),
            "input-cursor-text-style": "reverse" if reverse else "none",
            "input-selection-background": colour("cursor_background"),
            "input-selection-foreground": colour("cursor"),
        },
    )


EXTRA_VARIABLES = {
    "bar": "#000000", "field": "#000000", "frame": "#ffffff", "danger": "#ffffff",
    "faint": "#ffffff",
}  # fmt: skip
"""Our own names, for the moment before a theme of ours is set."""
