"""Fixtures of the daemon's tests."""

from collections.abc import Callable, Iterator

import pytest

from mmsconsole.mongod import source_uri
from mmsconsole.secret import Secret
from tests.support.backups import Bench
from tests.support.daemons import Daemons

NOWHERE = Secret("mongodb://127.0.0.1:1/?replicaSet=rs0")


@pytest.fixture
def daemons(bench: Bench) -> Iterator[Daemons]:
    daemons = Daemons(bench)
    yield daemons
    daemons.close()


@pytest.fixture
def no_source(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on nothing can be read from the source, and who tries sees that soon."""

    def cut() -> None:
        monkeypatch.setitem(source_uri.CLIENT_OPTIONS, "serverSelectionTimeoutMS", 500)
        bench.metadata.deployments.set(bench.deployment.id, uri=NOWHERE)

    return cut
