"""What is opened for reading: the list, what is done to one, and the collections in it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mmsconsole.console import actions
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place, joined, parts
from mmsconsole.console.opened import HOURS, hours_complaint, read_hours
from mmsconsole.console.present import empty, opened, questions
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import Wanted, confirm
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.reading import ReadingScreen
from mmsconsole.console.screens.showing import Copied, ShowDialog, Shown
from mmsconsole.console.state import OpeningsState, OpeningState, State
from mmsconsole.metadata.openings import OpeningState as States
from mmsconsole.operations.opening_views import Connection, OpenedCollection, OpeningView
from mmsconsole.operations.views import RestoreView

Act = Callable[[OpeningView], None]
ROWS = "collections"


class OpenedActs:
    """`chosen` tells which one is meant; None: none is there."""

    def __init__(self, screen: ConsoleScreen, chosen: Callable[[], OpeningView | None]) -> None:
        self._screen = screen
        self._chosen = chosen

    def handlers(self) -> dict[str, Handler]:
        return {
            "opened.connect": self._of_chosen(self._connect),
            "opened.extend": self._of_chosen(self._extend),
            "opened.close": self._of_chosen(self._close),
        }

    def _of_chosen(self, act: Act) -> Handler:
        def done(_: str) -> None:
            opening = self._chosen()
            if opening is None:
                self._screen.tell("Nothing is open here.", Tone.WARN)
            else:
                act(opening)

        return done

    def _connect(self, opening: OpeningView) -> None:
        self._screen.console.ask(
            "asking how to connect",
            lambda operations: operations.opening_connection(opening.id),
            self._show,
        )

    def _show(self, connection: Connection) -> str:
        shown = Shown(
            "How to connect, on this machine",
            partial(opened.connection_lines, connection),
            (Copied("the command", connection.shell), Copied("the password", connection.password)),
        )
        self._screen.app.push_screen(ShowDialog(shown))
        return ""

    def _extend(self, opening: OpeningView) -> None:
        wanted = Wanted(
            f"Keep {opened.what(opening)} open", questions.EXTEND_TEXT, hours_complaint, HOURS
        )
        self._screen.console.want(wanted, partial(self._extended, opening))

    def _extended(self, opening: OpeningView, hours: str) -> None:
        self._screen.console.ask(
            "asking for more time",
            lambda operations: operations.extend_opening(opening.id, read_hours(hours)),
            lambda longer: f"It is open until {opened.until(longer)}.",
        )

    def _close(self, opening: OpeningView) -> None:
        question = confirm(
            f"Close {opened.what(opening)}?", questions.close_text(opening), "close it"
        )
        self._screen.console.confirm(question, partial(self._closed, opening))

    def _closed(self, opening: OpeningView) -> None:
        self._screen.console.ask(
            f"closing {opened.what(opening)}",
            lambda operations: operations.close_opening(opening.id),
            lambda _: "It is being closed; its files are removed.",
        )


class OpenedScreen(ListScreen):
    VIEW = actions.OPENED
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = opened.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return opened.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        assert isinstance(state, OpeningsState)
        making = [opened.making_row(one, page) for one in state.making]
        return making + [opened.row(one, page) for one in state.openings]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen, making = self._chosen(state), self._making(state)
        if making is not None:
            return opened.making_detail(making, page)
        return opened.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.nothing_open()

    def deployment_name(self) -> str:
        chosen = self._chosen(self.state) or self._making(self.state)
        return self.place.deployment or (chosen.deployment if chosen else "")

    def own_handlers(self) -> dict[str, Handler]:
        acts = OpenedActs(self, lambda: self._chosen(self.state))
        own: dict[str, Handler] = {"item.open": lambda _: self._open()}
        return super().own_handlers() | acts.handlers() | own

    def _chosen(self, state: State | None) -> OpeningView | None:
        return find(state.openings, self.key) if isinstance(state, OpeningsState) else None

    def _making(self, state: State | None) -> RestoreView | None:
        return find(state.making, self.key) if isinstance(state, OpeningsState) else None

    def _open(self) -> None:
        """What is being made is a restore, with its progress and its end."""
        chosen, making = self._chosen(self.state), self._making(self.state)
        go = self.console.navigation.go
        if making is not None:
            go(Place(actions.RESTORE, making.deployment, making.id))
        elif chosen is not None and chosen.state == States.OPEN:
            go(Place(actions.COLLECTIONS, chosen.deployment, chosen.id))
        elif chosen is not None:
            self.tell(f"It is {chosen.state}, not open.", Tone.WARN)


def opening_of(screen: ConsoleScreen) -> OpeningView | None:
    return screen.state.opening if isinstance(screen.state, OpeningState) else None


class CollectionsScreen(ReadingScreen, ListScreen):
    VIEW = actions.COLLECTIONS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = 0

    def on_mount(self) -> None:
        if self.collections is None:
            self._ask()

    @property
    def opening(self) -> str:
        return parts(self.place.item)[0]

    @property
    def collections(self) -> tuple[OpenedCollection, ...] | None:
        """They never change; None: not read yet."""
        return self.console.memory.collections.get(self.place)

    def _ask(self) -> None:
        self.read(ROWS, lambda operations, task: operations.opened_collections(
            self.opening, task=task))  # fmt: skip

    def was_read(self, answer: Any) -> None:
        self.console.memory.collections[self.place] = tuple(answer)
        self.redraw()

    # Drawing

    def columns(self, page: Page) -> Sequence[Column]:
        return opened.collection_columns(page)

    def rows(self, _: State, page: Page) -> list[Row]:
        return opened.collection_rows(self.collections or (), page)

    def above(self, _state: State, page: Page) -> list[Line]:
        doing = opened.reading("its collections", 0, page) if self.reads else ""
        return opened.above(opening_of(self), self._count(), doing, page)

    def _count(self) -> str:
        return "" if self.collections is None else opened.counted(self.collections)

    def detail(self, _state: State, _page: Page) -> list[Line]:
        return []

    def nothing(self) -> list[Line]:
        return [] if self.collections is None else empty.no_collections()

    def draw_progress(self, page: Page) -> None:
        if self.state is not None:
            self._lines("above").set_lines(self.above(self.state, page))

    # Keys

    def own_handlers(self) -> dict[str, Handler]:
        own: dict[str, Handler] = {
            "item.open": lambda _: self._open(),
            "look.refresh": lambda _: self._refresh(),
        }
        acts = OpenedActs(self, lambda: opening_of(self))
        return super().own_handlers() | acts.handlers() | own

    def _open(self) -> None:
        if self.key:
            place = Place(actions.DOCUMENTS, self.place.deployment, joined(self.opening, self.key))
            self.console.navigation.go(place)

    def _refresh(self) -> None:
        self.poll()
        self._ask()

    def back(self, argument: str) -> None:
        """Out of what is being read, then out of the view."""
        if self.query_one("#command").display or not self.stop_reading():
            super().back(argument)
        else:
            self.tell("Stopped.", Tone.WARN)
