"""What the engine does while it runs, with a daemon and a metadata server that misbehave."""

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest

from mmsconsole.engine import parts as parts_module
from mmsconsole.engine.parts import HEARTBEAT_SECONDS, RESTARTS_MAX, EngineParts
from mmsconsole.errors import (
    MmsError,
    MongodDiskFull,
    MongodFailed,
    SourceError,
    StorageUnreachable,
)
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.settings import Home, Settings
from mmsconsole.storage.storages import Storages, open_storages
from tests.support.clock import ManualClock
from tests.support.metadata import settings_of, uri_of


class FakeBackups:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failure: Exception | None = None

    def start(self) -> None:
        self.calls.append("start")

    def stop(self, timeout_seconds: float) -> None:
        self.calls.append("stop")


@pytest.fixture
def settings(metadata: Metadata, session_folder: Path, short_folder: Path) -> Settings:
    """With the session's metadata database as an external one."""
    uri = uri_of(settings_of(session_folder / "metadata").home).reveal()
    return settings_of(short_folder, MMSCONSOLE_METADATA_URI=uri)


@pytest.fixture
def backups() -> FakeBackups:
    return FakeBackups()


@pytest.fixture
def make_parts(
    settings: Settings, backups: FakeBackups, manual_clock: ManualClock
) -> Iterator[Callable[[], EngineParts]]:
    made: list[EngineParts] = []

    def make() -> EngineParts:
        made.append(EngineParts(settings, manual_clock, open_storages, lambda *_: backups))
        return made[-1]

    yield make
    for parts in made:
        parts.stop()


def test_the_heartbeat_tells_others_that_the_engine_lives(
    make_parts: Callable[[], EngineParts], manual_clock: ManualClock, metadata: Metadata
) -> None:
    parts = make_parts()
    parts.start()
    parts.tick()

    manual_clock.advance(HEARTBEAT_SECONDS)
    parts.tick()

    (record,) = metadata.engines.all()
    assert record.seen_at == manual_clock.now()
    assert (record.seen_at - record.started_at).total_seconds() == HEARTBEAT_SECONDS


def test_a_daemon_that_has_ended_ends_the_engine(
    make_parts: Callable[[], EngineParts], backups: FakeBackups
) -> None:
    parts = make_parts()
    parts.start()

    backups.failure = SourceError("it broke", where="shop")

    with pytest.raises(MmsError, match="the daemon has ended: shop: it broke"):
        parts.tick()


def test_stopping_stops_the_daemon_once(
    make_parts: Callable[[], EngineParts], backups: FakeBackups
) -> None:
    parts = make_parts()
    parts.start()

    parts.stop()
    parts.stop()

    assert backups.calls == ["start", "stop"]


