"""A head's mongod on a machine that is busy with something else."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.clock import SystemClock
from mmsconsole.head import server as module
from mmsconsole.head.server import HeadPlace, HeadServer
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.process import MongodProcess


def test_one_that_stands_still_when_it_has_started_is_waited_for(
    mongod_binary: MongodBinary, short_folder: Path, clock: SystemClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    looked: list[bool] = []
    monkeypatch.setattr(module, "SELECTION_SECONDS", 0.1)
    monkeypatch.setattr(MongodProcess, "client", standing_still(MongodProcess.client))
    monkeypatch.setattr(HeadServer, "_is_known", going_on(HeadServer._is_known, looked))

    place = HeadPlace(
        short_folder / "db", short_folder / "h.sock", short_folder / "log", mongod_binary, 0.25
    )
    server = HeadServer.start(place, clock)

    with server.errors():
        server.set_fcv("6.0")
    assert looked[0] is False
    assert looked[-1] is True
    server.kill()


def standing_still(client: Callable[..., Any]) -> Callable[..., Any]:
    def stopped_first(process: MongodProcess, **options: Any) -> Any:
        os.kill(process.pid, signal.SIGSTOP)
        return client(process, **options)

    return stopped_first


def going_on(is_known: Callable[[HeadServer], bool], looked: list[bool]) -> Callable[..., bool]:
    """It goes on after the first look."""

    def look(server: HeadServer) -> bool:
        looked.append(is_known(server))
        os.kill(server.process.pid, signal.SIGCONT)
        return looked[-1]

    return look
