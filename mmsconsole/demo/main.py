"""`mmsconsole demo`."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from mmsconsole.clock import Clock
from mmsconsole.demo.folder import DemoFolder, open_folder
from mmsconsole.demo.goods import MEDIUM, SMALL
from mmsconsole.demo.narrator import Narrator
from mmsconsole.demo.scene import NAME, Scene, Stage, take_snapshot
from mmsconsole.demo.size import Size
from mmsconsole.demo.walk import STEPS, Walked, drop_by_accident, walk
from mmsconsole.errors import MmsError
from mmsconsole.settings import Settings

STEPS_TO_CONSOLE = 8
HOW_TO_FIND_IT = "In the console: 9 is the oplog, d finds the drop, R restores what was before."

OpenConsole = Callable[[Settings, Clock], int]
"""Runs the console on a home until the user leaves it; answers an exit code."""


STOCKINGS = {Size.SMALL: SMALL, Size.MEDIUM: MEDIUM}


def run_demo(
    *,
    headless: bool,
    folder: Path | None,
    clock: Clock,
    keep: bool = False,
    size: Size = Size.SMALL,
    as_json: bool = False,
    open_console: OpenConsole | None = None,
) -> int:
    """The whole demo. 0: all was shown and proved; with a console, what that answers.

    Raises MmsError with the reason when anything is not as it should be, and KeyboardInterrupt
    for SIGINT, SIGTERM and SIGHUP; by then everything that it started has ended.

    With a terminal, `open_console` (given by the command line: the demo does not know the
    console) is run on it; without one, or `headless`, the walk is. The folder is a temporary
    one that goes afterwards, unless it is named or `keep` is said.
    """
    interactive = open_console is not None and not headless and _has_terminal()
    # stdout is data: with --json the steps are told on stderr.
    stream = sys.stderr if as_json else sys.stdout
    narrator = Narrator(stream, clock, STEPS_TO_CONSOLE if interactive else STEPS)
    kept = keep or folder is not None
    try:
        with end_in_order(), open_folder(folder, keep=keep) as where, ExitStack() as stack:
            scene = Stage(where, os.environ, clock, narrator, stack).build(STOCKINGS[size])
            if interactive and open_console is not None:
                return _visit(scene, narrator, open_console)
            answer = _answer(walk(scene, narrator), narrator)
    except MmsError:
        if not kept:
            narrator.say("Its folder, logs included, is removed; --folder DIR keeps it.")
        raise
    _say_where(where, narrator, kept=kept)
    if as_json:
        sys.stdout.write(json.dumps(answer) + "\n")
    return 0


@contextmanager
def end_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: through every `finally`, once."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in wanted:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _visit(scene: Scene, narrator: Narrator, open_console: OpenConsole) -> int:
    with narrator.step("taking a first snapshot") as step:
        take_snapshot(scene, step)
    with narrator.step("dropping a collection by accident") as step:
        accident = drop_by_accident(scene, step)
        scene.runner.resume()
        step.done(f"{accident.documents} documents of {accident.namespace} are gone")
    narrator.say(HOW_TO_FIND_IT)
    with narrator.step("opening the console") as step:
        code = open_console(scene.settings, scene.clock)
        step.done("the demo ends, and all that it started")
    return code


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _answer(walked: Walked, narrator: Narrator) -> dict[str, Any]:
    accident, restore = walked.accident, walked.restore
    return {
        "deployment": NAME,
        "snapshot": walked.snapshot.id,
        "dropped": {"namespace": accident.namespace, "optime": str(accident.dropped)},
        "found": walked.drop.change,
        "point": str(accident.before),
        "restore": restore.id,
        "live": walked.live.id,
        "link": walked.link.id,
        "documents_back": accident.documents,
        "equal": True,
        "steps": [asdict(told) for told in narrator.told],
    }


def _say_where(where: DemoFolder, narrator: Narrator, *, kept: bool) -> None:
    narrator.say("All proved: the restored data equal what was there before the accident.")
    if kept:
        narrator.say(f"What it made is in {where.root}.")
