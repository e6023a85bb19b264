"""What screens and widgets need of the application. It knows them, and they know this of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mmsconsole.clock import Clock
from mmsconsole.console.actions import Action
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.memory import Memory
from mmsconsole.console.navigation import Navigation
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.recording.replay import ReplayClock
from mmsconsole.console.screens.dialog import Question, Wanted
from mmsconsole.console.state import State
from mmsconsole.console.themes import Themes
from mmsconsole.console.watch import Watch
from mmsconsole.console.widgets.palette import Palette
from mmsconsole.errors import MmsError

T = TypeVar("T")


class Host(Protocol):
    operations: OperationsPort
    clock: Clock
    navigation: Navigation
    memory: Memory
    freshness: Watch
    glyphs: Glyphs
    palette: Palette
    themes: Themes
    refresh_seconds: float
    restore_folder: Path
    paused: bool
    replay: ReplayClock | None

    @property
    def badge(self) -> str: ...

    def page(self, width: int, height: int) -> Page: ...

    # A screen is Any here: named, its file and this one would need each other.

    def handlers(self, screen: Any) -> Mapping[str, Callable[[str], None]]: ...

    def do(self, screen: Any, action: Action, argument: str) -> None: ...

    def answered(self, state: State) -> None: ...

    def failed(self, error: MmsError) -> None: ...

    def tell(self, text: str, tone: Tone = ..., hint: str = "") -> None: ...

    def tell_error(self, error: MmsError, tone: Tone = ...) -> None: ...

    def clear_notice(self) -> None: ...

    def notice_lines(self, page: Page) -> list[Line]: ...

    def ask(
        self, doing: str, call: Callable[[OperationsPort], T], done: Callable[[T], str]
    ) -> None: ...

    def confirm(self, question: Question, then: Callable[[], None]) -> None: ...

    def want(self, wanted: Wanted, then: Callable[[str], None]) -> None: ...

    def pause(self) -> None: ...

    def choose_theme(self, name: str) -> None: ...

    def ask_to_quit(self) -> None: ...
