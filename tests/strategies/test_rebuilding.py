"""A rebuild that has nothing to begin with, or was through already."""

from typing import Any

import pytest

from mmsconsole.errors import Cancelled, ObjectMissing, ResyncRequired
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.rebuilding import Rebuilding
from mmsconsole.task import Task
from tests.support.snapshots import deployment_record, snapshot_record


def add_head(resources: Resources, id_: str, **changes: Any) -> Head:
    path = str(resources.settings.head_folders[0] / id_)
    now = resources.clock.now()
    fields = {"phase": SyncPhase.REBUILDING, "reason": "its folder is missing", **changes}
    return resources.metadata.heads.add(Head(id_, "d1", path, "6.0.5", "6.0", now, **fields))


@pytest.fixture
def lost(resources: Resources) -> Resources:
    """A deployment whose head h1 is to be rebuilt."""
    resources.metadata.deployments.add(deployment_record("d1"))
    add_head(resources, "h1")
    resources.metadata.deployments.set("d1", head="h1")
    return resources


def rebuild(resources: Resources) -> Head:
    return Rebuilding(resources, resources.metadata.deployments.get("d1")).run(Task())


def add_snapshot(resources: Resources) -> None:
    resources.metadata.snapshots.add(snapshot_record("s1"))
    resources.metadata.snapshots.set(
        "s1", state=SnapshotState.COMPLETE, manifest_key="manifests/d1/s1/m", manifest_sha256="00"
    )


def test_without_a_snapshot_a_resync_is_required_and_both_reasons_are_told(
    lost: Resources,
) -> None:
    with pytest.raises(ResyncRequired) as raised:
        rebuild(lost)

    assert "its folder is missing; no snapshot is left" in raised.value.what


def test_a_snapshot_that_a_head_was_rebuilt_from_in_vain_is_not_taken_again(
    lost: Resources,
) -> None:
    add_snapshot(lost)
    lost.metadata.heads.set("h1", unfit=["s1"])

    with pytest.raises(ResyncRequired):
        rebuild(lost)


def test_a_storage_that_is_away_is_no_reason_to_give_up(lost: Resources) -> None:
    """Its objects may come back, with the disk that they are on."""
    add_snapshot(lost)

    with pytest.raises(ObjectMissing):
        rebuild(lost)

    assert [head.id for head in lost.metadata.heads.all()] == ["h1"]
    (told,) = lost.metadata.events.recent("d1")
    assert told.kind == "objects damaged"


def test_a_rebuild_that_was_through_only_removes_what_it_replaced(lost: Resources) -> None:
    """The engine was killed behind its last step but one."""
    add_head(lost, "h2", phase=SyncPhase.IN_SYNC)
    lost.metadata.deployments.set("d1", head="h2")

    assert rebuild(lost).id == "h2"
    assert [head.id for head in lost.metadata.heads.all()] == ["h2"]


def test_a_deployment_that_has_got_another_head_meanwhile_keeps_nothing_of_the_rebuilt_one(
    lost: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_snapshot(lost)

    def filled(head: Head, base: Snapshot, task: Task) -> None:
        add_head(lost, "h3", phase=SyncPhase.STARTING)
        lost.metadata.deployments.set("d1", head="h3")

    rebuilding = Rebuilding(lost, lost.metadata.deployments.get("d1"))
    monkeypatch.setattr(rebuilding, "_fill", filled)
    with pytest.raises(Cancelled, match="another head"):
        rebuilding.run(Task())

    assert {head.id for head in lost.metadata.heads.all()} == {"h1", "h3"}


def test_a_head_that_was_whole_but_not_yet_the_deployments_is_made_again(
    lost: Resources,
) -> None:
    add_head(lost, "h2", phase=SyncPhase.IN_SYNC)

    with pytest.raises(ResyncRequired):
        rebuild(lost)
    assert [head.id for head in lost.metadata.heads.all()] == ["h1"]
