"""A front end over a snapshot of some files."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.links import Link
from tests.support.clock import ManualClock
from tests.support.links import Desk, FrontEnd, front_end
from tests.support.snapshots import half_random, write_files

FILES = {
    "WiredTiger": b"WiredTiger 11",
    "collection-1.wt": half_random(1, 7_000_000),
    "db/index-2.wt": half_random(2, 4096),
    "empty.wt": b"",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "head", FILES)


@pytest.fixture
def manual_clock() -> ManualClock:
    """It stands still now: certificates are judged by the system's."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def desk(metadata: Metadata, tmp_path: Path, manual_clock: ManualClock) -> Desk:
    return Desk(metadata, tmp_path, manual_clock)


@pytest.fixture
def served(desk: Desk) -> Iterator[FrontEnd]:
    with front_end(desk) as running:
        yield running


@pytest.fixture
def link(desk: Desk, root: Path) -> Link:
    """Ready, good for one download."""
    return desk.link(desk.snapshot(root))
