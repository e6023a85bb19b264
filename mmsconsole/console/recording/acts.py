"""The keys of a replay: back and on in its time."""

from collections.abc import Callable, Mapping

from mmsconsole.console.host import Host
from mmsconsole.console.present.text import Tone
from mmsconsole.console.present.words import duration
from mmsconsole.console.screens.base import ConsoleScreen

STEPS: Mapping[str, float] = {
    "replay.back": -10.0, "replay.on": 10.0, "replay.far_back": -300.0, "replay.far_on": 300.0,
}  # fmt: skip
"""Seconds of the recording."""


def replay_handlers(app: Host, screen: ConsoleScreen) -> dict[str, Callable[[str], None]]:
    return {id_: _mover(app, screen, seconds) for id_, seconds in STEPS.items()}


def _mover(app: Host, screen: ConsoleScreen, seconds: float) -> Callable[[str], None]:
    def move(_: str) -> None:
        if app.replay is None:
            app.tell("This is no recording: it can not be moved in.", Tone.WARN)
            return
        app.replay.move(seconds)
        screen.poll()
        screen.redraw()

    return move


def replay_badge(app: Host) -> str:
    """For the footer: nobody shall take a recording for what is now."""
    if app.replay is None:
        return ""
    at, end = app.replay.seconds, app.replay.length
    return f"REPLAY {duration(at)} of {duration(end)}"
