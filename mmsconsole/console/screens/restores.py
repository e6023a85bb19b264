"""Restores: the list, and one of them."""

from collections.abc import Sequence

from textual.app import ComposeResult

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, questions, restores
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import RestoresState, RestoreState, State
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.operations.views import RestoreView


class RestoresScreen(ListScreen):
    VIEW = actions.RESTORES
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = 2

    def columns(self, page: Page) -> Sequence[Column]:
        return restores.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [restores.row(restore, page) for restore in _restores(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return restores.summary(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_restores()

    def deployment_name(self) -> str:
        chosen = self._chosen(self.state)
        return self.place.deployment or (chosen.deployment if chosen else "")

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"item.open": self._open, "restore.cancel": self._cancel}

    def _chosen(self, state: State | None) -> RestoreView | None:
        return find(_restores(state), self.key) if state else None

    def _open(self, _: str) -> None:
        chosen = self._chosen(self.state)
        if chosen is not None:
            place = Place(actions.RESTORE, chosen.deployment, chosen.id)
            self.console.navigation.go(place)

    def _cancel(self, _: str) -> None:
        chosen = self._chosen(self.state)
        if chosen is not None:
            cancel_restore(self, chosen)


class RestoreScreen(ConsoleScreen):
    """One restore while it runs and after. The engine owns it: leaving changes nothing."""

    VIEW = actions.RESTORE
    BINDINGS = bindings_for(VIEW)

    def body(self) -> ComposeResult:
        yield Lines(id="page")

    def draw(self, state: State, page: Page) -> None:
        assert isinstance(state, RestoreState)
        self._lines("page").set_lines(restores.draw(state.restore, page))

    def own_handlers(self) -> dict[str, Handler]:
        return {"restore.cancel": self._cancel}

    def _cancel(self, _: str) -> None:
        if isinstance(self.state, RestoreState):
            cancel_restore(self, self.state.restore)


def cancel_restore(screen: ConsoleScreen, restore: RestoreView) -> None:
    if restores.ended(restore):
        screen.tell(f"This restore is {restore.state} already.", Tone.WARN)
        return
    question = confirm(
        f"Cancel the restore of {restore.deployment}?",
        questions.cancel_restore_text(restore),
        "cancel it",
    )
    screen.console.confirm(question, lambda: _cancelled(screen, restore))


def _cancelled(screen: ConsoleScreen, restore: RestoreView) -> None:
    screen.console.ask(
        f"cancelling the restore to {restore.path}",
        lambda operations: operations.cancel_restore(restore.id),
        lambda _: "The restore is being cancelled.",
    )


def _restores(state: State) -> tuple[RestoreView, ...]:
    assert isinstance(state, RestoresState)
    return state.restores
