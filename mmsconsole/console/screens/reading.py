"""A view that reads much, one thing after another, while it is used: each can be stopped.

A newer wish of one kind takes the place of the older one. What comes of it is a message, as
everywhere; how far it is stands in a line that is looked at twice a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual import work
from textual.message import Message

from mmsconsole.console import errands
from mmsconsole.console.navigation import Place
from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.present.text import Page
from mmsconsole.console.screens.base import ConsoleScreen
from mmsconsole.errors import Cancelled, MmsError
from mmsconsole.task import Cancellation, Task

LOOK_SECONDS = 0.5

Call = Callable[[OperationsPort, Task], Any]


@dataclass(slots=True)
class Progress:
    """Written by the thread that reads."""

    done: int = 0
    total: int | None = None

    def __call__(self, phase: str, done: int, total: int | None) -> None:  # noqa: ARG002
        self.done, self.total = done, total


@dataclass(slots=True)
class Reading:
    kind: str
    call: Call
    cancellation: Cancellation = field(default_factory=Cancellation)
    progress: Progress = field(default_factory=Progress)


class ReadingScreen(ConsoleScreen):
    class Read(Message):
        def __init__(self, answer: Any) -> None:
            super().__init__()
            self.answer = answer

    class NotRead(Message):
        def __init__(self, kind: str, error: MmsError) -> None:
            super().__init__()
            self.kind = kind
            self.error = error

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._waiting: dict[str, Reading] = {}
        self.failed: set[str] = set()
        """Kinds whose last reading failed: drawing alone shall not ask again for ever."""
        self._now_read: Reading | None = None

    # What a view defines

    def was_read(self, answer: Any) -> None:
        raise NotImplementedError

    def draw_progress(self, page: Page) -> None:
        raise NotImplementedError

    # Asking

    @property
    def reads(self) -> bool:
        return bool(self._now_read or self._waiting)

    @property
    def busy(self) -> bool:
        return super().busy or self.reads

    @property
    def progress(self) -> Progress | None:
        return self._now_read.progress if self._now_read else None

    def is_read(self, kind: str) -> bool:
        return kind in self._waiting or (self._now_read is not None and self._now_read.kind == kind)

    def read(self, kind: str, call: Call) -> None:
        self._waiting.pop(kind, None)
        self._waiting[kind] = Reading(kind, call)
        self.failed.discard(kind)
        if self._now_read is None:
            self._run_next()
        elif self._now_read.kind == kind:
            self._now_read.cancellation.cancel()

    def stop_reading(self) -> bool:
        """False where nothing is read."""
        was = self.reads
        self._waiting.clear()
        if self._now_read is not None:
            self._now_read.cancellation.cancel()
        return was

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self._look)

    def on_unmount(self) -> None:
        self.stop_reading()

    def _look(self) -> None:
        if self._now_read is not None and self.is_active and not self.console.paused:
            self.draw_progress(self.console.page(self.app.size.width, self.app.size.height))

    def _run_next(self) -> None:
        kind = next(iter(self._waiting), None)
        self._now_read = self._waiting.pop(kind) if kind is not None else None
        if self._now_read is not None:
            self._read(self._now_read)

    @work(group="reading")
    async def _read(self, reading: Reading) -> None:
        operations, task = self.console.operations, Task(reading.cancellation, reading.progress)
        try:
            answer = await errands.read(lambda: reading.call(operations, task))
        except MmsError as error:
            self.post_message(self.NotRead(reading.kind, error))
        else:
            self.post_message(self.Read(answer))

    def on_reading_screen_read(self, message: Read) -> None:
        stopped = self._now_read is not None and self._now_read.cancellation.requested
        self._run_next()
        if not stopped:
            self.was_read(message.answer)

    def on_reading_screen_not_read(self, message: NotRead) -> None:
        self._run_next()
        self.failed.add(message.kind)
        if not isinstance(message.error, Cancelled):
            self.console.tell_error(message.error)
        self.redraw()
