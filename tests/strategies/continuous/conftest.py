"""A backup that goes on."""

import pytest

from mmsconsole.strategies import continuous, tailing
from mmsconsole.strategies.continuous import ContinuousBackup
from tests.support.backups import Bench


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a failure to pass waits shortly."""
    for module in (continuous, tailing):
        monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)


@pytest.fixture
def backup(bench: Bench) -> ContinuousBackup:
    """In sync, with a few documents."""
    bench.write(*range(50))
    return bench.synced()