def test_a_daemon_that_fails_to_start_is_stopped_and_its_error_is_told(
    make_parts: Callable[[], EngineParts], backups: FakeBackups, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise SourceError("can not start")

    monkeypatch.setattr(backups, "start", fails)

    with pytest.raises(SourceError):
        make_parts().start()

    assert backups.calls == ["stop"]


def test_a_daemon_that_does_not_stop_does_not_keep_the_engine(
    make_parts: Callable[[], EngineParts], backups: FakeBackups, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_ever = threading.Event()
    monkeypatch.setattr(parts_module, "DAEMON_STOP_SECONDS", 0.01)
    monkeypatch.setattr(backups, "stop", lambda seconds: for_ever.wait())
    parts = make_parts()
    parts.start()

    parts.stop()

    for_ever.set()


def test_the_socket_of_a_head_that_was_killed_is_not_left(
    make_parts: Callable[[], EngineParts], settings: Settings
) -> None:
    parts = make_parts()
    parts.start()
    left, not_ours = settings.home.run / "h-0123456789ab.sock", settings.home.run / "other.sock"
    left.touch()
    not_ours.touch()

    parts.stop()

    assert not left.exists()
    assert not_ours.exists()


class DyingServer:
    """A metadata server that has died and does not start any more."""

    checked_at: ClassVar[list[float]] = []
    error: ClassVar[MongodFailed] = MongodFailed("no such engine")

    def __init__(self, home: Home, binary: MongodBinary, clock: ManualClock) -> None:
        self.clock = clock

    def start(self) -> None: ...

    def stop(self, timeout_seconds: float) -> None: ...

    def check(self) -> bool:
        self.checked_at.append(self.clock.monotonic())
        raise self.error


def tick_for(seconds: int, parts: EngineParts, clock: ManualClock) -> None:
    for _ in range(seconds):
        parts.tick()
        clock.advance(1)


def test_a_metadata_database_that_does_not_start_is_tried_again_ever_later_and_then_given_up(
    make_parts: Callable[[], EngineParts],
    manual_clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_module, "is_external", lambda _: False)
    monkeypatch.setattr(parts_module, "PrivateServer", DyingServer)
    monkeypatch.setattr(DyingServer, "checked_at", [])
    parts = make_parts()
    parts.start()

    with pytest.raises(MongodFailed, match="no such engine"):
        tick_for(1000, parts, manual_clock)

    assert len(DyingServer.checked_at) == RESTARTS_MAX
    waits = [later - earlier for earlier, later in pairwise(DyingServer.checked_at)]
    assert waits == sorted(set(waits))


def test_while_its_disk_is_full_a_metadata_database_is_not_given_up(
    make_parts: Callable[[], EngineParts],
    manual_clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_module, "is_external", lambda _: False)
    monkeypatch.setattr(parts_module, "PrivateServer", DyingServer)
    monkeypatch.setattr(DyingServer, "checked_at", [])
    monkeypatch.setattr(DyingServer, "error", MongodDiskFull("full"))
    parts = make_parts()
    parts.start()

    tick_for(1000, parts, manual_clock)

    last, before = DyingServer.checked_at[-1], DyingServer.checked_at[-2]
    assert len(DyingServer.checked_at) > RESTARTS_MAX
    assert last - before <= 64
    parts.stop()


def test_a_store_that_is_not_mounted_is_not_written_to(
    settings: Settings, manual_clock: ManualClock, metadata: Metadata, backups: FakeBackups
) -> None:
    opened: list[Storages] = []

    def make_backups(*given: object) -> FakeBackups:
        opened.extend(one for one in given if isinstance(one, Storages))
        return backups

    parts = EngineParts(settings, manual_clock, open_storages, make_backups)
    parts.start()
    (storages,) = opened
    folder = settings.store_folders["default"]
    storages.of("default").put("a/k", [b"x"])
    folder.rename(folder.with_name("unmounted"))
    folder.mkdir()

    with pytest.raises(StorageUnreachable, match="mounted"):
        storages.of("default").put("a/k", [b"x"])

    parts.stop()
    assert not list(folder.iterdir())


class Called:
    """Notes its start and stop in somebody's list."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name, self._calls = name, calls

    def start(self) -> None:
        self._calls.append(f"{self._name} start")

    def stop(self, timeout_seconds: float) -> None:
        self._calls.append(f"{self._name} stop")


def test_the_front_end_begins_last_and_is_stopped_first(
    settings: Settings, backups: FakeBackups, manual_clock: ManualClock
) -> None:
    served = Called("front end", backups.calls)
    parts = EngineParts(
        settings, manual_clock, open_storages, lambda *_: backups, lambda *_: served
    )
    parts.start()
    parts.stop()

    assert backups.calls == ["start", "front end start", "front end stop", "stop"]


def test_what_runs_beside_the_backups_begins_after_them_and_is_stopped_before(
    settings: Settings, backups: FakeBackups, manual_clock: ManualClock
) -> None:
    alerts = Called("alerts", backups.calls)
    parts = EngineParts(
        settings, manual_clock, open_storages, lambda *_: backups, None, [lambda *_: alerts]
    )
    parts.start()
    parts.stop()

    assert backups.calls == ["start", "alerts start", "alerts stop", "stop"]
