"""Events of one deployment or of all."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import empty, events
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import EventsState, State
from mmsconsole.operations.views import EventView


class EventsScreen(ListScreen):
    VIEW = actions.EVENTS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = events.DETAIL_LINES

    @property
    def names(self) -> bool:
        """Whether each row must say which deployment it is about."""
        return not self.place.deployment

    def columns(self, page: Page) -> Sequence[Column]:
        return events.columns(page, names=self.names)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [events.row(event, page, names=self.names) for event in _events(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return events.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_events()

    def deployment_name(self) -> str:
        chosen = self._chosen(self.state)
        return self.place.deployment or (chosen.deployment if chosen else "")

    def _chosen(self, state: State | None) -> EventView | None:
        return find(_events(state), self.key) if state else None


def _events(state: State) -> tuple[EventView, ...]:
    assert isinstance(state, EventsState)
    return state.events
