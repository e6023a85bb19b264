"""Fixtures that every room's tests may use."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.metadata.database import Metadata
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.binaries import MongodBinary, find_binaries
from mmsconsole.mongod.process import HEAD_FLAGS, MongodOptions, MongodProcess
from tests.support.clock import ManualClock
from tests.support.metadata import empty, private_metadata, settings_of

os.environ.setdefault("MMSCONSOLE_SERVICE_LISTEN", "")
"""Many engines run at one time on one machine: none of them takes the port, unless told to."""

# No time counts, for a busy machine stands still now and then; and every run draws the same
# examples. Others are looked for by hand: pytest --hypothesis-profile default
hypothesis_settings.register_profile(
    "every time",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("every time")

LONGEST_FIRST = (
    "product",
    "product brought back",
    "restores",
    "agent-tail",
    "oplog source",
    "three_members",
    "s3",
)
"""Groups in the order in which the workers take them."""


def pytest_configure() -> None:
    """A shell that runs the tests in the background has Ctrl-C ignored, and what they start would
    ignore it too.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


GC_THRESHOLD = 10_000
"""Of new objects. With the default, 700, a tenth of the processor's time goes into collecting."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays until the end: to look through it for garbage, again and
    again, would take half of the time of the collection, and a tenth of that of the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker has the three members: two sets would be six mongods on two cores.

    Groups begin first: one that began late would leave the other workers idle at the end.
    """
    for item in items:
        if "three_members" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("three_members"))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    marker = item.get_closest_marker("xdist_group")
    return LONGEST_FIRST.index(marker.args[0]) if marker else len(LONGEST_FIRST)


pytest_plugins = [
    "tests.support.backups",
    "tests.support.history",
    "tests.support.opened",
    "tests.support.s3",
    "tests.support.sshd",
]

StartMongod = Callable[..., MongodProcess]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A fresh 0700 folder with a path short enough for sockets."""
    yield from _short_folder()


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """As short_folder, for fixtures of the whole session."""
    yield from _short_folder()


def _short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mms-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def mongod_binary() -> MongodBinary:
    return find_binaries([], os.environ)[-1]


@pytest.fixture(scope="session")
def clock() -> SystemClock:
    """The system's clock."""
    return SystemClock()


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def start_mongod(
    short_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[StartMongod]:
    """start_mongod(name="mongod", **options of MongodOptions) -> MongodProcess; all are ended."""
    started: list[MongodProcess] = []

    def start(name: str = "mongod", **options: Any) -> MongodProcess:
        options.setdefault("listen", Address.unix(short_folder / f"{name}.sock"))
        options.setdefault("extra", HEAD_FLAGS)
        made = MongodOptions(
            binary=mongod_binary.path,
            dbpath=short_folder / name,
            log=short_folder / f"{name}.log",
            **options,
        )
        process = MongodProcess.start(made, clock)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def mongod(start_mongod: StartMongod) -> MongodProcess:
    """A fresh standalone on a unix socket, with a head's flags."""
    return start_mongod()


@pytest.fixture(scope="session")
def standalone(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[MongodProcess]:
    """A standalone that all tests of the session share: each takes a database of its own."""
    options = MongodOptions(
        binary=mongod_binary.path,
        dbpath=session_folder / "shared",
        listen=Address.unix(session_folder / "shared.sock"),
        log=session_folder / "shared.log",
        extra=HEAD_FLAGS,
    )
    process = MongodProcess.start(options, clock)
    yield process
    process.kill()


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[MongoClient[dict[str, Any]]]:
    """Of the test's own `mongod`."""
    with mongod.client() as client:
        yield client


@pytest.fixture(scope="session")
def replica_set(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[LocalReplicaSet]:
    """One member, shared by the session: each test takes databases of its own."""
    yield from _replica_set(session_folder / "one", mongod_binary, clock, members=1)


@pytest.fixture(scope="session")
def three_members(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[LocalReplicaSet]:
    """Three members, shared by the session; who stops one starts it again."""
    yield from _replica_set(session_folder / "three", mongod_binary, clock, members=3)


def _replica_set(
    folder: Path, binary: MongodBinary, clock: SystemClock, members: int
) -> Iterator[LocalReplicaSet]:
    started = LocalReplicaSet(binary.path, folder, clock, members).start()
    yield started
    started.kill()


@pytest.fixture(scope="session")
def session_metadata(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[Metadata]:
    settings = settings_of(session_folder / "metadata")
    with private_metadata(settings, mongod_binary, clock) as metadata:
        # Samples of tests lie at fixed times: once a minute the server would delete the old ones.
        metadata.database.client.admin.command("setParameter", 1, ttlMonitorEnabled=False)
        yield metadata


@pytest.fixture
def metadata(session_metadata: Metadata) -> Metadata:
    """The metadata database as after an engine's first start, the same server for all tests."""
    return empty(session_metadata)
