"""Real replica sets to copy from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.agent.reader import Reader
from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.secret import Secret
from mmsconsole.task import Task
from tests.support.guarded import GuardedSet
from tests.support.uplink import RecordingUplink

TEST_COMMANDS = ("--setParameter", "enableTestCommands=1")


@pytest.fixture
def uplink() -> RecordingUplink:
    return RecordingUplink()


@pytest.fixture
def task() -> Task:
    return Task()


@pytest.fixture(scope="session")
def guarded(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[GuardedSet]:
    """One member, shared by the session: each test takes databases of its own."""
    yield from guarded_set(session_folder / "agent-source", mongod_binary, clock, 1)


@pytest.fixture(scope="session")
def guarded_three(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[GuardedSet]:
    """Three members, shared by the session; who stops one starts it again."""
    yield from guarded_set(session_folder / "guarded3", mongod_binary, clock, 3)


def guarded_set(
    folder: Path,
    binary: MongodBinary,
    clock: SystemClock,
    members: int,
    member_settings: Mapping[int, Mapping[str, Any]] | None = None,
) -> Iterator[GuardedSet]:
    replica_set = LocalReplicaSet(
        binary.path,
        folder,
        clock,
        members,
        password=Secret("root-password"),
        member_settings=member_settings,
        extra=TEST_COMMANDS,
    ).start()
    guarded = GuardedSet(replica_set)
    guarded.forbid_chaining()
    guarded.create_user("copier", ["backup", "clusterMonitor"])
    guarded.create_user("internal", ["__system"])
    yield guarded
    replica_set.kill()


@pytest.fixture
def root(guarded: GuardedSet) -> Iterator[MongoClient[dict[str, Any]]]:
    with guarded.replica_set.client() as client:
        yield client


@pytest.fixture
def reader(guarded: GuardedSet) -> Iterator[Reader]:
    reader = guarded.reader()
    yield reader
    reader.close()
