"""What all views share: header, tabs, banner, notice, footer, polling and dispatch.

The poll runs off the event loop and comes back as a message; the state is changed in the
message's handler, and drawing follows from the state. Only the screen in sight polls.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize, ScreenResume
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from mmsconsole.console import errands
from mmsconsole.console.actions import MOVING, Action, action_of, footer_actions
from mmsconsole.console.bindings import FIELD_KEYS
from mmsconsole.console.command import completions, parse
from mmsconsole.console.host import Host
from mmsconsole.console.navigation import ROOT, Place
from mmsconsole.console.present import frame
from mmsconsole.console.present.text import Line, Page, Tone, line
from mmsconsole.console.readers import READERS
from mmsconsole.console.state import Query, State
from mmsconsole.console.widgets.command_line import CommandLine
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.errors import MmsError, UsageError

Handler = Callable[[str], None]


class ConsoleScreen(Screen[None]):
    AUTO_FOCUS = ""
    VIEW: ClassVar[str]

    state: reactive[State | None] = reactive(None, init=False, repaint=False)

    class Answered(Message):
        def __init__(self, state: State) -> None:
            super().__init__()
            self.state = state

    class Failed(Message):
        def __init__(self, error: MmsError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self._asking = False
        self._composed = False

    # What a view defines

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def draw(self, state: State, page: Page) -> None:
        """Give the widgets of the body what they show."""
        raise NotImplementedError

    def own_handlers(self) -> dict[str, Handler]:
        return {}

    def deployment_name(self) -> str:
        """The deployment that an action is about."""
        return self.place.deployment

    def chosen_snapshot(self) -> str:
        """Id of the snapshot that a restore would begin with; empty: none is chosen."""
        return ""

    @property
    def busy(self) -> bool:
        """Something was asked for that this view is about to show."""
        return self._asking

    # Composition

    @property
    def console(self) -> Host:
        return cast(Host, self.app)

    def compose(self) -> ComposeResult:
        yield Lines(id="header", classes="bar")
        yield Lines(id="tabs", classes="bar")
        yield Lines(id="banner")
        with Vertical(id="body"):
            yield from self.body()
        yield Lines(id="notice")
        yield CommandLine(id="command")
        yield Lines(id="footer", classes="bar")

    def on_mount(self) -> None:
        self._composed = True
        remembered = self.console.memory.state(self.place)
        if remembered is not None:
            self.set_reactive(ConsoleScreen.state, remembered)
        self.set_interval(self.console.refresh_seconds, self.tick)

    def on_resize(self, _: Resize) -> None:
        self.call_after_refresh(self.redraw)

    def on_screen_resume(self, _: ScreenResume) -> None:
        self.call_after_refresh(self.tick)

    # Polling

    def tick(self) -> None:
        """Ages are drawn anew; then the engine is asked, unless it still owes an answer."""
        still = self.console.paused and self.state is not None  # what is opened is asked for once
        if still or not self.is_active:
            return
        self.redraw()
        self.poll()

    def poll(self) -> None:
        if not self._asking:
            self._asking = True
            self._poll()

    @work(group="poll")
    async def _poll(self) -> None:
        reader, operations = READERS[self.VIEW], self.console.operations
        query = Query(self.place, self.console.clock.now())
        try:
            state = await errands.poll(lambda: reader(operations, query))
        except MmsError as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Answered(state))

    def on_console_screen_answered(self, message: Answered) -> None:
        self._asking = False
        self.console.answered(message.state)
        self.console.memory.keep(self.place, message.state)
        if message.state == self.state:
            self.redraw()
        self.state = message.state

    def on_console_screen_failed(self, message: Failed) -> None:
        self._asking = False
        self.console.failed(message.error)
        self.redraw()

    def watch_state(self) -> None:
        self.redraw()

    # Drawing

    def redraw(self) -> None:
        if not self.is_mounted or not self.query("#footer"):
            return
        page = self.console.page(self.app.size.width, self.app.size.height)
        self._lines("header").set_lines([self._header(page)])
        self._lines("tabs").set_lines([frame.tabs(self.place, page)])
        known = self.console.freshness
        self._lines("banner").set_lines(frame.banner(known, page, empty=self.state is None))
        self._lines("notice").set_lines(self.console.notice_lines(page))
        self._lines("footer").set_lines([self._footer(page)])
        if self.state is not None:
            self.draw(self.state, page)

    def _lines(self, id_: str) -> Lines:
        return self.query_one(f"#{id_}", Lines)

    def _header(self, page: Page) -> Line:
        deployment = self.state.deployment if self.state else None
        crumbs = self.console.navigation.crumbs()
        right = (
            frame.state_of(deployment, page)
            if deployment
            else frame.engine_line(self.console.freshness.engine, page)
        )
        badge = frame.alerts_badge(self.console.freshness.engine, page)
        return frame.header(self.place.deployment, crumbs, line(badge, right), page)

    def _footer(self, page: Page) -> Line:
        known = footer_actions(self.VIEW, root=self.place == ROOT)
        shown = [action for action in known if self.allows(action.id)]
        return frame.footer(shown, self.console.badge, page)

    # Dispatch

    def handlers(self) -> Mapping[str, Handler]:
        """Every action that works in this view, by its id."""
        return {**self.console.handlers(self), **self.own_handlers()}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys before the screen is composed do nothing; a field keeps the keys that it needs."""
        if action != "act":
            return True
        if not self._composed:
            return False
        id_, key = (str(each) for each in parameters)
        if isinstance(self.focused, Input) and not self.beside_field(id_, key):
            return False
        return self.allows(id_)

    def beside_field(self, _id: str, key: str) -> bool:
        """Whether a key is the view's while a field is typed in."""
        return key in FIELD_KEYS

    def allows(self, _id: str) -> bool:
        """Whether an action of this view works at this moment."""
        return True

    def action_act(self, id_: str, key: str) -> None:
        command = self.query_one(CommandLine)
        if not command.is_open or id_.startswith("go."):
            self.perform(action_of(id_))
        elif key == "enter":
            self.after_typing(lambda: self.submit_command(command.text))

    def after_typing(self, act: Callable[[], None]) -> None:
        """When the field in focus has taken in what was typed before."""
        if isinstance(self.focused, Input):
            self.focused.call_later(act)
        else:
            act()

    def perform(self, action: Action, argument: str = "") -> None:
        if action.chapter != MOVING:
            self.console.clear_notice()
        self.handlers()[action.id](argument)
        if self.is_active:
            self.redraw()

    def open_command(self, _: str) -> None:
        names = self.console.memory.deployment_names()
        self.query_one(CommandLine).open(completions(names, sorted(self.console.themes.known)))
        self._lines("footer").display = False

    def close_command(self) -> bool:
        command = self.query_one(CommandLine)
        if not command.is_open:
            return False
        command.close()
        self._lines("footer").display = True
        self.focus_body()
        return True

    def focus_body(self) -> None:
        """To the field that a view has, if any: without a focus all keys are the screen's."""
        self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Where enter is no action of the view, it comes from the field itself."""
        event.stop()
        if self.query_one(CommandLine).is_open:
            self.submit_command(event.value)

    def submit_command(self, text: str) -> None:
        self.close_command()
        if not text.strip():
            return
        try:
            command = parse(text, self.VIEW)
        except UsageError as error:
            self.console.tell_error(error)
            return
        self.console.do(self, command.action, command.argument)

    def back(self, _: str) -> None:
        if not self.close_command():
            self.console.navigation.back()

    def tell(self, text: str, tone: Tone = Tone.GOOD, hint: str = "") -> None:
        self.console.tell(text, tone, hint)
