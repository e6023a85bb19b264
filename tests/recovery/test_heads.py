"""Heads after a rebuild: the one that is there goes on, another one is made of the store."""

from pathlib import Path

import pytest

from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from tests.metadata.records import NOW
from tests.recovery.conftest import Stand, at, body


def filled(stand: Stand, **head: object) -> Stand:
    stand.chunks(body(10, 20))
    stand.snapshot("s1", 12)
    stand.head(**head)
    stand.back_up()
    return stand


def on_disk(stand: Stand) -> None:
    folder = Path(stand.metadata.heads.get("h1").path)
    folder.mkdir(parents=True)
    (folder / "WiredTiger.wt").write_bytes(b"there")


def found(stand: Stand) -> Head:
    stand.rebuilt()
    return stand.metadata.heads.get(stand.found.head)


def test_a_head_that_is_there_goes_on(stand: Stand) -> None:
    on_disk(filled(stand, parked_at=at(9)))

    head = found(stand)

    assert (head.id, head.phase, head.active) == ("h1", SyncPhase.IN_SYNC, True)
    assert head.parked_at is None  # of a moment that has passed
    assert head.unclean_at is not None  # so its files are validated soon


@pytest.mark.parametrize(
    "changes",
    [{"phase": SyncPhase.BUILDING}, {"suspect": "it is wrong"}, {"active": False}],
    ids=str,
)
def test_a_head_that_is_of_no_use_is_rebuilt(stand: Stand, changes: dict[str, object]) -> None:
    on_disk(filled(stand, **changes))

    assert found(stand).phase is SyncPhase.REBUILDING


def test_a_head_that_is_gone_is_rebuilt_without_the_source(stand: Stand) -> None:
    head = found(filled(stand))

    assert (head.phase, head.active, head.sync_start) == (SyncPhase.REBUILDING, True, at(12))
    assert not Path(head.path).exists()
    assert stand.found.backup is BackupState.STOPPED


def test_where_no_snapshot_can_serve_an_initial_sync_makes_one(stand: Stand) -> None:
    stand.chunks(body(30, 35))
    stand.snapshot("s1", 12)  # the stored oplog does not go on from there
    stand.head()
    stand.back_up()

    stand.rebuilt()

    assert stand.found.head == ""
    assert stand.found.backup is BackupState.STOPPED


def test_a_resync_that_was_required_stays_required(stand: Stand) -> None:
    filled(stand)
    stand.metadata.deployments.set("d1", backup=BackupState.RESYNC_REQUIRED, reason="a gap")
    stand.back_up()

    stand.rebuilt()

    assert (stand.found.backup, stand.found.head) == (BackupState.RESYNC_REQUIRED, "")


def test_a_head_of_which_no_catalogue_knows_is_rebuilt(stand: Stand) -> None:
    stand.chunks(body(10, 20))
    stand.snapshot("s1", 12)

    head = found(stand)

    assert (head.id, head.phase) == ("lost-d1", SyncPhase.REBUILDING)
    assert head.created_at >= NOW
