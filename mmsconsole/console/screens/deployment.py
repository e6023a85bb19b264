"""One deployment."""

from textual.app import ComposeResult

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import deployment
from mmsconsole.console.present.text import Page
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.console.state import LAG_SPAN, DeploymentState, State
from mmsconsole.console.widgets.lines import Lines


class DeploymentScreen(ConsoleScreen):
    VIEW = actions.DEPLOYMENT
    BINDINGS = bindings_for(VIEW)

    def body(self) -> ComposeResult:
        yield Lines(id="page")

    def draw(self, state: State, _: Page) -> None:
        assert isinstance(state, DeploymentState)
        if state.deployment is None:
            return
        lines = self._lines("page")
        drawn = deployment.draw(state.deployment, state.lag, state.events, LAG_SPAN, lines.page)
        lines.set_lines(drawn)
