"""One snapshot."""

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.present import snapshot
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.jobs import cancel_first
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.screens.snapshot_acts import SnapshotActs
from mmsconsole.console.state import SnapshotState, State
from mmsconsole.operations.views import SnapshotView


class SnapshotScreen(PageScreen):
    VIEW = actions.SNAPSHOT
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def lines(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, SnapshotState)
        return snapshot.draw(state.snapshot, state.jobs, state.events, page)

    def own_handlers(self) -> dict[str, Handler]:
        own: dict[str, Handler] = {"job.cancel": lambda _: self._cancel()}
        return super().own_handlers() | SnapshotActs(self, self._snapshot).handlers() | own

    def chosen_snapshot(self) -> str:
        return self.place.item

    def _snapshot(self) -> SnapshotView | None:
        return self.state.snapshot if isinstance(self.state, SnapshotState) else None

    def _cancel(self) -> None:
        if isinstance(self.state, SnapshotState):
            cancel_first(self, self.state.jobs)
