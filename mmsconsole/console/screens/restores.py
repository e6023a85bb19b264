"""Restores: the list, and one of them."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, questions, restores
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import confirm
from mmsconsole.console.screens.links import copy_command
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.state import RestoresState, RestoreState, State
from mmsconsole.metadata.openings import OpeningState as OpeningStates
from mmsconsole.metadata.restores import RestoreState as States
from mmsconsole.metadata.targets import TargetKind
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.opening_views import OpeningView
from mmsconsole.operations.views import RestoreView


class RestoresScreen(ListScreen):
    VIEW = actions.RESTORES
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = restores.DETAIL_LINES

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


class RestoreScreen(PageScreen):
    """One restore while it runs and after. The engine owns it: leaving changes nothing."""

    VIEW = actions.RESTORE
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def lines(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, RestoreState)
        return restores.draw(state.restore, self._offer, page)

    @property
    def _offer(self) -> LinkOffer | None:
        return self.console.memory.offers.get(self.place.item)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {
            "restore.cancel": self._cancel,
            "item.open": lambda _: self._open(),
            "link.copy": lambda _: copy_command(self, self._offer),
        }

    def allows(self, id_: str) -> bool:
        """Only what this kind of target has."""
        kind = self.state.restore.kind if isinstance(self.state, RestoreState) else ""
        kinds = {"item.open": (TargetKind.LINK, TargetKind.OPEN), "link.copy": (TargetKind.LINK,)}
        return id_ not in kinds or kind in kinds[id_]

    def _open(self) -> None:
        """To what came of it, where that is a view of its own."""
        if not isinstance(self.state, RestoreState):
            return
        restore, go = self.state.restore, self.console.navigation.go
        if restore.kind == TargetKind.LINK:
            go(Place(actions.LINK, restore.deployment, restore.id))
        elif restore.state == States.DONE:
            self.console.ask(
                "looking whether it is open",
                lambda operations: operations.opening(restore.id),
                self._go_to,
            )
        else:
            self.tell(f"It is {restore.state}, not open.", Tone.WARN)

    def _cancel(self, _: str) -> None:
        if isinstance(self.state, RestoreState):
            cancel_restore(self, self.state.restore)

    def _go_to(self, opening: OpeningView) -> str:
        """Its mongod begins a moment after the files are there; the list follows that."""
        is_open = opening.state == OpeningStates.OPEN
        place = Place(actions.COLLECTIONS, opening.deployment, opening.id)
        beside = Place(actions.OPENED, opening.deployment)
        self.console.navigation.go(place if is_open else beside)
        return "" if is_open else f"It is {opening.state}."


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
