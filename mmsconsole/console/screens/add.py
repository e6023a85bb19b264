"""The form for a new deployment. What may be a password never appears on the screen."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import add
from mmsconsole.console.present.text import Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.state import State
from mmsconsole.console.widgets.command_line import Field, field
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.operations.views import DeploymentView
from mmsconsole.secret import Secret

BULLET = "*"


class UriInput(Field):
    """Shows a URI with its password hidden, while it is typed as well."""

    @property
    def _value(self) -> Text:
        return Text(add.hidden(self.value, BULLET), no_wrap=True, overflow="ignore", end="")


class AddScreen(ConsoleScreen):
    VIEW = actions.ADD
    BINDINGS = bindings_for(VIEW)

    def body(self) -> ComposeResult:
        yield Lines(id="above")
        with Vertical(id="form"):
            with Horizontal(classes="entry"):
                yield Lines(id="name-label", classes="label")
                yield field(id="name")
            with Horizontal(classes="entry"):
                yield Lines(id="uri-label", classes="label")
                yield field(id="uri", kind=UriInput)
        yield Lines(id="below")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#name"))

    def draw(self, _: State, page: Page) -> None:
        self._lines("above").set_lines(add.above(page))
        self._lines("name-label").set_lines([add.label("name")])
        self._lines("uri-label").set_lines([add.label("URI")])
        self._lines("below").set_lines(add.below())

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#name"))

    def own_handlers(self) -> dict[str, Handler]:
        return {"add.save": lambda _: self._enter(), "add.next": lambda _: self._next()}

    def _next(self) -> None:
        on_name = self.focused is self.query_one("#name")
        self.set_focus(self.query_one("#uri" if on_name else "#name"))

    def _enter(self) -> None:
        """On the name it leads to the URI."""
        if self.focused is self.query_one("#name"):
            self._next()
        else:
            self.after_typing(self._save)

    def _save(self) -> None:
        name = self.query_one("#name", Input).value.strip()
        uri = self.query_one("#uri", Input).value.strip()
        if not name or not uri:
            self.tell("Both a name and a URI are needed.", Tone.WARN)
            self.set_focus(self.query_one("#uri" if name else "#name"))
            return
        secret = Secret(uri)
        self.console.ask(
            f"reaching the source of {name}",
            lambda operations: operations.add_deployment(name, secret),
            self._added,
        )

    def _added(self, view: DeploymentView) -> str:
        navigation = self.console.navigation
        if navigation.place == self.place:
            navigation.replace(Place(actions.DEPLOYMENT, view.name))
        return add.added(view.name)
