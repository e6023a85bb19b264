"""The application: it owns what the screens share, and turns places into screens."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.console import RenderableType
from textual import work
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from mmsconsole.clock import Clock, SystemClock
from mmsconsole.console import actions, errands, themes
from mmsconsole.console.actions import Action
from mmsconsole.console.acts import Acts
from mmsconsole.console.glyphs import ASCII, Glyphs, choose_glyphs
from mmsconsole.console.memory import Memory
from mmsconsole.console.navigation import ROOT, Navigation, Place
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.present import frame
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.recording.acts import replay_badge
from mmsconsole.console.recording.recorder import Recorder
from mmsconsole.console.recording.replay import ReplayClock
from mmsconsole.console.screens.add import AddScreen
from mmsconsole.console.screens.alert_rules import ChannelsScreen, RulesScreen
from mmsconsole.console.screens.alerts import AlertScreen, AlertsScreen
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.chart import ChartScreen
from mmsconsole.console.screens.deployment import DeploymentScreen
from mmsconsole.console.screens.dialog import (
    NO_ANSWER,
    Choice,
    Dialog,
    Prompt,
    Question,
    Wanted,
)
from mmsconsole.console.screens.documents import DocumentScreen, DocumentsScreen
from mmsconsole.console.screens.events import EventsScreen
from mmsconsole.console.screens.health import HealthScreen
from mmsconsole.console.screens.hosts import HostScreen
from mmsconsole.console.screens.jobs import JobsScreen
from mmsconsole.console.screens.links import LinkScreen, LinksScreen
from mmsconsole.console.screens.opened import CollectionsScreen, OpenedScreen
from mmsconsole.console.screens.oplog import EntryScreen, OplogScreen
from mmsconsole.console.screens.overview import OverviewScreen
from mmsconsole.console.screens.pins import PinsScreen
from mmsconsole.console.screens.policy import PolicyScreen
from mmsconsole.console.screens.restores import RestoreScreen, RestoresScreen
from mmsconsole.console.screens.snapshot import SnapshotScreen
from mmsconsole.console.screens.snapshots import SnapshotsScreen
from mmsconsole.console.screens.stores import StoreScreen, StoresScreen
from mmsconsole.console.screens.top import TopScreen
from mmsconsole.console.screens.wizard import WizardScreen
from mmsconsole.console.state import State
from mmsconsole.console.styles import CSS
from mmsconsole.console.watch import Watch
from mmsconsole.console.widgets.lean import lean
from mmsconsole.console.widgets.palette import EXTRA_VARIABLES, Palette, palette_of, textual_theme
from mmsconsole.errors import MmsError, SettingsError
from mmsconsole.settings import Settings

NOTICE_SECONDS = 8.0
STOP, LEAVE = "stop", "leave"

SCREENS: Mapping[str, type[ConsoleScreen]] = {
    screen.VIEW: screen
    for screen in (
        OverviewScreen, DeploymentScreen, SnapshotsScreen, JobsScreen, RestoresScreen,
        EventsScreen, PolicyScreen, StoresScreen, SnapshotScreen, StoreScreen, RestoreScreen,
        WizardScreen, AddScreen, OplogScreen, EntryScreen, OpenedScreen, CollectionsScreen,
        DocumentsScreen, DocumentScreen, LinksScreen, LinkScreen, AlertsScreen, AlertScreen,
        RulesScreen, ChannelsScreen, HealthScreen, ChartScreen, PinsScreen, TopScreen, HostScreen,
    )
}  # fmt: skip

T = TypeVar("T")


class MmsConsole(App[str]):
    """Answers STOP when the engine shall be stopped, LEAVE otherwise."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False

    class Granted(Message):
        def __init__(self, doing: str, finish: Callable[[], str]) -> None:
            super().__init__()
            self.doing = doing
            self.finish = finish

    class Denied(Message):
        def __init__(self, doing: str, error: MmsError) -> None:
            super().__init__()
            self.doing = doing
            self.error = error

    def __init__(
        self,
        operations: OperationsPort,
        settings: Settings,
        *,
        environ: Mapping[str, str],
        clock: Clock,
        encoding: str = "utf-8",
        started_engine: bool = False,
        restore_folder: Path | None = None,
    ) -> None:
        no_color = bool(environ.get("NO_COLOR"))
        # With colours of its own, Textual would turn them to greys, which are colours still.
        super().__init__(ansi_color=True if no_color else None)
        self.operations = operations
        self.settings = settings
        self.clock = clock
        self.started_engine = started_engine
        self.restore_folder = restore_folder or settings.home.restores
        """Where the wizard proposes to restore to."""
        self.refresh_seconds = settings.tree.console.refresh_seconds
        term = environ.get("TERM", "")
        self.glyphs: Glyphs = choose_glyphs(settings.tree.console.ascii, encoding, term)
        if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
            self.animation_level = "none"
        self.themes = themes.load_themes(themes.folders(settings.home.config))
        self._colourless = no_color
        self.palette: Palette = palette_of(themes.BUILT_IN)
        self.navigation = Navigation()
        self.memory = Memory()
        self.freshness = Watch()
        self.replay = clock if isinstance(clock, ReplayClock) else None
        """Set where a recording is shown."""
        self.paused = False
        self._notice: tuple[Tone, str, str] | None = None
        self._doing: set[str] = set()

    # Life

    def on_mount(self) -> None:
        self.set_class(self.glyphs is ASCII, "-ascii")
        self._begin_theme()
        self.navigation.listen(self._show)
        self.push_screen(SCREENS[ROOT.view](ROOT))
        for failure in self.themes.failures[:1]:
            self.tell_error(failure, Tone.WARN)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, lean(renderable))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return EXTRA_VARIABLES

    def page(self, width: int, height: int) -> Page:
        return Page(width, height, self.clock.now(), self.glyphs)

    # Navigation

    def _show(self, place: Place) -> None:
        """In place of the present view; a question about that one is left unanswered."""
        while not isinstance(self.screen, ConsoleScreen):
            self.pop_screen()
        self.switch_screen(SCREENS[place.view](place))

    def handlers(self, screen: ConsoleScreen) -> Mapping[str, Handler]:
        return Acts(self, screen).handlers()

    def do(self, screen: ConsoleScreen, action: Action, argument: str) -> None:
        """From palette or command line, where the action may not belong to the open view."""
        if action.id in screen.handlers():
            screen.perform(action, argument)
        else:
            self.tell(
                f"{action.help}: not here.", Tone.WARN, f"works in: {', '.join(action.views)}"
            )

    # Freshness

    def answered(self, state: State) -> None:
        self.freshness = self.freshness.answered(self.clock.now(), state.engine)

    def failed(self, error: MmsError) -> None:
        self.freshness = self.freshness.failed(error)

    def pause(self) -> None:
        """Nothing is asked any more, and a recording stands still; or both go on."""
        self.paused = not self.paused
        if self.replay is not None:
            self.replay.stand(self.paused)

    @property
    def badge(self) -> str:
        """For the footer: what makes that the screen does not show what is now."""
        return "  ".join(filter(None, (replay_badge(self), "PAUSED" if self.paused else "")))

    # Notices

    def tell(self, text: str, tone: Tone = Tone.GOOD, hint: str = "") -> None:
        self._notice = (tone, text, hint)
        self._redraw()
        if tone in (Tone.GOOD, Tone.BUSY):
            told = self._notice
            self.set_timer(NOTICE_SECONDS, lambda: self._forget(told))

    def tell_error(self, error: MmsError, tone: Tone = Tone.BAD) -> None:
        """Stays until something else is done."""
        self.tell(frame.error_text(error), tone, error.hint)

    def clear_notice(self) -> None:
        self._notice = None

    def notice_lines(self, page: Page) -> list[Line]:
        if self._notice is None:
            return []
        tone, text, hint = self._notice
        return frame.notice(self._sign(tone), tone, text, hint, page)

    def _sign(self, tone: Tone) -> str:
        g = self.glyphs
        return {Tone.GOOD: g.done, Tone.BUSY: g.busy, Tone.WARN: g.warn, Tone.BAD: g.bad}[tone]

    def _forget(self, told: tuple[Tone, str, str]) -> None:
        if self._notice is told and told[1] not in self._doing:
            self._notice = None
            self._redraw()

    def _redraw(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.redraw()

    # Asking the engine to do something

    def ask(
        self, doing: str, call: Callable[[OperationsPort], T], done: Callable[[T], str]
    ) -> None:
        """Off the event loop; `done` gets the answer and says what to tell, or nothing."""
        text = doing[0].upper() + doing[1:] + self.glyphs.more
        if text in self._doing:
            return
        self._doing.add(text)
        self.tell(text, Tone.BUSY)
        self._ask(text, call, done)

    @work(group="ask")
    async def _ask(
        self, doing: str, call: Callable[[OperationsPort], Any], done: Callable[[Any], str]
    ) -> None:
        try:
            answer = await errands.ask(lambda: call(self.operations))
        except MmsError as error:
            self.post_message(self.Denied(doing, error))
        else:
            self.post_message(self.Granted(doing, lambda: done(answer)))

    def on_mms_console_granted(self, message: Granted) -> None:
        self._doing.discard(message.doing)
        self.clear_notice()
        text = message.finish()
        if text:
            self.tell(text)
        self._redraw()
        self._refresh_screen()

    def on_mms_console_denied(self, message: Denied) -> None:
        self._doing.discard(message.doing)
        self.tell_error(message.error)

    def hear(self, doing: str, error: MmsError) -> None:
        """Something went wrong in another thread."""
        self.post_message(self.Denied(doing, error))

    def _refresh_screen(self) -> None:
        if isinstance(self.screen, ConsoleScreen):
            self.screen.tick()

    def confirm(self, question: Question, then: Callable[[], None]) -> None:
        """`then` only for an answer that is not the harmless one."""

        def answered(choice: str | None) -> None:
            if choice:
                then()

        self.push_screen(Dialog(question), answered)

    def want(self, wanted: Wanted, then: Callable[[str], None]) -> None:
        """`then` gets what was typed, unless nothing was."""

        def answered(text: str | None) -> None:
            if text:
                then(text)

        self.push_screen(Prompt(wanted), answered)

    # Themes

    def _begin_theme(self) -> None:
        for theme in self.themes.known.values():
            self.register_theme(textual_theme(theme))
        name = themes.COLOURLESS if self._colourless else self.settings.tree.console.theme
        try:
            self._wear(self.themes.named(name))
        except SettingsError as error:
            fallback = self.themes.known.get(themes.DEFAULT, themes.BUILT_IN)
            self._wear(fallback)
            self.tell_error(error, Tone.WARN)

    def choose_theme(self, name: str) -> None:
        """By name, or the next one."""
        try:
            theme = self.themes.named(name) if name else self.themes.after(self._worn)
        except SettingsError as error:
            self.tell_error(error)
            return
        self._wear(theme)
        self.tell(f"Theme {theme.name}; to keep it: [console] theme in the settings.")

    def _wear(self, theme: themes.Theme) -> None:
        self._worn = theme.name
        self.palette = palette_of(theme)
        self.theme = f"mms-{theme.name}"

    # Quitting

    async def action_quit(self) -> None:
        self.ask_to_quit()

    def action_help_quit(self) -> None:
        self.tell(f"Press {actions.key_of('go.quit')} to quit.", Tone.WARN)

    def ask_to_quit(self) -> None:
        """Only an engine of our own start is asked about: others may count on any other."""
        if not self.started_engine:
            self.exit(LEAVE)
            return
        question = Question(
            "Leave the engine running?",
            ("This console started the engine. Backups are kept up to date only while it runs.",),
            (
                Choice(LEAVE, "leave it running"),
                Choice(STOP, "stop it"),
                Choice(NO_ANSWER, "stay here"),
            ),
        )
        self.push_screen(Dialog(question), lambda answer: self.exit(answer) if answer else None)


def run_console(
    operations: OperationsPort,
    settings: Settings,
    *,
    started_engine: bool,
    stop_engine: Callable[[], None],
    clock: Clock | None = None,
    recorder: Recorder | None = None,
) -> int:
    """Run until it is quit, then stop the engine if that was asked for.

    Returns the process's exit code: not 0 where the console itself has failed.
    """
    shown = operations if recorder is None else recorder.over(operations)
    app = _on_this_terminal(shown, settings, clock or SystemClock(), started_engine=started_engine)
    if recorder is not None:
        recorder.tell = lambda error: app.hear("recording", error)
    if app.run(mouse=False) == STOP:
        stop_engine()
    return app.return_code or 0


def run_replay(operations: OperationsPort, settings: Settings, clock: ReplayClock) -> int:
    """Show a recording until it is quit; the exit code. `operations`: those of recording.replay."""
    app = _on_this_terminal(operations, settings, clock)
    app.run(mouse=False)
    return app.return_code or 0


def _on_this_terminal(
    operations: OperationsPort, settings: Settings, clock: Clock, *, started_engine: bool = False
) -> MmsConsole:
    """Textual draws on standard error: that is the stream whose encoding counts."""
    _end_with_the_terminal()
    return MmsConsole(
        operations,
        settings,
        environ=os.environ,
        clock=clock,
        encoding=getattr(sys.__stderr__, "encoding", None) or "ascii",
        started_engine=started_engine,
    )


def _end_with_the_terminal() -> None:
    """Also when begun by nohup, which hands on that its loss is ignored: Textual would read the
    end of a lost terminal again and again.
    """
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
