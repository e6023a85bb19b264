"""Deployments are added, edited and removed without losing or showing anything."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from mmsconsole.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Busy,
    NotFound,
    Refused,
    SettingsError,
    UsageError,
    WrongReplicaSet,
)
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.sources import Identity
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings, StoreSettings
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


def test_blocks_have_their_default_or_what_was_chosen(
    operations: Operations, daemon: Daemon, shop: str
) -> None:
    defaults = operations.deployment(shop)
    assert (defaults.block_kib, defaults.zstd_level) == (256, 1)
    operations.remove_deployment(shop, cancel_restores=False)

    chosen = operations.add_deployment("shop", URI, block_kib=4096, zstd_level=19)

    assert (chosen.block_kib, chosen.zstd_level) == (4096, 19)
    record = daemon.metadata.deployments.named("shop")
    assert (record.block_bytes, record.zstd_level) == (4 << 20, 19)


@pytest.mark.parametrize(
    "wishes",
    [{"block_kib": 0}, {"block_kib": 32}, {"block_kib": 100}, {"block_kib": 8192},
     {"zstd_level": 0}, {"zstd_level": 20}],
)  # fmt: skip
def test_blocks_that_can_not_be_are_refused(operations: Operations, wishes: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        operations.add_deployment("shop", URI, **wishes)  # type: ignore[arg-type]

    assert operations.deployments() == []


def test_the_size_of_blocks_stays_as_it_was_chosen(operations: Operations, shop: str) -> None:
    with pytest.raises(UsageError, match="chosen when"):
        operations.edit_deployment(shop, block_kib=1024)


@pytest.fixture
def two_stores(operations: Operations, tmp_path: Path) -> Operations:
    desk = operations._desk
    offsite = StoreSettings(url=SecretStr(str(tmp_path / "offsite")))
    tree = desk.settings.tree.model_copy(update={"stores": {"offsite": offsite}})
    operations._desk = replace(desk, settings=Settings(tree, desk.settings.home))
    return operations


def test_a_deployment_is_bound_to_a_store_and_may_have_a_copy(
    two_stores: Operations, daemon: Daemon
) -> None:
    added = two_stores.add_deployment("shop", URI, store="offsite", copy_to="default")
    assert (added.store, added.copy and added.copy.store) == ("offsite", "default")

    assert two_stores.edit_deployment("shop", copy_to="none").copy is None
    assert two_stores.edit_deployment("shop", store="default").store == "default"


def test_a_store_is_not_changed_once_it_has_something_of_the_deployment(
    two_stores: Operations, synced: str
) -> None:
    with pytest.raises(Refused, match="lies in default"):
        two_stores.edit_deployment(synced, store="offsite")

    copied = two_stores.edit_deployment(synced, copy_to="offsite").copy
    assert copied is not None
    assert copied.store == "offsite"


def test_a_store_that_is_not_there_or_is_the_same_twice_is_refused(
    two_stores: Operations, shop: str
) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        two_stores.edit_deployment(shop, copy_to="nowhere")
    with pytest.raises(UsageError, match="same store"):
        two_stores.edit_deployment(shop, copy_to="default")


def with_stores(operations: Operations, **stores: StoreSettings) -> Operations:
    desk = operations._desk
    tree = desk.settings.tree.model_copy(update={"stores": stores})
    operations._desk = replace(desk, settings=Settings(tree, desk.settings.home))
    return operations


def test_a_backup_is_never_kept_inside_the_set_that_it_is_of(operations: Operations) -> None:
    """It would be lost with it, and each write of the backup would be backed up again."""
    inside = SecretStr("mongodb://vault:s3cret@source:27017,other:27017/vault")
    with_stores(operations, inside=StoreSettings(url=inside))
    with pytest.raises(Refused, match="lies in the replica set") as refused:
        operations.add_deployment("shop", URI, store="inside")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(Refused, match="lies in the replica set"):
        operations.add_deployment("shop", URI, copy_to="inside")
    assert operations.deployments() == []


def test_what_is_encrypted_in_one_store_is_not_copied_in_plain_to_another(
    operations: Operations, tmp_path: Path
) -> None:
    def folder(name: str, **key: str) -> StoreSettings:
        return StoreSettings(url=SecretStr(str(tmp_path / name)), **key)

    with_stores(
        operations, vault=folder("vault", key_file="/k"), safe=folder("safe", key_file="/k"),
        plain=folder("plain"),
    )  # fmt: skip
    operations.add_deployment("shop", URI, store="vault")
    with pytest.raises(Refused, match="a copy in plain would not be"):
        operations.edit_deployment("shop", copy_to="plain")
    assert operations.edit_deployment("shop", copy_to="safe").copy is not None
    assert operations.edit_deployment("shop", copy_to="none").copy is None


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
