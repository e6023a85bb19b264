"""What can only be monitored is a deployment too, and says why it is not backed up."""

import pytest

from mmsconsole.errors import AlreadyExists, MissingPrivileges, Refused, WrongReplicaSet
from mmsconsole.metadata.deployments import DeploymentKind
from mmsconsole.mongod.process import MongodProcess
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.real_sources import RealSources
from mmsconsole.operations.sources import Identity
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings
from tests.operations.records import URI, Daemon, FakeSources

ALONE = Identity("", "standalone db9:27017", "7.0.2", "7.0", kind=DeploymentKind.STANDALONE)
OTHER = Identity("", "standalone db8:27017", "7.0.2", "7.0", kind=DeploymentKind.STANDALONE)


@pytest.fixture
def alone(operations: Operations, sources: FakeSources) -> str:
    sources.identity = ALONE
    return operations.add_deployment("alone", URI).name


def test_a_standalone_becomes_a_deployment(operations: Operations, alone: str) -> None:
    view = operations.deployment(alone)
    assert (view.kind, view.set_name, view.monitored) == ("standalone", "", True)


def test_the_backup_of_a_standalone_is_refused_and_told_what_would_help(
    operations: Operations, daemon: Daemon, alone: str
) -> None:
    with pytest.raises(Refused) as refused:
        operations.start_backup(alone)
    assert "no oplog" in refused.value.what
    assert "rs.initiate()" in refused.value.hint
    assert daemon.open_jobs() == []


def test_a_standalone_is_added_once(operations: Operations, alone: str) -> None:
    with pytest.raises(AlreadyExists, match="standalone"):
        operations.add_deployment("again", URI)


@pytest.mark.parametrize("identity", [OTHER, Identity("rs0", "5eed", "6.0.5", "6.0")])
def test_a_standalone_does_not_become_another_server(
    operations: Operations, sources: FakeSources, alone: str, identity: Identity
) -> None:
    sources.identity = identity
    with pytest.raises(WrongReplicaSet, match="db9:27017"):
        operations.edit_deployment(alone, uri=URI)


def test_a_replica_set_does_not_become_a_standalone(
    operations: Operations, sources: FakeSources, shop: str
) -> None:
    sources.identity = ALONE
    with pytest.raises(WrongReplicaSet, match="replica set"):
        operations.edit_deployment(shop, uri=URI)


def test_a_new_password_of_a_standalone_is_taken(operations: Operations, alone: str) -> None:
    assert operations.edit_deployment(alone, uri=URI).name == alone


def test_monitoring_is_turned_off_and_on_for_one_deployment(
    operations: Operations, shop: str
) -> None:
    assert operations.edit_deployment(shop, monitored=False).monitored is False
    assert operations.deployment(shop).monitored is False
    assert operations.edit_deployment(shop, monitored=True).monitored is True


def test_what_is_only_monitored_needs_no_rights_for_a_backup(
    operations: Operations, sources: FakeSources
) -> None:
    sources.error = MissingPrivileges("the user may not read local.oplog.rs")
    with pytest.raises(MissingPrivileges):
        operations.add_deployment("shop", URI)
    assert operations.add_deployment("shop", URI, only_monitored=True).kind == "replica set"
    with pytest.raises(MissingPrivileges):
        operations.start_backup("shop")
    with pytest.raises(MissingPrivileges):
        operations.edit_deployment("shop", uri=URI)
    assert operations.edit_deployment("shop", uri=URI, only_monitored=True).name == "shop"


def test_a_real_standalone_tells_who_it_is(settings: Settings, standalone: MongodProcess) -> None:
    address = str(standalone.options.listen)
    socket = address.replace("/", "%2F")
    found = RealSources(settings).identify(Secret(f"mongodb://{socket}"))
    assert found.kind is DeploymentKind.STANDALONE
    assert (found.set_id, found.fcv) == (f"standalone {address.lower()}", "6.0")
