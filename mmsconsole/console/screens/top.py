"""What runs in a deployment now, and its busy collections."""

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.charts import chart_place
from mmsconsole.console.monitor_state import TopState
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, top
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.present.top import COLLECTIONS, OPERATIONS
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.filtering import FilteringScreen
from mmsconsole.console.screens.listing import ListScreen
from mmsconsole.console.screens.showing import ShowDialog, Shown
from mmsconsole.console.state import State
from mmsconsole.operations.monitoring_views import TopCollection, TopOperation, TopView

SORTS = {OPERATIONS: tuple(top.OPERATION_SORTS), COLLECTIONS: tuple(top.COLLECTION_SORTS)}
LATENCY = "latency_read_ms"
"""What is charted beside a busy collection."""


class TopScreen(FilteringScreen, ListScreen):
    VIEW = actions.TOP
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = top.DETAIL_LINES

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.what = OPERATIONS
        self.query_text = ""
        self._sorts = {OPERATIONS: 0, COLLECTIONS: 0}

    def body(self) -> ComposeResult:
        yield from self.filter_line()
        yield from super().body()

    def draw_progress(self, page: Page) -> None:
        """Nothing is read apart."""

    # What is listed

    @property
    def sort(self) -> str:
        return SORTS[self.what][self._sorts[self.what]]

    def _operations(self, state: State) -> list[TopOperation]:
        return top.operations(_top(state), self.query_text, self.sort)

    def _collections(self, state: State) -> list[TopCollection]:
        return top.collections(_top(state), self.query_text, self.sort)

    def columns(self, page: Page) -> Sequence[Column]:
        listed = self.what == OPERATIONS
        return top.operation_columns(page) if listed else top.collection_columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        if self.what == OPERATIONS:
            return [top.operation_row(one, page) for one in self._operations(state)]
        return [top.collection_row(one, page) for one in self._collections(state)]

    def above(self, state: State, _page: Page) -> list[Line]:
        view = _top(state)
        return [] if view.empty else top.above(view, self.what, self.query_text, self.sort)

    def detail(self, state: State, page: Page) -> list[Line]:
        if self.what == OPERATIONS:
            operation = self._chosen_operation(state)
            return top.operation_detail(operation, page) if operation else []
        collection = self._chosen_collection(state)
        return top.collection_detail(collection, page) if collection else []

    def nothing(self) -> list[Line]:
        why = _top(self.state).empty if self.state else ""
        if why:
            return empty.no_monitoring(why)
        return empty.nothing_runs(self.what == COLLECTIONS, filtered=bool(self.query_text))

    def _chosen_operation(self, state: State) -> TopOperation | None:
        found = self._operations(state)
        return next((one for one in found if top.operation_key(one) == self.key), None)

    def _chosen_collection(self, state: State) -> TopCollection | None:
        found = self._collections(state)
        return next((one for one in found if top.collection_key(one) == self.key), None)

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {
            "item.open": lambda _: self.after_typing(self._open),
            "top.what": lambda _: self._change(),
            "top.sort": lambda _: self._sort(),
            "top.filter": lambda _: self.open_field(" only", "orders collscan", self.query_text),
        }

    def _change(self) -> None:
        self.what = COLLECTIONS if self.what == OPERATIONS else OPERATIONS

    def _sort(self) -> None:
        self._sorts[self.what] = (self._sorts[self.what] + 1) % len(SORTS[self.what])
        self.tell(f"By {self.sort}.")

    def _open(self) -> None:
        if self.focused is not None:
            self.query_text = self.typed
            self.close_field()
            self.redraw()
        elif self.state is not None and self.what == OPERATIONS:
            chosen = self._chosen_operation(self.state)
            if chosen is not None:
                title = f"{chosen.operation.op} {chosen.operation.namespace}"
                lines = partial(top.operation_whole, chosen)
                self.app.push_screen(ShowDialog(Shown(title, lines)))
        elif self.state is not None:
            collection = self._chosen_collection(self.state)
            if collection is not None:
                place = chart_place(self.place.deployment, LATENCY, member=collection.host)
                self.console.navigation.go(place)


def _top(state: State) -> TopView:
    assert isinstance(state, TopState)
    return state.top
