"""Stores over a folder and a real metadata database."""

from pathlib import Path

import pytest

from mmsconsole.metadata.database import Metadata
from mmsconsole.storage.local import LocalStorage
from mmsconsole.stores.blockstore import Blockstore
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import deployment_record


@pytest.fixture
def storage(tmp_path: Path) -> FaultyStorage:
    """Faultless until it is told otherwise."""
    return FaultyStorage(LocalStorage(tmp_path / "storage"))


@pytest.fixture
def blockstore(storage: FaultyStorage, metadata: Metadata) -> Blockstore:
    """Of a group with one deployment, d1."""
    metadata.deployments.add(deployment_record())
    return Blockstore(storage, metadata, "default", threads=2)
