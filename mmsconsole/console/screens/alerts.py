"""Alerts: the list, and one of them; acknowledged or not, and the way to the cause."""

from collections.abc import Callable, Sequence
from functools import partial

from mmsconsole.console import actions
from mmsconsole.console.alert_state import CLOSED_TOO, AlertsState, AlertState
from mmsconsole.console.bindings import bindings_for
from mmsconsole.console.causes import cause_of
from mmsconsole.console.navigation import Place
from mmsconsole.console.present import alerts, questions_of_alerts
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Tone
from mmsconsole.console.screens.base import ConsoleScreen, Handler
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.console.screens.listing import ListScreen, find
from mmsconsole.console.screens.paging import PageScreen
from mmsconsole.console.state import State
from mmsconsole.metadata.alerts import AlertState as States
from mmsconsole.operations.alert_views import AlertView

Act = Callable[[AlertView], None]


class AlertActs:
    """`chosen` tells which alert is meant; None: none is there."""

    def __init__(self, screen: ConsoleScreen, chosen: Callable[[], AlertView | None]) -> None:
        self._screen = screen
        self._chosen = chosen

    def handlers(self) -> dict[str, Handler]:
        return {
            "alert.cause": self._of_chosen(self.cause),
            "alert.acknowledge": self._of_chosen(self._acknowledge),
            "alert.unacknowledge": self._of_chosen(self._unacknowledge),
        }

    def _of_chosen(self, act: Act) -> Handler:
        def done(_: str) -> None:
            alert = self._chosen()
            if alert is not None:
                act(alert)

        return done

    def cause(self, alert: AlertView) -> None:
        console, place = self._screen.console, cause_of(alert)
        if place.view == actions.HEALTH:
            console.memory.cursors[place] = alert.subject
        console.navigation.go(place)

    def _acknowledge(self, alert: AlertView) -> None:
        """First until when, then the note."""
        if alert.state == States.CLOSED:
            self._screen.tell("This alert is closed already.", Tone.WARN)
            return
        console = self._screen.console
        wanted = Wanted(
            f"Acknowledge: {alert.condition}",
            questions_of_alerts.UNTIL_TEXT,
            lambda text: questions_of_alerts.until_complaint(text, console.clock.now()),
            questions_of_alerts.UNTIL_CLOSED,
        )
        console.want(wanted, partial(self._ask_note, alert))

    def _ask_note(self, alert: AlertView, until: str) -> None:
        wanted = Wanted(
            "A note for the others",
            questions_of_alerts.NOTE_TEXT,
            questions_of_alerts.note_complaint,
            alert.note or questions_of_alerts.NO_NOTE,
        )
        self._screen.console.want(wanted, partial(self._acknowledged, alert, until))

    def _acknowledged(self, alert: AlertView, until: str, note: str) -> None:
        console = self._screen.console
        end = questions_of_alerts.read_until_closed(until, console.clock.now())
        told = questions_of_alerts.read_note(note)
        console.ask(
            f"acknowledging the alert {alert.condition}",
            lambda operations: operations.acknowledge_alert(alert.id, end, told),
            lambda view: f"Acknowledged {alerts.acknowledged(view, console.clock.now())}.",
        )

    def _unacknowledge(self, alert: AlertView) -> None:
        if alert.state != States.ACKNOWLEDGED:
            self._screen.tell("This alert is not acknowledged.", Tone.WARN)
            return
        self._screen.console.ask(
            f"unacknowledging the alert {alert.condition}",
            lambda operations: operations.unacknowledge_alert(alert.id),
            lambda _: "It is open again, and people are told.",
        )


class AlertsScreen(ListScreen):
    VIEW = actions.ALERTS
    BINDINGS = bindings_for(VIEW, actions.TABLE)
    DETAIL_LINES = alerts.DETAIL_LINES

    @property
    def names(self) -> bool:
        """Whether each row must say which deployment it is about."""
        return not self.place.deployment

    def columns(self, page: Page) -> Sequence[Column]:
        return alerts.columns(page, names=self.names)

    def rows(self, state: State, page: Page) -> list[Row]:
        return [alerts.row(alert, page, names=self.names) for alert in _alerts(state)]

    def above(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, AlertsState)
        return alerts.above(state.watch, state.windows, page)

    def detail(self, state: State, page: Page) -> list[Line]:
        chosen = find(_alerts(state), self.key)
        return alerts.detail(chosen, page) if chosen else []

    def nothing(self) -> list[Line]:
        if not isinstance(self.state, AlertsState):
            return []
        page = self.console.page(self.app.size.width, self.app.size.height)
        return alerts.nothing(self.state.watch, page)

    def deployment_name(self) -> str:
        chosen = self._chosen()
        return self.place.deployment or (chosen.deployment if chosen else "")

    def own_handlers(self) -> dict[str, Handler]:
        own: dict[str, Handler] = {
            "item.open": lambda _: self._open(),
            "alerts.closed": lambda _: self._toggle_closed(),
        }
        return super().own_handlers() | AlertActs(self, self._chosen).handlers() | own

    def _chosen(self) -> AlertView | None:
        return find(_alerts(self.state), self.key) if self.state else None

    def _open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.console.navigation.go(Place(actions.ALERT, chosen.deployment, chosen.id))

    def _toggle_closed(self) -> None:
        item = "" if self.place.item else CLOSED_TOO
        self.console.navigation.replace(Place(actions.ALERTS, self.place.deployment, item))


class AlertScreen(PageScreen):
    VIEW = actions.ALERT
    BINDINGS = bindings_for(VIEW, actions.SCROLL)

    def lines(self, state: State, page: Page) -> list[Line]:
        assert isinstance(state, AlertState)
        return alerts.draw(state.found, page)

    def own_handlers(self) -> dict[str, Handler]:
        acts = AlertActs(self, self._alert).handlers()
        return super().own_handlers() | acts | {"item.open": acts["alert.cause"]}

    def _alert(self) -> AlertView | None:
        return self.state.found.alert if isinstance(self.state, AlertState) else None


def _alerts(state: State) -> tuple[AlertView, ...]:
    assert isinstance(state, AlertsState)
    return state.alerts
