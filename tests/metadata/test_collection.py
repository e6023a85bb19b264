"""What every collection of records can do, on a real database."""

import pytest

from mmsconsole.errors import AlreadyExists, NotFound
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.groups import Group
from mmsconsole.secret import Secret
from tests.metadata.records import NOW, deployment, job, later


def test_a_record_that_was_added_is_found_as_it_was(metadata: Metadata) -> None:
    added = metadata.deployments.add(deployment())

    assert metadata.deployments.get("d1") == added
    assert metadata.deployments.named(added.name) == added


def test_an_id_is_taken_once(metadata: Metadata) -> None:
    metadata.groups.add(Group("g", "one"))

    with pytest.raises(AlreadyExists):
        metadata.groups.add(Group("g", "two"))
    assert metadata.groups.get("g").name == "one"


def test_a_record_that_is_not_there_is_not_found(metadata: Metadata) -> None:
    assert metadata.groups.find("none") is None
    with pytest.raises(NotFound, match="no group 'none'"):
        metadata.groups.get("none")
    with pytest.raises(NotFound):
        metadata.groups.set("none", name="x")


def test_set_changes_the_named_fields_and_returns_the_record(metadata: Metadata) -> None:
    before = metadata.deployments.add(deployment())

    after = metadata.deployments.set("d1", backup=BackupState.STARTED, uri=Secret("mongodb://i"))

    assert (after.backup, after.uri.reveal()) == (BackupState.STARTED, "mongodb://i")
    assert (after.name, after.set_id) == (before.name, before.set_id)
    assert metadata.deployments.get("d1") == after


def test_set_where_changes_nothing_that_does_not_match(metadata: Metadata) -> None:
    before = metadata.deployments.add(deployment())

    assert metadata.deployments.set_where({"_id": "d1", "backup": "started"}, name="x") is None
    assert metadata.deployments.get("d1") == before


def test_a_name_that_is_taken_can_not_be_set(metadata: Metadata) -> None:
    metadata.deployments.add(deployment("d1", name="one"))
    metadata.deployments.add(deployment("d2", name="two"))

    with pytest.raises(AlreadyExists, match="deployment"):
        metadata.deployments.set("d2", name="one")


def test_a_set_is_backed_up_by_one_deployment(metadata: Metadata) -> None:
    metadata.deployments.add(deployment("d1", set_id="same"))

    with pytest.raises(AlreadyExists):
        metadata.deployments.add(deployment("d2", set_id="same"))


def test_the_name_and_set_of_a_removed_deployment_are_free(metadata: Metadata) -> None:
    metadata.deployments.add(deployment("d1", name="shop", set_id="s", removed=True))
    metadata.deployments.add(deployment("d2", name="shop", set_id="s"))

    assert metadata.deployments.named("shop").id == "d2"
    assert [found.id for found in metadata.deployments.listed()] == ["d2"]


def test_all_sorts_and_limits(metadata: Metadata) -> None:
    for at in (3, 1, 2):
        metadata.jobs.add(job(f"j{at}", created=at))

    assert [j.id for j in metadata.jobs.all(sort=[("created_at", 1)], limit=2)] == ["j1", "j2"]


def test_a_removed_record_is_gone_and_removing_it_again_is_no_error(metadata: Metadata) -> None:
    metadata.groups.add(Group("g", "one"))

    metadata.groups.remove("g")
    metadata.groups.remove("g")

    assert metadata.groups.find("g") is None


def test_times_come_back_aware_whatever_the_client(metadata: Metadata) -> None:
    metadata.jobs.add(job("j", created=1.5))

    assert metadata.jobs.get("j").created_at == later(1.5) > NOW
