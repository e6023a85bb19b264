"""The snapshots of a deployment on the time axis."""

from collections.abc import Sequence

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, snapshots
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.snapshot_acts import SnapshotActs
from mmsconsole.console.state import SnapshotsState, State
from mmsconsole.operations.views import SnapshotView


class SnapshotsScreen(ListScreen):
    VIEW = actions.SNAPSHOTS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = snapshots.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return snapshots.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [snapshots.row(snapshot, page) for snapshot in _snapshots(state)]

    def above(self, state: State, page: Page) -> list[Line]:
        if state.deployment is None or not _snapshots(state):
            return []
        span = self.console.memory.spans.get(self.place)
        return snapshots.axis_lines(state.deployment, _snapshots(state), self.key, span, page)

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = self._chosen(state)
        return snapshots.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_snapshots()

    def own_handlers(self) -> dict[str, Handler]:
        acts = SnapshotActs(self, lambda: self._chosen(self.state))
        own: dict[str, Handler] = {
            "item.open": lambda _: self._open(),
            "time.span": lambda _: self._next_span(),
        }
        return super().own_handlers() | acts.handlers() | own

    def chosen_snapshot(self) -> str:
        return self.key

    def _chosen(self, state: State | None) -> SnapshotView | None:
        return find(_snapshots(state), self.key) if state else None

    def _open(self) -> None:
        if self.key:
            place = Place(actions.SNAPSHOT, self.place.deployment, self.key)
            self.console.navigation.go(place)

    def _next_span(self) -> None:
        if self.state is None or self.state.deployment is None:
            return
        spans, now = self.console.memory.spans, self.console.clock.now()
        spans[self.place] = snapshots.next_span(
            self.state.deployment, _snapshots(self.state), spans.get(self.place), now
        )


def _snapshots(state: State) -> tuple[SnapshotView, ...]:
    assert isinstance(state, SnapshotsState)
    return state.snapshots
