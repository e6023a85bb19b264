"""The keys of a replay: back and on in its time."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mmsconsole.console.present.text import Tone
from mmsconsole.console.present.words import duration

if TYPE_CHECKING:
    from mmsconsole.console.app import MmsConsole
    from mmsconsole.console.screens.base import ConsoleScreen

STEPS: Mapping[str, float] = {
    "replay.back": -10.0, "replay.on": 10.0, "replay.far_back": -300.0, "replay.far_on": 300.0,
}  # fmt: skip
"""Seconds of the recording."""


def replay_handlers(app: "MmsConsole", screen: "ConsoleScreen") -> dict[str, Callable[[str], None]]:
    return {id_: _mover(app, screen, seconds) for id_, seconds in STEPS.items()}


def _mover(app: "MmsConsole", screen: "ConsoleScreen", seconds: float) -> Callable[[str], None]:
    def move(_: str) -> None:
        if app.replay is None:
            app.tell("This is no recording: it can not be moved in.", Tone.WARN)
            return
        app.replay.move(seconds)
        screen.poll()
        screen.redraw()

    return move


def replay_badge(app: "MmsConsole") -> str:
    """For the footer: nobody shall take a recording for what is now."""
    if app.replay is None:
        return ""
    at, end = app.replay.seconds, app.replay.length
    return f"REPLAY {duration(at)} of {duration(end)}"
