"""Deployments are added, edited and removed without losing or showing anything."""

from dataclasses import asdict
from pathlib import Path

import pytest

from mmsconsole.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Busy,
    NotFound,
    Refused,
    UsageError,
    WrongReplicaSet,
)
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.sources import Identity
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.operations.records import URI, Daemon, FakeSources

OTHER_SET = Identity("rs1", "0dd", "6.0.5", "6.0")


def test_adding_pins_the_replica_set_and_copies_nothing(
    operations: Operations, daemon: Daemon
) -> None:
    added = operations.add_deployment("shop", URI)
    assert (added.set_name, added.server_version, added.status.state) == (
        "rs0",
        "6.0.5",
        "inactive",
    )
    assert daemon.metadata.deployments.named("shop").set_id == "5eed"
    assert daemon.open_jobs() == []


def test_the_password_is_kept_and_never_shown(operations: Operations, daemon: Daemon) -> None:
    view = operations.add_deployment("shop", URI)
    operations.edit_deployment("shop", uri=URI)
    shown = repr(asdict(view)) + repr(operations.events()) + repr(operations.deployments())
    assert "hunter2" not in shown
    assert "backup:***@source" in view.uri
    assert daemon.metadata.deployments.named("shop").uri == URI


def test_a_source_that_can_not_be_asked_leaves_no_deployment(
    operations: Operations, sources: FakeSources
) -> None:
    sources.error = AuthenticationFailed("wrong password", where="source:27017")
    with pytest.raises(AuthenticationFailed):
        operations.add_deployment("shop", URI)
    assert operations.deployments() == []


@pytest.mark.parametrize(
    "name", ["", ".", "-x", "a b", "a/b", "../x", "a\n", "ä", "a\x1b[31m", "x" * 65]
)
def test_a_name_that_would_cause_trouble_is_refused(operations: Operations, name: str) -> None:
    with pytest.raises(UsageError):
        operations.add_deployment(name, URI)


def test_a_name_is_given_once(operations: Operations, shop: str, sources: FakeSources) -> None:
    sources.identity = OTHER_SET
    with pytest.raises(AlreadyExists, match="'shop'"):
        operations.add_deployment(shop, URI)


def test_a_replica_set_is_added_once_and_the_refusal_says_where(
    operations: Operations, shop: str
) -> None:
    with pytest.raises(AlreadyExists, match="is the deployment 'shop' already"):
        operations.add_deployment("again", URI)


def test_settings_are_the_defaults_and_wishes_come_first(operations: Operations) -> None:
    view = operations.add_deployment("shop", URI, snapshot_interval_minutes=5)
    assert (view.snapshot_interval_minutes, view.sync_from, view.tail_from) == (
        5,
        "secondary",
        "primary",
    )


@pytest.mark.parametrize(
    "wishes",
    [
        {"snapshot_interval_minutes": -1},
        {"snapshot_interval_minutes": 10081},
        {"sync_from": "arbiter"},
        {"sync_mb_per_second": -0.1},
        {"sync_mb_per_second": 1e9},
        {"sync_mb_per_second": float("nan")},
        {"tail_from": ""},
    ],
)
def test_a_wish_that_can_not_be_is_refused(
    operations: Operations, shop: str, wishes: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        operations.edit_deployment(shop, **wishes)  # type: ignore[arg-type]


def test_editing_changes_what_is_given_and_keeps_the_history(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    before = operations.deployment(synced)
    after = operations.edit_deployment(synced, new_name="store", tail_from="secondary")
    assert (after.id, after.name, after.tail_from) == (before.id, "store", "secondary")
    assert after.sync_from == before.sync_from
    assert len(operations.snapshots("store")) == 1
    with pytest.raises(NotFound):
        operations.deployment(synced)


def test_a_new_connection_string_must_lead_to_the_same_replica_set(
    operations: Operations, shop: str, sources: FakeSources, daemon: Daemon
) -> None:
    sources.identity = OTHER_SET
    with pytest.raises(WrongReplicaSet):
        operations.edit_deployment(shop, uri=Secret("mongodb://elsewhere"))
    assert daemon.metadata.deployments.named(shop).uri == URI


def test_removal_says_what_it_deletes(operations: Operations, daemon: Daemon, synced: str) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    daemon.snapshot(synced, Optime(200, 1))
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1), Optime(250, 1))
    removal = operations.removal(synced)
    assert removal.heads == ("/heads/shop",)
    assert (removal.snapshots, removal.snapshot_bytes) == (2, 200)
    assert (removal.chunks, removal.chunk_bytes) == (2, 10)
    assert operations.deployment(synced).status.state == "started"


def test_a_removed_deployment_is_gone_from_lists_and_its_name_is_free(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    removed = operations.deployment(synced)
    operations.remove_deployment(synced)
    assert operations.deployments() == []
    assert operations.add_deployment(synced, URI).id != removed.id


def test_removal_stops_the_backup_and_leaves_one_job_to_the_daemon(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    deployment = daemon.metadata.deployments.named(shop)
    operations.remove_deployment(shop)
    removal, sync = operations.jobs()
    assert (removal.kind, removal.state) == ("removal", "queued")
    assert (sync.kind, sync.state) == ("initial sync", "cancelled")
    assert daemon.metadata.deployments.get(deployment.id).backup == "inactive"
    assert daemon.open_jobs()[0].resource == f"head:{deployment.id}"


def test_removal_waits_for_restores_unless_they_may_be_cancelled(
    operations: Operations, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    daemon.snapshot(synced, Optime(100, 1))
    restore = operations.start_restore(synced, at="latest", target=tmp_path / "restored")
    with pytest.raises(Busy, match="1 restore"):
        operations.remove_deployment(synced)
    assert len(operations.deployments()) == 1
    operations.remove_deployment(synced, cancel_restores=True)
    assert operations.restore(restore.id).state == "cancelled"


def test_a_removal_can_not_be_cancelled(operations: Operations, shop: str) -> None:
    operations.remove_deployment(shop)
    job = operations.jobs()[0]
    with pytest.raises(Refused, match="can not be cancelled"):
        operations.cancel_job(job.id)


def test_a_running_job_of_a_removed_deployment_is_asked_to_stop(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    operations.start_backup(shop)
    (sync,) = daemon.open_jobs()
    daemon.metadata.jobs.set(sync.id, state=JobState.LEASED, engine="e")
    operations.remove_deployment(shop)
    assert operations.job(sync.id).cancel_requested
    kinds = {job.kind for job in daemon.open_jobs()}
    assert kinds == {JobKind.INITIAL_SYNC, JobKind.REMOVAL}


def test_every_change_leaves_an_event_that_names_who_asked(
    operations: Operations, shop: str
) -> None:
    operations.edit_deployment(shop, tail_from="secondary")
    operations.remove_deployment(shop)
    events = operations.events()
    assert {event.kind for event in events} == {
        "deployment added",
        "deployment edited",
        "deployment removed",
    }
    assert {event.actor for event in events} == {"ada"}


def test_a_deployment_that_is_not_there_is_not_found(operations: Operations) -> None:
    for ask in (operations.deployment, operations.removal, operations.remove_deployment):
        with pytest.raises(NotFound, match="'nosuch'"):
            ask("nosuch")
