"""Maintenance: nobody is told for a while, or again; from wherever it was asked for."""

from functools import partial

from mmsconsole.console.present import questions_of_alerts
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.console.screens.dialog import Wanted, confirm
from mmsconsole.operations.alert_views import WindowView
from mmsconsole.operations.amounts import read_until
from mmsconsole.operations.maintenance import UNDER_WAY

LONG = "2 h"


def set_maintenance(screen: ConsoleScreen, name: str) -> None:
    """Of a deployment; of all of them where the name is empty. One that is under way is ended."""
    screen.console.ask(
        f"looking at the maintenance of {_who(name)}",
        lambda operations: operations.maintenance_windows(name or None),
        partial(_begin_or_end, screen, name),
    )


def _who(name: str) -> str:
    return name or "all deployments"


def _begin_or_end(screen: ConsoleScreen, name: str, windows: list[WindowView]) -> str:
    own = [one for one in windows if one.state == UNDER_WAY and one.deployment == name]
    if own:
        _ask_end(screen, own[0])
    else:
        _ask_until(screen, name)
    return ""


def _ask_end(screen: ConsoleScreen, window: WindowView) -> None:
    note = (f"It was set by {window.by}: {window.note or 'without a note'}.",)
    text = (f"Until {moment(window.end)} nobody is told of alerts.", *note)
    title = f"End the maintenance of {_who(window.deployment)}?"
    question = confirm(title, text, "end it")
    screen.console.confirm(question, partial(_ended, screen, window))


def _ended(screen: ConsoleScreen, window: WindowView) -> None:
    screen.console.ask(
        f"ending the maintenance of {_who(window.deployment)}",
        lambda operations: operations.end_maintenance(window.id),
        lambda _: "People are told of alerts again.",
    )


def _ask_until(screen: ConsoleScreen, name: str) -> None:
    wanted = Wanted(
        f"Maintenance of {_who(name)}",
        questions_of_alerts.MAINTENANCE_TEXT,
        lambda text: questions_of_alerts.end_complaint(text, screen.console.clock.now()),
        LONG,
    )
    screen.console.want(wanted, partial(_ask_note, screen, name))


def _ask_note(screen: ConsoleScreen, name: str, until: str) -> None:
    wanted = Wanted(
        "What is done meanwhile?",
        questions_of_alerts.NOTE_TEXT,
        questions_of_alerts.note_complaint,
        questions_of_alerts.NO_NOTE,
    )
    screen.console.want(wanted, partial(_set, screen, name, until))


def _set(screen: ConsoleScreen, name: str, until: str, note: str) -> None:
    end = read_until(until, screen.console.clock.now())
    told = questions_of_alerts.read_note(note)
    screen.console.ask(
        f"setting the maintenance of {_who(name)}",
        lambda operations: operations.add_maintenance(name or None, None, end, told),
        lambda window: f"Nobody is told of {_who(name)} until {moment(window.end)}.",
    )
