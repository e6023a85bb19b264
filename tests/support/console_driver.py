"""The console without a terminal, driven as a person would: press keys, look at the screen."""

import asyncio
import io
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from rich.console import Console
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.worker import WorkerState

from mmsconsole.clock import Clock
from mmsconsole.console.app import MmsConsole
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.console.screens.dialog import Dialog
from mmsconsole.settings import Settings, load_settings
from tests.support.fake_operations import FakeOperations
from tests.support.standing_clock import StandingClock

SMALL, LARGE = (80, 24), (132, 40)
PATIENCE_SECONDS = 60.0
CALM_ROUNDS = 3
"""What waits for the next turn of the event loop, or posts a message when all is quiet, shows."""
SIGNS = {"enter": "\r", "backspace": "\x7f", "escape": "\x1b"}


def settings_in(home: Path, **console: str) -> Settings:
    """Nothing is asked by itself, however long a test takes: `tick` does that."""
    environ = {"MMSCONSOLE_HOME": str(home), "MMSCONSOLE_CONSOLE_REFRESH_SECONDS": "60"}
    named = {f"MMSCONSOLE_CONSOLE_{key.upper()}": value for key, value in console.items()}
    return load_settings(environ | named)


def make_app(
    scene: OperationsPort,
    home: Path,
    *,
    clock: Clock | None = None,
    environ: dict[str, str] | None = None,
    started_engine: bool = False,
    **console: str,
) -> MmsConsole:
    return MmsConsole(
        scene,
        settings_in(home, **console),
        environ={"TERM": "xterm-256color"} if environ is None else environ,
        clock=clock or StandingClock(),
        started_engine=started_engine,
        restore_folder=Path("/srv/restores"),
    )


class ConsoleDriver:
    def __init__(self, app: MmsConsole, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot
        self.scene = cast(FakeOperations, app.operations)

    # Acting

    async def press(self, *keys: str) -> None:
        for key in keys:
            self._send(key)
            await self.settled()

    async def burst(self, *keys: str) -> None:
        """All at once, as a slow link delivers them; no key may open what a later one is for."""
        for key in keys:
            self.app.post_message(Key(key, SIGNS.get(key, key)))
        await self.settled()

    async def type(self, text: str) -> None:
        """Into the field that has the focus, as fast as it is pasted."""
        for char in text:
            self.app.post_message(Key(_character_to_key(char), char))
        await self._drawn()

    async def command(self, text: str) -> None:
        await self.press("colon")
        await self.type(text)
        await self.press("enter")

    async def tick(self) -> None:
        """As if the refresh interval had passed."""
        for screen in self.app.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.tick()
        await self.settled()

    async def settled(self) -> None:
        """Nothing is asked for any more, and what came of it is drawn."""
        await self._drawn()
        while self._under_way():
            await self._until(lambda: not self._under_way(), "an errand is still under way")
            await self._drawn()

    async def until(self, condition: Callable[[], bool]) -> None:
        await self._until(condition, "it never came")

    def _send(self, key: str) -> None:
        """As Pilot.press does it."""
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        try:
            char = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
        except KeyError:
            char = name if len(name) == 1 else None
        event = Key(name, char)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)

    async def _drawn(self) -> None:
        """Every message is handled, also those that came of others, and the screen is drawn.

        Pilot waits until the process idles instead: 60 ms a key, most of a test's time.
        """
        calm = 0
        while calm < CALM_ROUNDS and self.app.is_running and self.app._exception is None:
            await self.pilot._wait_for_screen()
            await self.app.animator.wait_until_complete()
            if self.app.is_running:
                self.app.screen._on_timer_update()
            calm = 0 if self._has_messages() else calm + 1

    def _has_messages(self) -> bool:
        below = [each for s in self.app.screen_stack for each in s.walk_children(with_self=True)]
        pumps: list[MessagePump] = [self.app, *below]
        return any(pump.message_queue_size or pump._next_callbacks for pump in pumps)

    def _under_way(self) -> bool:
        screens = [s for s in self.app.screen_stack if isinstance(s, ConsoleScreen)]
        fresh = all(s.state is not None or self.app.freshness.trouble for s in screens)
        asking = any(s.busy for s in screens)
        return asking or bool(self.app._doing) or not screens or not fresh

    # Looking

    @property
    def text(self) -> str:
        """The cells of the screen as text."""
        width, height = self.app.size
        console = Console(
            width=width, height=height, record=True, file=io.StringIO(), force_terminal=True
        )
        console.print(self.app.screen._compositor.render_update(full=True))
        return console.export_text()

    @property
    def cells(self) -> str:
        """Every character that would be written into a cell, unchanged."""
        strips = self.app.screen._compositor.render_strips()
        return "".join(segment.text for strip in strips for segment in strip)

    @property
    def header(self) -> str:
        return self.text.splitlines()[0]

    def line_with(self, text: str) -> str:
        found = [line for line in self.text.splitlines() if text in line]
        assert found, f"{text!r} is not on the screen:\n{self.text}"
        return found[0]

    def expect(self, *texts: str) -> None:
        screen = self.text
        for text in texts:
            assert text in screen, f"{text!r} is not on the screen:\n{screen}"

    def expect_not(self, *texts: str) -> None:
        screen = self.text
        for text in texts:
            assert text not in screen, f"{text!r} is on the screen:\n{screen}"

    async def expect_soon(self, text: str) -> None:
        await self._until(lambda: text in self.text, f"{text!r} never came")

    @property
    def asks(self) -> bool:
        """Whether a question is open."""
        return isinstance(self.app.screen, Dialog)

    def well(self) -> None:
        """It runs, nothing was raised, no worker failed: a picture alone would not say so."""
        assert self.app.is_running
        assert self.app._exception is None
        failed = [worker for worker in self.app.workers if worker.state == WorkerState.ERROR]
        assert not failed, failed

    async def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                if self.app._exception is not None:
                    raise self.app._exception
                await self.pilot.pause(0.01)
        assert condition(), complaint


@asynccontextmanager
async def console(
    scene: OperationsPort, home: Path, size: tuple[int, int] = SMALL, **options: object
) -> AsyncIterator[ConsoleDriver]:
    app = make_app(scene, home, **options)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        driver = ConsoleDriver(app, pilot)
        await driver.settled()
        yield driver
        if app.is_running:
            driver.well()
