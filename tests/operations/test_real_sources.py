"""Sources are asked for real: who they are, and whether a backup can begin."""

from pathlib import Path

import pytest

from mmsconsole.demo.replica_set import LocalReplicaSet
from mmsconsole.errors import SourceUnreachable, WrongReplicaSet
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.mongod import source_uri
from mmsconsole.operations.operations import Actor
from mmsconsole.operations.real_sources import RealSources
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings
from tests.operations.records import NOW
from tests.support.metadata import settings_of


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """With servers that will answer, however busy they are."""
    monkeypatch.setitem(source_uri.CLIENT_OPTIONS, "serverSelectionTimeoutMS", 60_000)


@pytest.fixture
def real_sources(settings: Settings) -> RealSources:
    return RealSources(settings)


def deployment(source: LocalReplicaSet, set_id: str) -> Deployment:
    uri = Secret(source.uri)
    return Deployment("d", "shop", uri, "rs0", set_id, "6.0.5", "6.0", NOW)


def test_a_replica_set_tells_who_it_is_and_how_large(
    real_sources: RealSources, replica_set: LocalReplicaSet
) -> None:
    with replica_set.client() as client:
        client.sized.goods.insert_many([{"x": "y" * 100} for _ in range(100)])
    identity = real_sources.identify(Secret(replica_set.uri))
    assert (identity.set_name, identity.fcv) == ("rs0", "6.0")
    size = real_sources.preflight(deployment(replica_set, identity.set_id))
    assert size.data_bytes > 10_000
    assert size.files_bytes > 0


def test_another_replica_set_than_the_pinned_one_is_refused(
    real_sources: RealSources, replica_set: LocalReplicaSet
) -> None:
    with pytest.raises(WrongReplicaSet):
        real_sources.preflight(deployment(replica_set, "0" * 24))


def test_nobody_there_is_unreachable(
    real_sources: RealSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(source_uri.CLIENT_OPTIONS, "serverSelectionTimeoutMS", 500)
    with pytest.raises(SourceUnreachable):
        real_sources.identify(Secret("mongodb://127.0.0.1:1"))


def test_the_oplog_may_be_short_until_the_backup_starts(
    replica_set: LocalReplicaSet, tmp_path: Path
) -> None:
    """Its length is looked at by the preflight alone; this set's oplog has never been full."""
    settings = settings_of(tmp_path, MMSCONSOLE_BACKUP_OPLOG_WINDOW_HOURS_MIN="720")
    sources = RealSources(settings)
    identity = sources.identify(Secret(replica_set.uri))
    assert sources.preflight(deployment(replica_set, identity.set_id)).data_bytes >= 0


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert Actor.of_process().name.startswith("uid ")
