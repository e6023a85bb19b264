"""Themes as TOML: read, checked, and turned into styles; a bad one is told and left out.

    name = "mms"            how it is asked for
    dark = true             what the terminal looks like behind it
    ansi = false            true: the terminal's own 16 colours, by name, or "default"

    [colours]               all of them: text, dim, title, accent, good, busy, warn, bad, key,
    text = "#c9d1d9"        alarm, cursor, cursor_background, alarm_background, background,
                            bar_background, field_background

    [styles]                bold, dim, italic, underline, reverse; several with a space
    bad = "bold"

Searched in order, a later theme of the same name wins: installed, ./themes of a source tree,
/etc/mmsconsole/themes, the themes folder in the user's configuration.
"""

import re
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.style import Style

from mmsconsole.console.present.text import Tone
from mmsconsole.errors import SettingsError

DEFAULT = "mms"
COLOURLESS = "mono"
BYTES_MAX = 64 * 1024
GROUNDS = (
    "background",
    "bar_background",
    "field_background",
    "cursor_background",
    "alarm_background",
)
COLOURS = (*(tone.value for tone in Tone), *GROUNDS)
STYLES = ("bold", "dim", "italic", "underline", "reverse")
ANSI_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ANSI = ("default", *ANSI_NAMES, *(f"bright_{name}" for name in ANSI_NAMES))
HEX = re.compile(r"#[0-9a-fA-F]{6}")
INSTALLED = Path("share", "mmsconsole", "themes")
"""Where the wheel puts them, below the installation's data folder (pyproject, data-files)."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Theme:
    name: str
    dark: bool
    ansi: bool
    colours: Mapping[str, str]
    styles: Mapping[str, str]

    def style(self, tone: Tone) -> Style:
        """Foreground and attributes; with a ground of its own for cursor and alarm."""
        ground = self.colours.get(f"{tone}_background")
        attributes = {name: True for name in self.styles.get(tone, "").split()}
        return Style(color=self.colours[tone], bgcolor=ground, **attributes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Themes:
    known: Mapping[str, Theme]
    failures: tuple[SettingsError, ...] = ()

    def named(self, name: str) -> Theme:
        """Raises SettingsError that lists what there is."""
        if name not in self.known:
            raise SettingsError(
                f"there is no theme {name!r}", hint=f"there are: {', '.join(sorted(self.known))}"
            )
        return self.known[name]

    def after(self, name: str) -> Theme:
        names = sorted(self.known)
        place = names.index(name) if name in names else -1
        return self.known[names[(place + 1) % len(names)]]


def folders(config: Path) -> list[Path]:
    """Where themes are looked for, the last has the last word."""
    return [
        Path(sysconfig.get_path("data")) / INSTALLED,
        Path(__file__).resolve().parents[2] / "themes",
        Path("/etc/mmsconsole/themes"),
        config / "themes",
    ]


def load_themes(places: Sequence[Path]) -> Themes:
    """Every *.toml in the folders; never raises: what is wrong is in `failures`."""
    known: dict[str, Theme] = {BUILT_IN.name: BUILT_IN}
    failures: list[SettingsError] = []
    for path in (path for place in places for path in _files(place)):
        try:
            theme = read_theme(path)
        except SettingsError as error:
            failures.append(error)
        else:
            known[theme.name] = theme
    return Themes(known, tuple(failures))


def _files(place: Path) -> list[Path]:
    return sorted(place.glob("*.toml")) if place.is_dir() else []


def read_theme(path: Path) -> Theme:
    """Raises SettingsError naming the file, the key and what is allowed."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise SettingsError("too large for a theme", where=str(path))
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"can not be read as a theme: {error}", where=str(path)) from error
    return _checked(values, str(path))


def _checked(values: Mapping[str, Any], where: str) -> Theme:
    _only(values, ("name", "dark", "ansi", "colours", "styles"), "", where)
    name, dark, ansi = values.get("name"), values.get("dark", True), values.get("ansi", False)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingsError("name: small letters, digits, - and _ are allowed", where=where)
    if not isinstance(dark, bool) or not isinstance(ansi, bool):
        raise SettingsError("dark and ansi are true or false", where=where)
    colours = _table(values, "colours", COLOURS, where)
    styles = _table(values, "styles", tuple(tone.value for tone in Tone), where)
    for key, colour in colours.items():
        if not (colour in ANSI if ansi else HEX.fullmatch(colour)):
            allowed = ", ".join(ANSI) if ansi else "#rrggbb"
            raise SettingsError(
                f"colours.{key}: {colour!r} is no colour", where=where, hint=allowed
            )
    missing = [key for key in COLOURS if key not in colours]
    if missing:
        raise SettingsError(f"colours: {', '.join(missing)} missing", where=where)
    for key, text in styles.items():
        if not set(text.split()) <= set(STYLES):
            raise SettingsError(f"styles.{key}: {text!r}", where=where, hint=", ".join(STYLES))
    return Theme(name, dark, ansi, colours, styles)


def _table(
    values: Mapping[str, Any], key: str, allowed: Sequence[str], where: str
) -> dict[str, str]:
    table = values.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
        raise SettingsError(f"{key}: a table of texts is expected", where=where)
    _only(table, allowed, f"{key}.", where)
    return table


def _only(table: Mapping[str, Any], allowed: Sequence[str], prefix: str, where: str) -> None:
    for key in table:
        if key not in allowed:
            raise SettingsError(
                f"{prefix}{key}: no such key", where=where, hint=f"allowed: {', '.join(allowed)}"
            )


BUILT_IN = Theme(
    name=COLOURLESS,
    dark=True,
    ansi=True,
    colours=dict.fromkeys(COLOURS, "default"),
    styles={
        "dim": "dim", "title": "bold", "accent": "bold", "warn": "bold", "bad": "bold underline",
        "key": "bold", "cursor": "reverse", "alarm": "reverse bold",
    },
)  # fmt: skip
"""What is left when no file can be read: no colours at all."""
