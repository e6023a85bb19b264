"""The oplog of a deployment, and one entry of it."""

from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import ComposeResult

from mmsconsole.console import actions
from mmsconsole.console import oplog as browsing
from mmsconsole.console.actions import GRAPH, TABLE, actions_in
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.oplog import Browser, Part, Request
from mmsconsole.console.present import empty
from mmsconsole.console.present import oplog as words
from mmsconsole.console.present.text import Line, Page, Span, Tone, line
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.filtering import FilteringScreen
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.state import EntryState, State
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.ops_table import OpsTable
from mmsconsole.errors import UsageError
from mmsconsole.operations.oplog_views import ENTRY, OplogRate, OplogRow, OplogSearch
from mmsconsole.oplog.filters import made
from mmsconsole.optime import Optime

ROWS, RATE, SEARCH = "rows", "rate", "search"
"""What is read, one after another."""
STEPS = {"graph.earlier": -1, "graph.later": 1, "graph.page_earlier": -browsing.PAGE_CELLS,
         "graph.page_later": browsing.PAGE_CELLS}  # fmt: skip
FILTER_EXAMPLE = "ns=app.orders op=delete id=5 status=paid"
NOTHING_FOUND = "Nothing was dropped before here, and nowhere was much deleted."


def restore_before(screen: "OplogScreen | EntryScreen", at: Optime) -> None:
    """Opens the wizard with exactly this moment."""
    place = Place(actions.WIZARD, screen.place.deployment, f"before:{at}")
    screen.console.navigation.go(place)


