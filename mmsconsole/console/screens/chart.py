"""One metric over time, of all members or some."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from mmsconsole.console import actions, charts
from mmsconsole.console.actions import CHARTING
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.charts import Chart
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.monitor_state import ChartState
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import charts as words
from mmsconsole.console.present import questions
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, line
from mmsconsole.console.present.words import plural
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.charting import ChartingScreen
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.console.screens.finding import FindScreen
from mmsconsole.durable import write_file
from mmsconsole.operations.monitoring_door import catalogue
from mmsconsole.operations.monitoring_views import MetricView


class MetricScreen(FindScreen):
    """Answers the name of a metric, or nothing."""

    COLUMNS: ClassVar[Sequence[Column]] = (Column("", 22), Column("", 24, grow=1), Column("", 14))

    def __init__(self, metrics: Sequence[MetricView]) -> None:
        super().__init__("find a metric")
        self.metrics = tuple(metrics)

    def found(self, query: str, _glyphs: Glyphs) -> list[Row]:
        return [
            Row(each.name, (line(Span(each.chart, Tone.ACCENT)), line(each.title),
                            line(Span(each.unit, Tone.DIM))))
            for each in charts.matching(self.metrics, query)
        ]  # fmt: skip


class ChartScreen(ChartingScreen):
    VIEW = actions.CHART
    BINDINGS = bindings_for(CHARTING, VIEW)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.chosen = ""
        """Key of the line that the keys are about."""
        self._alone = charts.member_of(place.item)

    def first_chart(self, remembered: Chart) -> Chart:
        return charts.chart_of(self.place.item, remembered, self.now)

    def metrics_shown(self) -> tuple[str, ...]:
        return (self.chart.metric,)

    def lines(self, state: ChartState, page: Page) -> list[Line]:
        metric = self._metric(state)
        if metric is None:
            return [line(" ", Span(f"There is no metric {self.chart.metric}.", Tone.WARN))]
        shown = self.shown(metric, page)
        below = words.legend(shown, state.health.members, self.chosen, page)
        room = Page(page.width, max(4, page.height - 1 - len(below)), page.now, page.glyphs)
        return [words.title(shown, self._note(metric), page), *self.curves(shown, room), *below]

    def _note(self, metric: MetricView) -> str:
        if metric.name in self._pins():
            return "pinned"
        return "" if metric.name in self.series else f"being read{self.console.glyphs.more}"

    def _metric(self, state: ChartState) -> MetricView | None:
        return next((each for each in state.metrics if each.name == self.chart.metric), None)

    # Lines of the chart

    @property
    def _keys(self) -> list[str]:
        return [charts.key_of(one) for one in self.series.get(self.chart.metric, ())]

    def series_came(self, metric: str) -> None:
        if metric != self.chart.metric:
            return
        keys = self._keys
        if self._alone:
            hidden = {key for key in keys if key.partition(" ")[0] != self._alone}
            self.chart = replace(self.chart, hidden=frozenset(hidden))
            self.chosen = next((key for key in keys if key not in hidden), "")
            self._alone = ""
        if self.chosen not in keys:
            self.chosen = keys[0] if keys else ""

    def _choose(self, by: int, _: str) -> None:
        keys = self._keys
        if keys:
            place = keys.index(self.chosen) if self.chosen in keys else 0
            self.chosen = keys[max(0, min(place + by, len(keys) - 1))]

    def _toggle(self, _: str) -> None:
        if self.chosen:
            self.keep(self.chart.toggled(self.chosen))

    def _only(self, _: str) -> None:
        others = frozenset(self._keys) - {self.chosen}
        hidden = frozenset[str]() if self.chart.hidden >= others else others
        self.keep(replace(self.chart, hidden=hidden))

    # Metrics

    def _show(self, metric: str) -> None:
        if metric:
            self.keep(replace(self.chart, metric=metric, limit=None))
            self.series_came(metric)
            self.redraw()

    def _find(self, _: str) -> None:
        # Before the page has come, too: what is typed behind the key is meant for the list.
        there = self.state.metrics if isinstance(self.state, ChartState) else catalogue()
        self.app.push_screen(MetricScreen(there), lambda name: self._show(name or ""))

    def _next(self, by: int, _: str) -> None:
        if isinstance(self.state, ChartState):
            self._show(charts.neighbour(self.state.metrics, self.chart.metric, by))

    # Pins

    def _pins(self) -> tuple[str, ...]:
        return self.console.memory.pins.get(self.place.deployment, ())

    def _pin(self, _: str) -> None:
        pins, metric = self._pins(), self.chart.metric
        kept = charts.pinned(pins, metric)
        self.console.memory.pins[self.place.deployment] = kept
        if kept == pins:
            self.tell(f"{charts.PINS_MAX} charts are pinned already.", Tone.WARN)
        elif metric in kept:
            key = actions.key_of("chart.pins")
            self.tell(f"{metric} is pinned: {key} shows the pinned charts together.")
        else:
            self.tell(f"{metric} is pinned no more.")

    # To a file

    def _save(self, _: str) -> None:
        path = Path.cwd() / f"{self.place.deployment}-{self.chart.metric}.csv"
        title = f"Write {self.chart.metric} as CSV"
        wanted = Wanted(title, questions.CSV_TEXT, charts.path_complaint, str(path))
        self.console.want(wanted, self._saved)

    def _saved(self, typed: str) -> None:
        path = Path(typed).expanduser()
        series = self.series.get(self.chart.metric, ())
        drawn = [one for one in series if charts.key_of(one) not in self.chart.hidden]
        content, points = charts.csv_of(drawn).encode(), sum(len(one.points) for one in drawn)
        self.console.ask(
            f"writing {path}",
            lambda _: write_file(path, [content], 0o644),
            lambda _: f"Written to {path}: {plural(points, 'point')}.",
        )

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        pinned = Place(actions.PINS, self.place.deployment)
        return super().own_handlers() | {
            "chart.up": partial(self._choose, -1),
            "chart.down": partial(self._choose, 1),
            "chart.toggle": self._toggle,
            "chart.only": self._only,
            "chart.metric": self._find,
            "chart.next": partial(self._next, 1),
            "chart.before": partial(self._next, -1),
            "chart.pin": self._pin,
            "chart.pins": lambda _: self.console.navigation.replace(pinned),
            "chart.save": self._save,
        }
