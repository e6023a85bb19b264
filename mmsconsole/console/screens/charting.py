"""What the page of one chart and that of the pinned ones share: time, and reading series.

A series is read when the stretch that is shown has changed, and while the present is followed as
often as there can be a new point; drawn anew only when it differs.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from textual.app import ComposeResult

from mmsconsole.console import charts
from mmsconsole.console.charts import Chart
from mmsconsole.console.monitor_state import ChartState, Series
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import charts as words
from mmsconsole.console.present import empty, plot, questions
from mmsconsole.console.present.charts import Shown
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.console.screens.reading import ReadingScreen
from mmsconsole.console.state import State
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.operations.monitoring_views import MetricView

AGAIN_SECONDS_MIN, AGAIN_SECONDS_MAX = 5.0, 60.0
STEPS = {"chart.earlier": -1, "chart.later": 1}
PAGES = {"chart.page_earlier": -1, "chart.page_later": 1}
Curves = tuple[tuple[Shown, int, int], list[Line]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be read."""

    metric: str
    window: tuple[datetime, datetime]
    points: int


@dataclass(frozen=True, slots=True)
class Answer:
    wish: Wish
    series: Series


class ChartingScreen(ReadingScreen):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.chart = Chart()
        self.series: dict[str, Series] = {}
        """By metric."""
        self._wishes: dict[str, tuple[Wish, datetime]] = {}
        """What was asked for last, and when."""
        self._curves: dict[str, Curves] = {}
        """What was drawn last, by metric."""

    # What a page defines

    def first_chart(self, remembered: Chart) -> Chart:
        return remembered

    def lines(self, state: ChartState, page: Page) -> list[Line]:
        raise NotImplementedError

    def metrics_shown(self) -> tuple[str, ...]:
        raise NotImplementedError

    def axis_width(self, page: Page) -> int:
        return plot.axis_width(page)

    # Composition

    def body(self) -> ComposeResult:
        yield Lines(id="page")

    def on_mount(self) -> None:
        remembered = self.console.memory.charts.get(self.place.deployment, Chart())
        self.chart = self.first_chart(remembered)

    @property
    def now(self) -> datetime:
        return self.console.clock.now()

    @property
    def room(self) -> Page:
        return self._lines("page").page

    # Drawing

    def draw(self, state: State, _: Page) -> None:
        assert isinstance(state, ChartState)
        if state.health.empty:
            self._lines("page").set_lines(empty.no_monitoring(state.health.empty))
            return
        for metric in self.metrics_shown():
            self._read_if_due(metric)
        self._lines("page").set_lines(self.lines(state, self.room))

    def draw_progress(self, page: Page) -> None:
        """It is read in a moment: nothing is told of it."""

    def shown(self, metric: MetricView, page: Page) -> Shown:
        chart = replace(self.chart, metric=metric.name)
        axis = chart.axis(self.now, self.axis_width(page))
        return Shown(metric, self.series.get(metric.name, ()), chart, axis)

    def curves(self, shown: Shown, page: Page) -> list[Line]:
        """Drawn anew only when something of it differs: it is what costs time."""
        key = (shown, page.width, page.height)
        name = shown.metric.name
        kept = self._curves.get(name)
        if kept is None or kept[0] != key:
            kept = self._curves[name] = (key, words.curves(shown, page))
        return kept[1]

    # Reading

    def _read_if_due(self, metric: str) -> None:
        wish = Wish(metric, self.chart.window(self.now), 2 * self.axis_width(self.room))
        asked = self._wishes.get(metric)
        due = asked is None or asked[0] != wish or self._is_old(metric, asked[1])
        if due and self.console.freshness.trouble is None:
            self.read_series(wish)

    def _is_old(self, metric: str, asked_at: datetime) -> bool:
        """What lies back for good is read once."""
        if self.chart.end is not None or self.is_read(metric):
            return False
        step = min((one.seconds for one in self.series.get(metric, ())), default=0.0)
        pause = min(AGAIN_SECONDS_MAX, max(AGAIN_SECONDS_MIN, step / 3))
        return self.now - asked_at >= timedelta(seconds=pause)

    def read_series(self, wish: Wish) -> None:
        name = self.place.deployment
        self._wishes[wish.metric] = (wish, self.now)
        self.read(wish.metric, lambda operations, _: Answer(
            wish, charts.read(operations, name, wish.metric, wish.window, wish.points)
        ))  # fmt: skip

    def was_read(self, answer: Any) -> None:
        assert isinstance(answer, Answer)
        metric = answer.wish.metric
        if answer.series != self.series.get(metric):
            self.series[metric] = answer.series
            self.series_came(metric)
        self.redraw()

    def series_came(self, metric: str) -> None:
        """Something of it is new."""

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        return {
            **{id_: partial(self._step, by) for id_, by in STEPS.items()},
            **{id_: partial(self._page, by) for id_, by in PAGES.items()},
            "chart.closer": lambda _: self.keep(self.chart.zoomed(self.now, closer=True)),
            "chart.farther": lambda _: self.keep(self.chart.zoomed(self.now, closer=False)),
            "chart.now": lambda _: self.keep(self.chart.following()),
            "chart.jump": self._jump,
            "look.refresh": lambda _: self._refresh(),
        }

    def keep(self, chart: Chart) -> None:
        self.chart = chart
        self.console.memory.charts[self.place.deployment] = chart

    def _step(self, by: int, _: str) -> None:
        self.keep(self.chart.moved(by, self.now, self.axis_width(self.room)))

    def _page(self, by: int, _: str) -> None:
        self.keep(self.chart.paged(by, self.now))

    def _jump(self, _: str) -> None:
        at = self.chart.cursor or self.now
        value = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        wanted = Wanted(
            "Go to a moment",
            questions.MOMENT_TEXT,
            lambda text: charts.moment_complaint(text, self.now),
            value,
        )
        self.console.want(wanted, self._jumped)

    def _jumped(self, text: str) -> None:
        at = charts.parse_moment(text, self.now)
        self.keep(self.chart.jumped(at, self.now))
        self.tell(f"{moment(self.chart.cursor)}.")

    def _refresh(self) -> None:
        self.poll()
        for wish, _ in list(self._wishes.values()):
            self.read_series(wish)