class OplogScreen(FilteringScreen):
    VIEW = actions.OPLOG
    BINDINGS = bindings_for(GRAPH, VIEW, TABLE)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.browser = Browser()

    def body(self) -> ComposeResult:
        yield Lines(id="graph")
        yield from self.filter_line()
        yield Lines(id="status")
        yield OpsTable(id="table")
        yield Lines(id="nothing")
        detail = Lines(id="detail")
        detail.styles.height = words.DETAIL_LINES
        yield detail

    def on_mount(self) -> None:
        self.browser = self.console.memory.oplogs.get(self.place, self.browser)
        self.table.stand_on(self.console.memory.cursors.get(self.place, ""))
        if self.browser.rate is None:
            self.ask_rows(Request(Part.LATEST))

    @property
    def table(self) -> OpsTable:
        return self.query_one("#table", OpsTable)

    @property
    def chosen(self) -> OplogRow | None:
        return self.browser.row(self.table.key)

    # Drawing

    def draw(self, state: State, page: Page) -> None:
        self._fit_rate(page)
        status = state.deployment.status if state.deployment else None
        self._lines("graph").set_lines(words.graph(self.browser, status, page))
        rows = [words.row(one, page) for one in self.browser.rows]
        nothing = not rows and self.browser.rate is not None and not self.reads
        self._lines("nothing").set_lines(self._nothing() if nothing else [])
        self._lines("nothing").display = nothing
        self.table.display = not nothing
        self.table.set_rows(words.columns(page), rows)
        self._draw_below(page)

    def _nothing(self) -> list[Line]:
        if self.browser.stored is None:
            return empty.no_oplog()
        told = "No entry is like that." if self.browser.typed else "Nothing was read."
        return [(), line("   ", Span(told, Tone.TITLE))]

    def _draw_below(self, page: Page) -> None:
        chosen = self.chosen
        self._lines("detail").set_lines(words.detail(chosen, page) if chosen else [])
        self.draw_progress(page)

    def draw_progress(self, page: Page) -> None:
        progress = self.progress
        doing = "" if progress is None else words.reading(progress.done, progress.total, page)
        self._lines("status").set_lines([words.status_line(self.browser, doing, page)])

    def _fit_rate(self, page: Page) -> None:
        """As many stretches as the graph has columns."""
        rate, width = self.browser.rate, words.graph_width(page)
        if RATE in self.failed:
            return
        if rate is None:
            self.ask_rate("", "")
        elif len(rate.counts) != width and not self.is_read(RATE):
            axis = self.browser.axis
            assert axis is not None
            self.ask_rate(*("", "") if rate.stored is None else browsing.points(axis))

    def on_ops_table_moved(self) -> None:
        self._remember_row()
        if self.state is not None:
            self.redraw()

    def _remember_row(self) -> None:
        self.console.memory.cursors[self.place] = self.table.key

    def _point_at_row(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._keep(replace(self.browser, cursor=browsing.time_of(chosen)))
            self._show_pointer()

    def _keep(self, browser: Browser) -> None:
        self.browser = browser
        self.console.memory.oplogs[self.place] = browser

    # Reading

    def ask_rows(self, request: Request) -> None:
        name, wanted = self.place.deployment, self.browser.wanted
        self.read(ROWS, lambda operations, task: browsing.read(
            operations, name, request, wanted, task))  # fmt: skip

    def ask_rate(self, first: str, last: str) -> None:
        name = self.place.deployment
        count = words.graph_width(self.console.page(self.app.size.width, self.app.size.height))
        if not self.is_read(RATE):
            self.read(RATE, lambda operations, task: operations.oplog_rate(
                name, count=count, first=first, last=last, task=task))  # fmt: skip

    def was_read(self, answer: Any) -> None:
        if isinstance(answer, OplogRate):
            self._keep(self.browser.with_rate(answer))
        elif isinstance(answer, browsing.Answer):
            self._take_rows(answer)
        elif isinstance(answer, OplogSearch):
            self._take_search(answer)
        self.redraw()

    def _take_rows(self, answer: browsing.Answer) -> None:
        part, at = answer.request.part, answer.request.at
        if part is Part.NEWER and not answer.rows:
            self.tell("That is all there is by now.")
        before = self.table.key
        self._keep(browsing.taken_in(self.browser, answer))
        rows = self.browser.rows
        stand = {Part.LATEST: rows[-1:], Part.OLDEST: rows[:1]}.get(part, ())
        if part is Part.AROUND and at is not None:
            found = browsing.first_from(rows, at)
            stand = () if found is None else (found,)
        self.table.stand_on(browsing.key_of(stand[0]) if stand else before)
        self._remember_row()
        if part in (Part.LATEST, Part.OLDEST):
            self._point_at_row()

    def _take_search(self, answer: OplogSearch) -> None:
        if answer.damaged:
            self.tell(f"{len(answer.damaged)} damaged chunks could not be looked into.", Tone.WARN)
        if not answer.found:
            self.tell(NOTHING_FOUND, Tone.WARN)
            return
        found = answer.found[0]
        self.tell(words.found_sentence(found), Tone.WARN,
                  f"{actions.key_of('oplog.restore')} restores to just before it; "
                  f"{actions.key_of('oplog.drop')} looks farther back")  # fmt: skip
        self._keep(replace(self.browser, searched=found.first, cursor=found.first.time))
        self.ask_rows(Request(Part.AROUND, found.first))
        self._show_pointer()

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        moving = [action.id for action in actions_in(TABLE) if action.views]
        graph = [action.id for action in actions_in(GRAPH) if action.views]
        return {
            **{id_: partial(self._move, id_) for id_ in moving},
            **{id_: partial(self._steer, id_) for id_ in graph},
            "oplog.open": lambda _: self.after_typing(self._open),
            "oplog.filter": lambda _: self._type_filter(),
            "oplog.drop": lambda _: self._search(),
            "oplog.restore": lambda _: self._restore(),
            "look.refresh": lambda _: self._refresh(),
        }

    def _move(self, id_: str, _: str) -> None:
        """At either end more is read; first and last are those of the whole oplog."""
        if id_ == "row.first":
            self.ask_rows(Request(Part.OLDEST))
        elif id_ == "row.last":
            self.ask_rows(Request(Part.LATEST))
        else:
            before = self.table.key
            self.table.move(id_)
            if self.table.key != before:
                self._point_at_row()
            elif not self.is_read(ROWS):
                self._more(newer=id_ in ("row.down", "row.page_down"))

    def _more(self, *, newer: bool) -> None:
        if not self.browser.rows:
            self.ask_rows(Request(Part.LATEST))
        elif newer:
            self.ask_rows(Request(Part.NEWER, browsing.behind(self.browser)))
        elif self.browser.older is not None:
            self.ask_rows(Request(Part.OLDER, self.browser.older))

    def _steer(self, id_: str, _: str) -> None:
        if id_ in STEPS:
            self._keep(self.browser.moved(STEPS[id_]))
            if self.browser.cursor is not None:
                at = browsing.position_at(self.browser.cursor)
                self.ask_rows(Request(Part.AROUND, at))
            self._show_pointer()
            return
        stretch = self.browser.stretch(closer=id_ == "graph.closer")
        if stretch is not None:
            self.ask_rate(*stretch)

    def _show_pointer(self) -> None:
        stretch = self.browser.stretch(closer=None)
        if stretch is not None:
            self.ask_rate(*stretch)

    def _refresh(self) -> None:
        self.poll()
        axis = self.browser.axis
        self.ask_rate(*("", "") if axis is None else browsing.points(axis))
        self._more(newer=True)

    def _search(self) -> None:
        chosen, name = self.chosen, self.place.deployment
        before = None
        if chosen is not None:
            on_found = chosen.optime == self.browser.searched
            before = chosen.optime if on_found else chosen.optime.after
        self.read(SEARCH, lambda operations, task: operations.oplog_search(
            name, before=before, task=task))  # fmt: skip

    def _chosen_entry(self) -> OplogRow | None:
        chosen = self.chosen
        if chosen is None or chosen.row != ENTRY:
            self.tell("There is no entry here.", Tone.WARN)
            return None
        return chosen

    def _restore(self) -> None:
        chosen = self._chosen_entry()
        if chosen is not None:
            restore_before(self, chosen.optime)

    def _open(self) -> None:
        if self.focused is not None:
            self._apply_filter()
            return
        chosen = self._chosen_entry()
        if chosen is not None:
            place = Place(actions.ENTRY, self.place.deployment, str(chosen.optime))
            self.console.navigation.go(place)

    # Filter

    def _type_filter(self) -> None:
        self.open_field(" only", FILTER_EXAMPLE, self.browser.typed)

    def _apply_filter(self) -> None:
        text = self.typed
        try:
            wanted = made(filter_=text)
        except UsageError as error:
            self.console.tell_error(error)
            return
        self.close_field()
        self._keep(replace(self.browser, typed=text, wanted=wanted, rows=(), older=None,
                           newer=None))  # fmt: skip
        self.ask_rows(Request(Part.LATEST))


class EntryScreen(PageScreen):
    """What was read once is what it is: it is asked for once."""

    VIEW = actions.ENTRY
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def poll(self) -> None:
        if self.state is None:
            super().poll()

    def lines(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, EntryState)
        return words.entry_lines(state.entry, page)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | {"oplog.restore": lambda _: self._restore()}

    def _restore(self) -> None:
        if isinstance(self.state, EntryState):
            restore_before(self, self.state.entry.entry.optime)
