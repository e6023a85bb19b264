"""All deployments."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, overview
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.state import OverviewState, State
from mmsconsole.operations.views import DeploymentView


class OverviewScreen(ListScreen):
    VIEW = actions.OVERVIEW
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = overview.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return overview.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [overview.row(view, page) for view in _deployments(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return overview.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        stores = self.state.engine.strangers if self.state else {}
        return empty.strangers(stores) if stores else empty.no_deployments()

    def deployment_name(self) -> str:
        chosen = self._chosen(self.state)
        return chosen.name if chosen else ""

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"item.open": self._open, "deployment.add": self._add}

    def _chosen(self, state: State | None) -> DeploymentView | None:
        return find(_deployments(state), self.key) if state else None

    def _open(self, _: str) -> None:
        if self.deployment_name():
            self.console.navigation.go(Place(actions.DEPLOYMENT, self.deployment_name()))

    def _add(self, _: str) -> None:
        self.console.navigation.go(Place(actions.ADD))


def _deployments(state: State) -> tuple[DeploymentView, ...]:
    assert isinstance(state, OverviewState)
    return state.deployments
