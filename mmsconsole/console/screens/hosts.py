"""The machines that a deployment runs on."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.charts import chart_place
from mmsconsole.console.monitor_state import CPU, HostState
from mmsconsole.console.present import empty, hosts
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.listing import ListScreen
from mmsconsole.console.state import State
from mmsconsole.operations.monitoring_views import HostView


class HostScreen(ListScreen):
    VIEW = actions.HOST
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = hosts.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return hosts.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [hosts.row(host, page) for host in _hosts(state).hosts]

    def above(self, state: State, page: Page) -> list[Line]:
        return hosts.above(_hosts(state).hosts, page)

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return hosts.detail(chosen, _hosts(state).cpu, page) if chosen else []

    def nothing(self) -> list[Line]:
        why = _hosts(self.state).empty if self.state else ""
        return empty.no_monitoring(why) if why else empty.no_hosts()

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"item.open": lambda _: self._open()}

    def _chosen(self, state: State) -> HostView | None:
        return next((host for host in _hosts(state).hosts if host.name == self.key), None)

    def _open(self) -> None:
        """The chart of its processors, from where those of disks and memory are near."""
        chosen = self._chosen(self.state) if self.state else None
        if chosen is not None:
            place = chart_place(self.place.deployment, CPU, member=chosen.members[0])
            self.console.navigation.go(place)


def _hosts(state: State) -> HostState:
    assert isinstance(state, HostState)
    return state
