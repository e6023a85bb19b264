"""The console in a real pseudo terminal: what a person sees, and how many bytes it costs."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pexpect
import pyte

from tests.support.gone import gone

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 180.0
QUIET_SECONDS = 0.4


class QuietScreen(pyte.Screen):
    """pyte takes private sequences that it does not know for others of the same letter."""

    def report_device_status(self, *args: object, **kwargs: object) -> None: ...

    def restore_cursor(self, *args: object, **kwargs: object) -> None: ...


class ConsoleTerminal:
    """`sent` counts the bytes that have come out since it was last set to 0.

    `module` is what runs: the console over a scene, or "mmsconsole" for the whole product.
    `nohup`: it begins with the loss of its terminal ignored, as by that program.
    """

    def __init__(
        self,
        *arguments: str,
        home: Path,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        module: str = "tests.support.console_runner",
        nohup: bool = False,
    ) -> None:
        width, height = size
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", module, *arguments],
            dimensions=(height, width),
            cwd=str(REPOSITORY),
            env={
                **kept,
                "TERM": "xterm-256color",
                "PYTHONIOENCODING": "utf-8",
                "MMSCONSOLE_HOME": str(home),
                "MMSCONSOLE_CONSOLE_REFRESH_SECONDS": "1",
                **(environ or {}),
            },
            timeout=PATIENCE_SECONDS,
            ignore_sighup=nohup,
        )
        self.screen = QuietScreen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.sent = 0

    def __enter__(self) -> "ConsoleTerminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.child.close(force=True)

    # Looking

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def _take(self, seconds: float) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        self.sent += len(data)
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, text: str) -> None:
        """Read until the text is on the screen."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} never came:\n{self.text}"
            self._take(0.1)

    def until_gone(self, text: str) -> None:
        """Read until the text is on the screen no more."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text in self.text:
            assert time.monotonic() < deadline, f"{text!r} stays:\n{self.text}"
            self._take(0.1)

    def until_quiet(self, refreshes: int = 1) -> None:
        """Read until nothing comes for a while longer than so many refreshes.

        What was under way at the beginning may come as late as it likes; what sends something at
        each refresh never stops.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._take(refreshes + QUIET_SECONDS):
            assert time.monotonic() < deadline, "it never stops"

    # Acting

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def press_until(self, keys: str, text: str) -> None:
        self.press(keys)
        self.until(text)

    def hang_up(self) -> None:
        """As sshd does when its connection is lost: the master side of the terminal is closed."""
        self.child.ptyproc.fileobj.close()
        assert gone(self.child.pid)

    def ended(self) -> str:
        """Wait for the end; what was printed after the console had gone."""
        rest = self.child.read().decode(errors="replace")
        self.child.close()
        return rest
