"""The pinned charts of a deployment together, of one stretch of time."""

from dataclasses import replace
from functools import partial

from mmsconsole.console import actions, charts
from mmsconsole.console.actions import CHARTING
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.monitor_state import ChartState
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import charts as words
from mmsconsole.console.present import empty, plot
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.charting import ChartingScreen


class PinsScreen(ChartingScreen):
    VIEW = actions.PINS
    BINDINGS = bindings_for(CHARTING, VIEW)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._at = 0

    def metrics_shown(self) -> tuple[str, ...]:
        return self.console.memory.pins.get(self.place.deployment, ())

    def axis_width(self, page: Page) -> int:
        told = words.places(len(self.metrics_shown()), page)
        return plot.axis_width(Page(told.width, told.height, page.now, page.glyphs))

    def lines(self, state: ChartState, page: Page) -> list[Line]:
        by_name = {each.name: each for each in state.metrics}
        shown = [
            self.shown(by_name[name], page) for name in self.metrics_shown() if name in by_name
        ]
        if not shown:
            return empty.no_pins()
        self._at = max(0, min(self._at, len(shown) - 1))
        return words.pinned(shown, self._at, self.curves, page)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {
            "chart.up": partial(self._choose, -1),
            "chart.down": partial(self._choose, 1),
            "chart.pin": self._unpin,
            "chart.pins": lambda _: self._open(""),
            "item.open": self._open,
        }

    @property
    def _chosen(self) -> str:
        pins = self.metrics_shown()
        return pins[self._at] if pins else ""

    def _choose(self, by: int, _: str) -> None:
        self._at = max(0, min(self._at + by, len(self.metrics_shown()) - 1))

    def _unpin(self, _: str) -> None:
        if self._chosen:
            kept = charts.pinned(self.metrics_shown(), self._chosen)
            self.console.memory.pins[self.place.deployment] = kept

    def _open(self, _: str) -> None:
        """The chosen one on its own page, at the same time."""
        if self._chosen:
            self.keep(replace(self.chart, metric=self._chosen))
        self.console.navigation.replace(Place(actions.CHART, self.place.deployment))
