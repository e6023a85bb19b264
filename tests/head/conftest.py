"""One source with every kind of oplog entry, shared by the session, and fresh heads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.clock import SystemClock
from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.head.applier import Applier
from mmsconsole.head.position import HeadPosition, PositionStore
from mmsconsole.head.spool import FileSpool
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import Fingerprint, fingerprint
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.mongod.wire import WireConnection
from mmsconsole.oplog.catalogue import IndexCatalogue
from mmsconsole.optime import Optime
from tests.support.oplog_reader import read_arrays
from tests.support.oplog_workload import SOURCE_FLAGS, run_everything

Client = MongoClient[dict[str, Any]]
BEGINNING = Optime(1, 0)
NO_SCAN = Optime(0, 0)

needs_source = pytest.mark.xdist_group("oplog source")
"""On tests that use `recorded`: one worker makes it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A source's whole oplog, and what the source held at its end."""

    arrays: list[bytes]
    fingerprint: Fingerprint


@pytest.fixture(scope="session")
def source(
    session_folder: Path, mongod_binary: MongodBinary, clock: SystemClock
) -> Iterator[LocalReplicaSet]:
    """One member that can prepare transactions."""
    folder = session_folder / "oplog-source"
    started = LocalReplicaSet(mongod_binary.path, folder, clock, 1, extra=SOURCE_FLAGS).start()
    yield started
    started.kill()


@pytest.fixture(scope="session")
def recorded(source: LocalReplicaSet) -> Recorded:
    """The oplog from the set's first moment on, with every kind of entry."""
    with source.client() as client:
        run_everything(client)
        with WireConnection.connect(source.addresses[0], None) as connection:
            arrays = read_arrays(connection)
        return Recorded(arrays, fingerprint(client))


class TestedHead:
    """A head's mongod with a position, and appliers on it."""

    __test__ = False

    def __init__(self, process: MongodProcess, start: Optime | None) -> None:
        self.process = process
        self.client: Client = process.client()
        self.connection = WireConnection.connect(process.options.listen, None, 120)
        self.positions = PositionStore(self.connection)
        if start is not None:
            self.positions.write(HeadPosition(start, start))

    def applier(
        self, tolerate_until: Optime = NO_SCAN, catalogue: IndexCatalogue | None = None
    ) -> Applier:
        spool = FileSpool(self.process.options.dbpath)
        return Applier(
            self.connection, self.positions, spool, tolerate_until, SystemClock(), catalogue
        )

    def close(self) -> None:
        self.client.close()
        self.connection.close()


@pytest.fixture
def new_head(start_mongod: Callable[..., MongodProcess]) -> Iterator[Callable[..., TestedHead]]:
    """new_head(start) -> a head that holds nothing yet."""
    made: list[TestedHead] = []

    def new(start: Optime = BEGINNING) -> TestedHead:
        made.append(TestedHead(start_mongod(f"head{len(made)}"), start))
        return made[-1]

    yield new
    for head in made:
        head.close()


@pytest.fixture
def head(new_head: Callable[..., TestedHead]) -> TestedHead:
    return new_head()
