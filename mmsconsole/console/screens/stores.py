"""The stores, and one of them: what is in them, and what is done to them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from textual import work
from textual.message import Message

from mmsconsole.console import actions, errands
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import empty, questions, store, stores
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page
from mmsconsole.console.reached import Reached, is_due
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import TEXT_CELLS, Wanted, confirm
from mmsconsole.console.screens.jobs import cancel_first
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.state import State, StoreSituation, StoresState
from mmsconsole.errors import MmsError
from mmsconsole.operations.check_views import RepairView
from mmsconsole.operations.store_views import GroomPlanView

Act = Callable[[StoreSituation], None]
SHARE = "0"
"""What the question about a check begins with: nothing is read whole."""
QUESTION_LINES = 14
"""Of a question beside its table."""


class AsksPlaces(ConsoleScreen):
    """Asks the places of the stores in sight, one after another, each when its turn has come."""

    class Told(Message):
        def __init__(self, store: str, reached: Reached) -> None:
            super().__init__()
            self.store = store
            self.reached = reached

    _reaching = ""
    """Name of the store that is being asked."""

    @property
    def busy(self) -> bool:
        return super().busy or bool(self._reaching)

    @property
    def reached(self) -> Mapping[str, Reached]:
        return self.console.memory.reached

    def watch_state(self) -> None:
        super().watch_state()
        self._reach_next()

    def tick(self) -> None:
        super().tick()
        if self.is_active and not self.console.paused:
            self._reach_next()

    def _reach_next(self) -> None:
        now = self.console.clock.now()
        due = [one.id for one in situations(self.state) if is_due(self.reached.get(one.id), now)]
        if due and not self._reaching:
            self._reaching = due[0]
            self._reach(due[0])

    @work(group="reach")
    async def _reach(self, name: str) -> None:
        operations, at = self.console.operations, self.console.clock.now()
        try:
            told = Reached.told(at, await errands.poll(lambda: operations.store(name)))
        except MmsError as error:
            told = Reached(at, None, str(error))
        self.post_message(self.Told(name, told))

    def on_asks_places_told(self, message: Told) -> None:
        self._reaching = ""
        self.console.memory.reached[message.store] = message.reached
        self.redraw()
        self._reach_next()


def situations(state: State | None) -> tuple[StoreSituation, ...]:
    return state.stores if isinstance(state, StoresState) else ()


class StoreActs:
    def __init__(self, screen: ConsoleScreen) -> None:
        self._screen = screen

    def handlers(self) -> dict[str, Handler]:
        return {
            "store.groom": self._of_chosen(self._groom),
            "store.check": self._of_chosen(self._check),
            "store.repair": self._of_chosen(self._repair),
            "job.cancel": self._of_chosen(self._cancel),
        }

    def _of_chosen(self, act: Act) -> Handler:
        def done(_: str) -> None:
            chosen = chosen_store(self._screen)
            if chosen is not None:
                act(chosen)

        return done

    def _groom(self, chosen: StoreSituation) -> None:
        """First what it would do, then the question."""
        self._screen.console.ask(
            f"looking at what the store {chosen.id} holds",
            lambda operations: operations.plan_groom(chosen.id),
            self._confirm_groom,
        )

    def _confirm_groom(self, plan: GroomPlanView) -> str:
        question = confirm(f"Groom the store {plan.store}?", questions.groom_text(plan), "groom it")
        self._screen.console.confirm(question, partial(self._groomed, plan.store))
        return ""

    def _groomed(self, name: str) -> None:
        self._screen.console.ask(
            f"asking for a groom of the store {name}",
            lambda operations: operations.start_groom(name),
            lambda _: f"The store {name} is being groomed.",
        )

    def _check(self, chosen: StoreSituation) -> None:
        wanted = Wanted(
            f"Check the store {chosen.id}",
            questions.CHECK_TEXT,
            questions.share_complaint,
            SHARE,
        )
        self._screen.console.want(wanted, partial(self._checked, chosen.id))

    def _checked(self, name: str, text: str) -> None:
        share = questions.share_of(text)
        self._screen.console.ask(
            f"asking for a check of the store {name}",
            lambda operations: operations.start_check(name, share=share),
            lambda _: f"The store {name} is being checked, {share:.0%} of it is read whole.",
        )

    def _repair(self, chosen: StoreSituation) -> None:
        """First what it would take again, and from where."""
        self._screen.console.ask(
            f"looking at what is damaged in the store {chosen.id}",
            lambda operations: operations.plan_repair(chosen.id),
            self._confirm_repair,
        )

    def _confirm_repair(self, plan: RepairView) -> str:
        if not plan.objects:
            return f"Nothing that is damaged is known in the store {plan.store}."
        console = self._screen.console
        height = self._screen.app.size.height
        page = console.page(TEXT_CELLS, height)
        question = confirm(
            f"Repair the store {plan.store}?",
            questions.repair_text(plan),
            "repair it",
            table=store.remedies(plan, max(2, height - QUESTION_LINES), page),
        )
        console.confirm(question, partial(self._repaired, plan.store))
        return ""

    def _repaired(self, name: str) -> None:
        self._screen.console.ask(
            f"asking for a repair of the store {name}",
            lambda operations: operations.start_repair(name),
            lambda _: f"The store {name} is being repaired.",
        )

    def _cancel(self, chosen: StoreSituation) -> None:
        cancel_first(self._screen, chosen.jobs)


def chosen_store(screen: ConsoleScreen) -> StoreSituation | None:
    key = screen.key if isinstance(screen, StoresScreen) else screen.place.item
    return find(situations(screen.state), key)


class StoresScreen(AsksPlaces, ListScreen):
    VIEW = actions.STORES
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = stores.DETAIL_LINES

    def columns(self, page: Page) -> Sequence[Column]:
        return stores.columns(page)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [stores.row(one, self.reached.get(one.id), page) for one in situations(state)]

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = find(situations(state), self.key)
        return stores.detail(chosen, self.reached.get(self.key), page) if chosen else []

    def nothing(self) -> list[Line]:
        return empty.no_stores()

    def own_handlers(self) -> dict[str, Handler]:
        own: dict[str, Handler] = {"item.open": lambda _: self._open()}
        return super().own_handlers() | StoreActs(self).handlers() | own

    def _open(self) -> None:
        if self.key:
            place = Place(actions.STORE, self.place.deployment, self.key)
            self.console.navigation.go(place)


class StoreScreen(AsksPlaces, PageScreen):
    VIEW = actions.STORE
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def lines(self, state: State, page: Page) -> list[Line]:
        found = find(situations(state), self.place.item)
        return [] if found is None else store.draw(found, self.reached.get(found.id), page)

    def own_handlers(self) -> dict[str, Handler]:
        return super().own_handlers() | StoreActs(self).handlers()
