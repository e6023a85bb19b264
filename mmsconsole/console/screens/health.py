"""The members of a deployment."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.charts import chart_place
from mmsconsole.console.monitor_state import LAG, HealthState
from mmsconsole.console.present import empty, health
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.listing import ListScreen
from mmsconsole.console.state import State
from mmsconsole.operations.monitoring_views import HealthView


class HealthScreen(ListScreen):
    VIEW = actions.HEALTH
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = health.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return health.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        shown = _health(state)
        return [
            health.row(member, page, health.kinds_of(shown, member)) for member in shown.members
        ]

    def above(self, state: State, page: Page) -> list[Line]:
        return health.above(_health(state), page)

    def detail(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, HealthState)
        members = state.health.members
        chosen = next((member for member in members if member.host == self.key), None)
        if chosen is None:
            return []
        return health.detail(state.health, chosen, state.requests, state.lag, page)

    def nothing(self) -> list[Line]:
        why = _health(self.state).empty if self.state else ""
        return empty.no_monitoring(why)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"item.open": lambda _: self._open()}

    def _open(self) -> None:
        """The charts of this member alone."""
        if self.key:
            place = chart_place(self.place.deployment, LAG, member=self.key)
            self.console.navigation.go(place)


def _health(state: State) -> HealthView:
    assert isinstance(state, HealthState)
    return state.health
