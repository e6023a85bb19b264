from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.settings import Settings
from tests.operations.records import NOW, URI, Daemon, FakeSources, SteppingClock
from tests.support.metadata import settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


@pytest.fixture
def sources() -> FakeSources:
    return FakeSources()


@pytest.fixture
def wall_clock() -> SteppingClock:
    return SteppingClock(NOW)


@pytest.fixture
def operations(
    metadata: Metadata, settings: Settings, sources: FakeSources, wall_clock: SteppingClock
) -> Operations:
    return Operations(metadata, settings, wall_clock, Actor("ada"), sources=sources)


@pytest.fixture
def daemon(metadata: Metadata) -> Daemon:
    return Daemon(metadata)


@pytest.fixture
def shop(operations: Operations) -> str:
    """The name of a deployment that was added."""
    return operations.add_deployment("shop", URI).name


@pytest.fixture
def synced(operations: Operations, daemon: Daemon, shop: str) -> str:
    """Its backup is started and its head in sync."""
    operations.start_backup(shop)
    daemon.head(shop)
    return shop
