"""What is known to be wrong with where a backup is kept, until it is mended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.metadata.asking import ask_for_repair
from mmsconsole.metadata.checks import CheckFinding, Fault, StoreCheck
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import JobState
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.shapes import store_of
from mmsconsole.optime import Optime
from tests.operations.records import NOW, Daemon

FINDING = CheckFinding("packs/default/4e/4e1f.pack", Fault.DAMAGED, "other bytes", ("5nap",))


def checked(
    metadata: Metadata, hours_ago: int, *found: CheckFinding, share: float = 0.04
) -> StoreCheck:
    at = NOW - timedelta(hours=hours_ago)
    return metadata.checks.add(
        StoreCheck(
            new_id(), "default", at, share, started_at=at, finished_at=at, objects=9,
            found=len(found), findings=found,
        )
    )  # fmt: skip


def repaired(metadata: Metadata, hours_ago: int, **result: int) -> None:
    at = NOW - timedelta(hours=hours_ago)
    job = ask_for_repair(metadata, "default", at, "ada")
    metadata.jobs.set(job.id, state=JobState.DONE, finished_at=at, result=result)


def test_damage_stays_known_while_later_checks_look_elsewhere(
    operations: Operations, metadata: Metadata
) -> None:
    assert operations.store_damage() is None
    found = checked(metadata, 48, FINDING)
    checked(metadata, 24)
    checked(metadata, 1)

    assert operations.last_check().good
    damage = operations.store_damage()
    assert damage is not None
    assert (damage.id, damage.findings[0].key) == (found.id, FINDING.key)


def test_a_check_that_read_all_and_found_nothing_ends_it(
    operations: Operations, metadata: Metadata
) -> None:
    checked(metadata, 48, FINDING)
    checked(metadata, 1, share=1.0)
    assert operations.store_damage() is None


def test_a_repair_ends_it_if_it_left_nothing_and_came_after(
    operations: Operations, metadata: Metadata
) -> None:
    checked(metadata, 48, FINDING)
    repaired(metadata, 60, left=0)
    assert operations.store_damage() is not None
    repaired(metadata, 24, left=1)
    assert operations.store_damage() is not None
    repaired(metadata, 12, left=0)
    assert operations.store_damage() is None
    checked(metadata, 1, FINDING)
    assert operations.store_damage() is not None


def test_a_wrong_chunk_hurts_the_moments_up_to_the_next_snapshot_that_is_whole(
    operations: Operations, metadata: Metadata, daemon: Daemon, synced: str
) -> None:
    """Those behind the chunk are reached through it, or from a later snapshot."""
    id_ = metadata.deployments.named(synced).id
    chunk = replace(FINDING, deployment=id_, after=Optime(1000, 1), until=Optime(1001, 1))
    for seconds in (1000, 1300, 1600):
        daemon.snapshot(synced, Optime(seconds, 1))
    checked(metadata, 1, chunk)
    assert operations.last_check().findings[0].again_from == Optime(1300, 1)

    for snapshot in metadata.snapshots.all({"optime.t": {"$gte": 1300}}):
        metadata.snapshots.set(snapshot.id, doubt="its pack is damaged")
    assert operations.last_check().findings[0].again_from is None


def test_a_deployment_warns_of_its_damaged_store_whatever_its_state_is(
    operations: Operations, metadata: Metadata, synced: str
) -> None:
    checked(metadata, 1, FINDING, FINDING)
    for act in (operations.start_backup, operations.stop_backup):
        act(synced)
        (warning,) = [
            one for one in operations.backup_status(synced).warnings if one.kind == "store"
        ]
        assert warning.level == "critical"
        assert "the store default is damaged, objects missing or wrong: 2" in warning.text


def test_a_second_copy_says_how_far_it_is_and_why_it_waits(
    operations: Operations, metadata: Metadata, daemon: Daemon, synced: str
) -> None:
    assert operations.deployment(synced).copy is None
    deployment = metadata.deployments.named(synced)
    metadata.deployments.set(deployment.id, copy_to="offsite")
    copy = operations.deployment(synced).copy
    assert copy is not None
    assert (copy.store, copy.oplog_end, copy.behind_seconds, copy.error) == (
        "offsite",
        None,
        None,
        "",
    )

    daemon.chunks(synced, Optime(100, 1), Optime(160, 1))
    metadata.copies.put(
        CopyState(deployment.id, "offsite", Optime(130, 1), NOW, "no route to it", NOW)
    )
    copy = operations.deployment(synced).copy
    assert copy is not None
    assert (copy.behind_seconds, copy.level_at, copy.error) == (30, NOW, "no route to it")
    told = [one.text for one in operations.backup_status(synced).warnings if one.kind == "copy"]
    assert told == ["the copy in offsite waits: no route to it"]


def test_a_copy_that_moves_to_another_store_begins_anew(
    operations: Operations, metadata: Metadata, synced: str
) -> None:
    deployment = metadata.deployments.named(synced)
    metadata.deployments.set(deployment.id, copy_to="tape")
    metadata.copies.put(CopyState(deployment.id, "offsite", Optime(130, 1), NOW, "no route", NOW))
    copy = operations.deployment(synced).copy
    assert copy is not None
    assert (copy.store, copy.oplog_end, copy.error) == ("tape", None, "")


@pytest.mark.parametrize(
    ("resource", "store"),
    [
        ("groom:default", "default"), ("groom:default@offsite", "offsite"),
        ("check:offsite", "offsite"), ("repair:default", "default"),
        ("catalogue:default", "default"), ("store rebuild:offsite", "offsite"),
        ("head:6f0c", ""), ("verification", ""), ("validation:6f0c", ""),
    ],
)  # fmt: skip
def test_jobs_tell_the_store_that_they_work_in(resource: str, store: str) -> None:
    assert store_of(resource) == store
