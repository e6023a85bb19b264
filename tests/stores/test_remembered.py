"""What the metadata remember of a store."""

from dataclasses import replace
from datetime import UTC, datetime

from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.stores.remembered import KNOWN_OBJECTS, Remembered
from tests.support.snapshots import deployment_record, snapshot_record


def test_the_first_mark_stays_until_another_one_is_noted(metadata: Metadata) -> None:
    memory = Remembered(metadata, "default")

    assert memory.mark() == ""
    assert memory.note_first("first") == "first"
    assert memory.note_first("second") == "first"
    assert memory.mark() == "first"
    memory.note("second")
    assert memory.mark() == "second"
    assert Remembered(metadata, "far").mark() == ""


def test_the_newest_objects_of_its_deployments_should_be_there(metadata: Metadata) -> None:
    deployment = metadata.deployments.add(deployment_record())
    for number in range(KNOWN_OBJECTS + 1):
        taken = replace(snapshot_record(f"s{number}"), deployment=deployment.id)
        metadata.snapshots.add(
            replace(taken, state=SnapshotState.COMPLETE, manifest_key=f"manifests/{number}")
        )

    assert len(Remembered(metadata, deployment.store).known_keys()) == KNOWN_OBJECTS
    assert Remembered(metadata, "far").known_keys() == []


def test_a_second_store_should_hold_something_once_a_copy_was_level(metadata: Metadata) -> None:
    deployment = metadata.deployments.add(replace(deployment_record(), copy_to="far"))
    taken = replace(snapshot_record("s"), deployment=deployment.id, manifest_key="manifests/s")
    metadata.snapshots.add(replace(taken, state=SnapshotState.COMPLETE))
    memory = Remembered(metadata, "far")

    metadata.copies.put(CopyState(deployment.id, "far"))
    assert memory.known_keys() == []

    level_at = datetime(2024, 5, 1, tzinfo=UTC)
    metadata.copies.put(CopyState(deployment.id, "far", level_at=level_at))
    assert memory.known_keys() == ["manifests/s"]

    metadata.copies.put(CopyState(deployment.id, "other", level_at=level_at))
    assert memory.known_keys() == []
