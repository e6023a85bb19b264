"""What systemd hears of an engine."""

import io
import os
import re
import socket
import threading
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.engine.run import run_engine
from mmsconsole.engine.systemd import Systemd
from tests.support.clock import ManualClock
from tests.support.metadata import settings_of

HALF_OF_WATCHDOG = 30.0


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[socket.socket]:
    """systemd's end of NOTIFY_SOCKET."""
    name = str(short_folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name if request.param == "abstract" else name)
        listening.setblocking(False)
        yield listening


def environ(heard: socket.socket, **more: str) -> dict[str, str]:
    name = heard.getsockname()
    address = "@" + name[1:].decode() if isinstance(name, bytes) else name
    return {"NOTIFY_SOCKET": address, **more}


def words(heard: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(heard.recv(100).decode())
        except BlockingIOError:
            return found


def test_it_hears_when_the_engine_is_ready_lives_and_stops(
    heard: socket.socket, manual_clock: ManualClock
) -> None:
    systemd = Systemd(environ(heard, WATCHDOG_USEC="60000000"), manual_clock)
    systemd.ready()
    for _ in range(4):
        systemd.alive()
        manual_clock.advance(HALF_OF_WATCHDOG / 2)
    systemd.stopping()
    assert words(heard) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize(
    "more",
    [{}, {"WATCHDOG_USEC": "many"}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}],
    ids=["no watchdog", "nonsense", "the watchdog of another process"],
)
def test_a_watchdog_that_does_not_wait_for_us_is_not_told(
    heard: socket.socket, manual_clock: ManualClock, more: dict[str, str]
) -> None:
    Systemd(environ(heard, **more), manual_clock, pid=4711).alive()
    assert words(heard) == []


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "vsock:2:1"])
def test_without_systemd_nothing_happens(address: str, manual_clock: ManualClock) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2"}, manual_clock)
    systemd.ready()
    systemd.alive()
    systemd.stopping()


class Parts:
    """An engine's, which end after three rounds."""

    def __init__(self, heard: socket.socket, stop: Any) -> None:
        self.rounds = 0
        self.heard = heard
        self.stop_engine = stop
        self.before: list[str] = []

    def start(self) -> None:
        self.before += words(self.heard)

    def tick(self) -> None:
        self.rounds += 1
        if self.rounds == 3:
            os.kill(os.getpid(), 15)

    def stop(self) -> None:
        self.before += words(self.heard)


def test_an_engine_tells_it_by_itself(
    heard: socket.socket, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert threading.current_thread() is threading.main_thread()
    for name, value in environ(heard, WATCHDOG_USEC="1000000").items():
        monkeypatch.setenv(name, value)
    parts = Parts(heard, None)
    run_engine(
        settings_of(short_folder), ManualClock(auto_advance=True), io.StringIO(), lambda *_: parts
    )
    assert parts.before == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_unit_in_the_documents_waits_for_what_the_engine_tells() -> None:
    text = Path("docs/engine.md").read_text(encoding="utf-8")
    found = re.search(r"```ini\n(.*?)```", text, re.DOTALL)
    assert found
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(found[1])
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 60
    assert service["Restart"] == "on-failure"
    assert service["ExecStart"].endswith("/mmsconsole engine")
