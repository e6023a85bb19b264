"""Opening a snapshot or a moment for reading, from wherever it was chosen."""

from functools import partial

from mmsconsole.console import actions
from mmsconsole.console.navigation import Place
from mmsconsole.console.opened import (
    HOURS,
    LATEST,
    hours_complaint,
    name_complaint,
    point_complaint,
    read_hours,
)
from mmsconsole.console.present import questions
from mmsconsole.console.present.timeline import moment_of
from mmsconsole.console.present.words import moment
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.console.screens.dialog import Wanted
from mmsconsole.operations.views import SnapshotView


def open_snapshot(screen: ConsoleScreen, snapshot: SnapshotView) -> None:
    title = f"Open the snapshot of {moment(moment_of(snapshot))}"
    wanted = Wanted(title, questions.OPEN_TEXT, hours_complaint, HOURS)
    screen.console.want(wanted, partial(_open, screen, snapshot.deployment, snapshot.id, None))


def open_moment(screen: ConsoleScreen, typed: str) -> None:
    """Of the deployment that was typed or is open; of the only one; else it is asked for."""
    names = screen.console.memory.deployment_names()
    name = typed or screen.place.deployment or (names[0] if len(names) == 1 else "")
    if name:
        _ask_point(screen, name)
        return
    proposed = screen.deployment_name() or (names[0] if names else "")
    wanted = Wanted(
        "Open a moment", ("Of which deployment?",), partial(name_complaint, known=names), proposed
    )
    screen.console.want(wanted, partial(_ask_point, screen))


def _ask_point(screen: ConsoleScreen, name: str) -> None:
    wanted = Wanted(f"Open a moment of {name}", questions.POINT_TEXT, point_complaint, LATEST)
    screen.console.want(wanted, partial(_ask_hours, screen, name))


def _ask_hours(screen: ConsoleScreen, name: str, point: str) -> None:
    wanted = Wanted(f"Open {name} at {point}", questions.OPEN_TEXT, hours_complaint, HOURS)
    screen.console.want(wanted, partial(_open, screen, name, None, point))


def _open(
    screen: ConsoleScreen, name: str, snapshot: str | None, at: str | None, hours: str
) -> None:
    def begun(_: object) -> str:
        navigation = screen.console.navigation
        if navigation.place.view != actions.OPENED:
            navigation.go(Place(actions.OPENED, name))
        return "It is being made; it is open when its files are here."

    screen.console.ask(
        f"asking for {name} to be opened",
        lambda operations: operations.open_snapshot(
            name, snapshot=snapshot, at=at, hours=read_hours(hours)
        ),
        begun,
    )
