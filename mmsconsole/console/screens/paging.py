"""A view that is one long page, moved through with the keys of tables."""

from textual.app import ComposeResult

from mmsconsole.console.actions import SCROLL, actions_in
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.state import State
from mmsconsole.console.widgets.scroller import Scroller


class PageScreen(ConsoleScreen):
    def body(self) -> ComposeResult:
        yield Scroller(id="page")

    def lines(self, state: State, page: Page) -> list[Line]:
        """All of them: what does not fit is scrolled to."""
        raise NotImplementedError

    def draw(self, state: State, _: Page) -> None:
        scroller = self.query_one(Scroller)
        scroller.set_whole(self.lines(state, scroller.page))

    def own_handlers(self) -> dict[str, Handler]:
        return {action.id: self._mover(action.id) for action in actions_in(SCROLL) if action.views}

    def _mover(self, id_: str) -> Handler:
        return lambda _: self.query_one(Scroller).move(id_)
