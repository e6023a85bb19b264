"""Themes: all that are shipped are whole, and a bad one is told and left out."""

from pathlib import Path

import pytest

from mmsconsole.console.present.text import Tone
from mmsconsole.console.themes import BUILT_IN, folders, load_themes, read_theme
from mmsconsole.errors import SettingsError
from tests.support.console_driver import console
from tests.support.fake_operations import rich_scene

SHIPPED = Path(__file__).parents[2] / "themes"
NAMES = {"mms", "light", "ansi16", "mono", "highcontrast"}


@pytest.fixture
def good() -> str:
    return (SHIPPED / "mms.toml").read_text()


def broken(good: str, old: str, new: str, folder: Path) -> Path:
    assert old in good
    path = folder / "own.toml"
    path.write_text(good.replace(old, new))
    return path


def test_the_shipped_themes_load_without_a_failure() -> None:
    themes = load_themes([SHIPPED])
    assert themes.failures == ()
    assert set(themes.known) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_tone_of_a_shipped_theme_has_a_style(name: str) -> None:
    theme = load_themes([SHIPPED]).named(name)
    assert all(theme.style(tone).color is not None for tone in Tone)


def test_the_cursor_can_be_told_from_text_without_colours() -> None:
    mono = load_themes([SHIPPED]).named("mono")
    assert mono.style(Tone.CURSOR).reverse
    assert mono == BUILT_IN or mono.styles == BUILT_IN.styles


def test_a_later_folder_has_the_last_word(tmp_path: Path, good: str) -> None:
    broken(good, '"#0f141a"', '"#000000"', tmp_path)
    assert load_themes([SHIPPED, tmp_path]).named("mms").colours["background"] == "#000000"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "mms"', 'name = "M M"', "name"),
        ("dark = true", "dark = 1", "dark"),
        ('dim = "#7a8896"', 'dim = "grey"', "colours.dim"),
        ('dim = "#7a8896"', 'dimm = "#7a8896"', "colours.dimm"),
        ('dim = "#7a8896"', "", "dim missing"),
        ('bad = "bold"', 'bad = "blink"', "styles.bad"),
        ("[styles]", "[stiles]", "stiles"),
        ("[colours]", "[colours", "can not be read"),
        ('dim = "#7a8896"', "dim = 7", "table of texts"),
    ],
)
def test_a_bad_theme_is_refused_with_file_and_reason(
    tmp_path: Path, good: str, old: str, new: str, told: str
) -> None:
    path = broken(good, old, new, tmp_path)
    with pytest.raises(SettingsError, match=told) as caught:
        read_theme(path)
    assert caught.value.where == str(path)


def test_a_bad_theme_costs_only_itself(tmp_path: Path, good: str) -> None:
    broken(good, "dark = true", "dark = 1", tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    themes = load_themes([SHIPPED, tmp_path])
    assert set(themes.known) == NAMES
    assert len(themes.failures) == 2


def test_without_any_file_there_is_a_theme_without_colours(tmp_path: Path) -> None:
    assert load_themes([tmp_path]).known == {BUILT_IN.name: BUILT_IN}


def test_an_unknown_theme_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(SettingsError) as caught:
        load_themes([SHIPPED]).named("neon")
    assert all(name in caught.value.hint for name in NAMES)


def test_the_user_s_folder_is_searched_last(tmp_path: Path) -> None:
    assert folders(tmp_path)[-1] == tmp_path / "themes"


async def test_a_bad_file_of_the_user_is_one_message_and_no_crash(home: Path, good: str) -> None:
    own = home / "config" / "themes"
    own.mkdir(parents=True)
    broken(good, 'bad = "bold"', 'bad = "blink"', own)
    async with console(rich_scene(), home, (132, 40)) as driver:
        driver.expect("own.toml: styles.bad: 'blink'.", "orders")
        assert driver.app.theme == "mms-mms"


async def test_an_unknown_theme_in_the_settings_falls_back(home: Path) -> None:
    async with console(rich_scene(), home, theme="neon") as driver:
        driver.expect("There is no theme 'neon'.")
        assert driver.app.theme == "mms-mms"
