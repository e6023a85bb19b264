"""Fixtures of the daemon's tests."""

from collections.abc import Iterator

import pytest

from tests.support.backups import Bench
from tests.support.daemons import Daemons


@pytest.fixture
def daemons(bench: Bench) -> Iterator[Daemons]:
    daemons = Daemons(bench)
    yield daemons
    daemons.close()
