"""The documents of a collection that is open for reading, page by page, and one of them."""

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from mmsconsole.console import actions
from mmsconsole.console import opened as browsing
from mmsconsole.console.actions import SCROLL, actions_in
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place, joined, parts
from mmsconsole.console.opened import Documents
from mmsconsole.console.present import documents as words
from mmsconsole.console.present import empty, opened
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import Handler
from mmsconsole.console.screens.filtering import FilteringScreen
from mmsconsole.console.screens.listing import ListScreen
from mmsconsole.console.screens.opened import OpenedActs, opening_of
from mmsconsole.console.screens.reading import ReadingScreen
from mmsconsole.console.state import State
from mmsconsole.console.widgets.lines import Lines
from mmsconsole.console.widgets.scroller import Scroller
from mmsconsole.errors import UsageError
from mmsconsole.operations.openings import parsed

ROWS, WHOLE = "documents", "document"
FILTER, SORT = "filter", "sort"
LABELS = {FILTER: " only", SORT: " sorted by"}


class DocumentsScreen(FilteringScreen, ListScreen):
    VIEW = actions.DOCUMENTS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = opened.BRIEF_LINES

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.documents = Documents(parts(place.item)[1])
        self._typing = FILTER

    def body(self) -> ComposeResult:
        yield from self.filter_line()
        yield from super().body()

    def on_mount(self) -> None:
        kept = self.console.memory.found(self.place)
        if kept is None:
            self._ask(self.documents)
        else:
            self.documents = kept

    # Reading

    def _ask(self, wanted: Documents | None) -> None:
        if wanted is not None:
            id_ = parts(self.place.item)[0]
            self.read(ROWS, lambda operations, task: browsing.read(operations, id_, wanted, task))

    def was_read(self, answer: Any) -> None:
        moved = answer.start != self.documents.start
        self.documents = answer
        self.console.memory.keep_found(self.place, answer)
        if moved or not self.key:
            self.table.stand_on(str(answer.start + 1))
        self.redraw()

    def draw_progress(self, page: Page) -> None:
        if self.state is not None:
            self._lines("above").set_lines(self.above(self.state, page))

    # Drawing

    def columns(self, page: Page) -> Sequence[Column]:
        return opened.document_columns(self.documents.rows or (), page)

    def rows(self, _: State, page: Page) -> list[Row]:
        return [opened.document_row(row, page) for row in self.documents.rows or ()]

    def above(self, _state: State, page: Page) -> list[Line]:
        progress = self.progress
        doing = ""
        if progress is not None:
            doing = opened.reading(self.documents.namespace, progress.done, page)
        return opened.above(opening_of(self), opened.paged(self.documents), doing, page)

    def detail(self, _: State, page: Page) -> list[Line]:
        chosen = self.documents.row(self.key)
        return opened.document_detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        if self.documents.rows is None:
            return []
        return empty.no_documents(bool(self.documents.filter))

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        acts = OpenedActs(self, lambda: opening_of(self))
        own: dict[str, Handler] = {
            "item.open": lambda _: self.after_typing(self._open),
            "documents.filter": lambda _: self._type(FILTER, self.documents.filter),
            "documents.sort": lambda _: self._type(SORT, self.documents.sort),
            "documents.next": lambda _: self._turn(self.documents.next()),
            "documents.back": lambda _: self._turn(self.documents.previous()),
            "row.down": lambda _: self._step("row.down", self.documents.next()),
            "row.page_down": lambda _: self._step("row.page_down", self.documents.next()),
            "look.refresh": lambda _: self._refresh(),
        }
        return super().own_handlers() | acts.handlers() | own

    def _turn(self, wanted: Documents | None) -> None:
        if wanted is None:
            self.tell("There are no more that way.", Tone.WARN)
        else:
            self._ask(wanted)

    def _step(self, id_: str, following: Documents | None) -> None:
        """Down from the last one to the page that follows."""
        before = self.key
        self.table.move(id_)
        if self.key == before and not self.reads:
            self._ask(following)

    def _refresh(self) -> None:
        self.poll()
        self._ask(self.documents)

    def _open(self) -> None:
        if self.focused is not None:
            self._apply()
        elif self.documents.row(self.key) is not None:
            id_, namespace = parts(self.place.item)
            item = joined(id_, joined(self.key, namespace))
            self.console.navigation.go(Place(actions.DOCUMENT, self.place.deployment, item))

    # Filter and sort

    def _type(self, what: str, value: str) -> None:
        self._typing = what
        self.open_field(LABELS[what], opened.EXAMPLES[what], value)

    def _apply(self) -> None:
        text = self.typed
        try:
            parsed(text, self._typing)
        except UsageError as error:
            self.console.tell_error(error)
            return
        self.close_field()
        documents = self.documents
        filters = self._typing == FILTER
        self._ask(documents.asked(filter_=text) if filters else documents.asked(sort=text))


class DocumentScreen(ReadingScreen):
    """What was read once is what it is. A large one is written out beside the event loop."""

    VIEW = actions.DOCUMENT
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._width = 0
        """That the lines were written for."""

    def body(self) -> ComposeResult:
        yield Lines(id="above")
        yield Scroller(id="page")

    @property
    def row(self) -> browsing.Row | None:
        """None: it was read too long ago."""
        id_, rest = parts(self.place.item)
        number, namespace = parts(rest)
        place = Place(actions.DOCUMENTS, self.place.deployment, joined(id_, namespace))
        documents = self.console.memory.found(place)
        return documents.row(number) if documents else None

    def draw(self, _: State, page: Page) -> None:
        row = self.row
        self.draw_progress(page)
        if row is not None and page.width != self._width:
            self._width = page.width
            text, width = row.text, page.width
            self.read(WHOLE, lambda _, task: words.pretty(text, width, task.check))

    def draw_progress(self, page: Page) -> None:
        namespace = parts(parts(self.place.item)[1])[1]
        told = opened.document_above(namespace, self.row, reads=self.reads, page=page)
        self._lines("above").set_lines(told)

    def was_read(self, answer: Any) -> None:
        self.query_one(Scroller).set_whole(answer)
        self.redraw()

    def own_handlers(self) -> dict[str, Handler]:
        return {action.id: self._mover(action.id) for action in actions_in(SCROLL) if action.views}

    def _mover(self, id_: str) -> Handler:
        return lambda _: self.query_one(Scroller).move(id_)
