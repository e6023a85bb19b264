"""A person decides how long one snapshot is kept; what the daemon then does is in its tests."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.errors import Busy, NotFound, OutsideWindow, Refused, UsageError
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.operations.expiry import REASON_MAX
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.operations.records import NOW, Daemon

SECONDS = int(NOW.timestamp())


def at(hours_ago: int) -> Optime:
    return Optime(SECONDS - hours_ago * 3600, 1)


@pytest.fixture
def taken(daemon: Daemon, metadata: Metadata, synced: str) -> str:
    """Id of a snapshot of an hour ago; a newer one is there too, and the oplog up to now."""
    deployment = metadata.deployments.named(synced).id
    key, empty = f"oplog/{deployment}/x", "0" * 64
    metadata.chunks.add(
        OplogChunk(new_id(), deployment, at(9), at(0), 1, key, empty, 1, 1, NOW, NOW, True)
    )
    old = daemon.snapshot(synced, at(1))
    daemon.snapshot(synced, at(0))
    return old.id


def told(metadata: Metadata) -> Event:
    """The newest event."""
    return next(metadata.events.recent(limit=1))


# -- held and released


def test_a_held_snapshot_says_so_and_does_not_expire(operations: Operations, taken: str) -> None:
    held = operations.hold_snapshot(taken, "audit of 2026")
    assert (held.hold, held.expires_at) == ("audit of 2026", None)
    assert "held" in held.kept_for
    assert operations.snapshot(taken) == held


def test_a_held_snapshot_is_neither_deleted_nor_expired(operations: Operations, taken: str) -> None:
    operations.hold_snapshot(taken, "audit of 2026")
    for refused in (operations.delete_snapshot, operations.expire_snapshot):
        with pytest.raises(Refused, match="held: audit of 2026") as raised:
            refused(taken)
        assert "snapshot release" in raised.value.hint
    with pytest.raises(Refused, match="held"):
        operations.expire_snapshot(taken, NOW + timedelta(days=1))
    assert operations.snapshot(taken).state == "complete"


def test_a_released_snapshot_goes_by_the_policy_again(operations: Operations, taken: str) -> None:
    before = operations.snapshot(taken)
    operations.hold_snapshot(taken, "audit")
    assert operations.release_snapshot(taken) == before
    operations.delete_snapshot(taken)


def test_who_held_and_released_is_told_with_what_was_before(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    operations.hold_snapshot(taken, "audit")
    event = told(metadata)
    assert (event.kind, event.actor) == ("snapshot held", "ada")
    assert event.details == {"snapshot": taken, "before": "not held", "after": "held: audit"}
    operations.release_snapshot(taken)
    event = told(metadata)
    assert (event.kind, event.actor) == ("snapshot released", "ada")
    assert event.details == {"snapshot": taken, "before": "held: audit", "after": "not held"}


def test_releasing_what_is_not_held_changes_nothing(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    before = told(metadata)
    assert operations.release_snapshot(taken).hold == ""
    assert told(metadata) == before


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "\x1b[31mred", "x" * (REASON_MAX + 1)])
def test_a_reason_is_a_line_for_people(operations: Operations, taken: str, reason: str) -> None:
    with pytest.raises(UsageError, match="a reason is"):
        operations.hold_snapshot(taken, reason)


def test_what_is_being_deleted_is_not_held_any_more(operations: Operations, taken: str) -> None:
    operations.delete_snapshot(taken)
    with pytest.raises(Busy, match="being deleted"):
        operations.hold_snapshot(taken, "audit")
    with pytest.raises(Busy, match="being deleted"):
        operations.expire_snapshot(taken, NOW + timedelta(days=1))


# -- a date of its own


def test_a_snapshot_gets_a_date_of_its_own(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    day = NOW + timedelta(days=400)
    view = operations.expire_snapshot(taken, day)
    assert view.expires_at == day
    assert "own date" in view.kept_for
    event = told(metadata)
    assert (event.kind, event.actor) == ("snapshot expiry", "ada")
    assert event.details["before"] == "as the policy says"
    assert event.details["after"] == "2027-04-05T12:00:00+00:00"


def test_one_that_expires_now_stays_as_long_as_the_oplog_window_stands_on_it(
    operations: Operations, daemon: Daemon, synced: str, taken: str
) -> None:
    assert operations.expire_snapshot(taken).kept_for == ("oplog window",)
    older = daemon.snapshot(synced, at(30))
    daemon.snapshot(synced, at(25))
    view = operations.expire_snapshot(older.id)
    assert view.kept_for == ()
    assert view.expires_at is not None
    assert view.expires_at <= NOW


def test_the_last_good_one_says_that_it_stays_all_the_same(
    operations: Operations, daemon: Daemon, synced: str
) -> None:
    only = daemon.snapshot(synced, at(1))
    assert "last good" in operations.expire_snapshot(only.id).kept_for


@pytest.mark.parametrize("day", [NOW, NOW - timedelta(days=1), datetime(2030, 1, 1)])  # noqa: DTZ001
def test_a_date_lies_ahead_and_has_its_zone(
    operations: Operations, taken: str, day: datetime
) -> None:
    with pytest.raises(UsageError, match="has to lie ahead"):
        operations.expire_snapshot(taken, day)


def test_one_that_is_being_taken_does_not_expire_now(operations: Operations, synced: str) -> None:
    running = operations.take_snapshot(synced)
    with pytest.raises(Busy, match="being taken"):
        operations.expire_snapshot(running.id)
    day = NOW + timedelta(days=3)
    assert operations.expire_snapshot(running.id, day).id == running.id


# -- taken with it


def test_a_snapshot_may_be_held_and_dated_when_it_is_asked_for(
    operations: Operations, metadata: Metadata, synced: str
) -> None:
    view = operations.take_snapshot(synced, keep_days=10, hold="before the migration")
    record = metadata.snapshots.get(view.id)
    assert record.hold == "before the migration"
    assert record.expires_at is not None
    assert timedelta(days=9) < record.expires_at - NOW < timedelta(days=11)
    assert "to be kept 10 days, held: before the migration" in told(metadata).text


@pytest.mark.parametrize("days", [0, -1, 10**6])
def test_a_snapshot_is_kept_for_some_days(operations: Operations, synced: str, days: int) -> None:
    with pytest.raises(UsageError):
        operations.take_snapshot(synced, keep_days=days)
    assert operations.snapshots(synced) == []


# -- deleted


def test_a_deleted_snapshot_is_left_to_the_daemon_and_told_of(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    before = operations.snapshot(taken)
    assert operations.delete_snapshot(taken) == before
    assert operations.snapshot(taken).state == "deleting"
    event = told(metadata)
    assert (event.kind, event.actor) == ("snapshot deleted", "ada")
    assert event.details == {"snapshot": taken, "before": "complete", "after": "deleting"}
    leaving = metadata.snapshots.get(taken).leaving
    assert leaving is not None
    assert (leaving.by, leaving.state) == ("ada", SnapshotState.COMPLETE)


def test_deleting_twice_is_told_of_once(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    operations.delete_snapshot(taken)
    first = told(metadata)
    operations.delete_snapshot(taken)
    assert told(metadata) == first


def test_what_is_being_deleted_can_not_be_restored(
    operations: Operations, synced: str, taken: str, tmp_path: Path
) -> None:
    operations.delete_snapshot(taken)
    with pytest.raises(Refused, match="deleting"):
        operations.start_restore(synced, snapshot=taken, target=tmp_path / "restored")


def test_a_snapshot_that_is_being_taken_is_not_deleted(operations: Operations, synced: str) -> None:
    snapshot = operations.take_snapshot(synced)
    with pytest.raises(Busy):
        operations.delete_snapshot(snapshot.id)


def test_a_snapshot_on_which_the_next_one_builds_is_not_deleted(
    operations: Operations, metadata: Metadata, synced: str, taken: str
) -> None:
    running = operations.take_snapshot(synced)
    metadata.snapshots.set(running.id, previous=taken)
    with pytest.raises(Busy, match="builds on it"):
        operations.delete_snapshot(taken)


def test_a_snapshot_that_a_restore_reads_is_not_deleted(
    operations: Operations, daemon: Daemon, synced: str, tmp_path: Path
) -> None:
    used, unused = daemon.snapshot(synced, Optime(100, 1)), daemon.snapshot(synced, Optime(200, 1))
    restore = operations.start_restore(synced, snapshot=used.id, target=tmp_path / "restored")
    with pytest.raises(Busy, match=restore.id):
        operations.delete_snapshot(used.id)
    operations.delete_snapshot(unused.id)
    assert {view.id: view.state for view in operations.snapshots(synced)} == {
        used.id: "complete", unused.id: "deleting",
    }  # fmt: skip


# -- a restore begins while something goes


def test_a_restore_of_a_snapshot_that_goes_meanwhile_leaves_nothing(
    operations: Operations, metadata: Metadata, synced: str, taken: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It is marked after the restore was planned, and before that is written down."""
    add = metadata.restores.add

    def marked_first(restore: object) -> object:
        operations.delete_snapshot(taken)
        return add(restore)  # type: ignore[arg-type]

    monkeypatch.setattr(metadata.restores, "add", marked_first)
    with pytest.raises(NotFound, match="being deleted"):
        operations.start_restore(synced, snapshot=taken, target=tmp_path / "restored")
    assert operations.restores() == []
    assert [job for job in operations.jobs() if job.kind == "restore"] == []


def test_a_restore_whose_oplog_goes_meanwhile_leaves_nothing(
    operations: Operations, metadata: Metadata, synced: str, taken: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deployment = metadata.deployments.named(synced).id
    add = metadata.restores.add

    def raised_first(restore: object) -> object:
        metadata.deployments.set(deployment, oplog_from=at(0))
        metadata.chunks.drop(deployment)
        key = OplogChunk(new_id(), deployment, at(0), at(-1), 1, "k", "ab", 1, 1, None, NOW)
        metadata.chunks.add(key)
        return add(restore)  # type: ignore[arg-type]

    monkeypatch.setattr(metadata.restores, "add", raised_first)
    point = f"{at(1).t + 60}:1"
    with pytest.raises(OutsideWindow, match="not kept any more"):
        operations.start_restore(synced, at=point, target=tmp_path / "restored")
    assert operations.restores() == []


# -- what was trimmed


@pytest.fixture
def trimmed(daemon: Daemon, metadata: Metadata, synced: str) -> str:
    """Snapshots of five and three hours ago alone; from the one of two hours ago on, any moment."""
    deployment = metadata.deployments.named(synced).id
    for begin, end in ((6, 4), (4, 2), (2, 0)):
        metadata.chunks.add(
            OplogChunk(
                new_id(), deployment, at(begin), at(end), 1, f"k{begin}", "ab", 1, 1, None, NOW,
                after_gap=begin == 6,
            )
        )  # fmt: skip
    for hours in (5, 3, 2):
        daemon.snapshot(synced, at(hours))
    metadata.deployments.set(deployment, oplog_from=at(2))
    return synced


def test_what_is_given_up_is_not_told_as_restorable_although_it_is_there_still(
    operations: Operations, trimmed: str
) -> None:
    status = operations.backup_status(trimmed)
    ends = [(window.start, window.end) for window in status.windows]
    assert ends == [(at(5), at(5)), (at(3), at(3)), (at(2), at(0))]
    assert [(gap.start, gap.end, gap.trimmed) for gap in status.gaps] == [
        (at(5), at(3), True), (at(3), at(2), True),
    ]  # fmt: skip


def test_the_same_is_told_when_it_is_gone(
    operations: Operations, metadata: Metadata, trimmed: str
) -> None:
    before = operations.backup_status(trimmed)
    for chunk in list(metadata.chunks.all())[:2]:
        metadata.chunks.remove(chunk.id)
    assert operations.backup_status(trimmed) == before


def test_a_point_before_the_window_is_refused_in_clear_words(
    operations: Operations, trimmed: str, tmp_path: Path
) -> None:
    with pytest.raises(OutsideWindow, match="only whole snapshots are kept") as raised:
        operations.plan_restore(trimmed, at=f"{at(4).t}:1", target=tmp_path / "restored")
    assert str(at(5)) in raised.value.hint
    assert str(at(3)) in raised.value.hint


def test_snapshots_before_the_window_and_moments_in_it_are_restored(
    operations: Operations, trimmed: str, tmp_path: Path
) -> None:
    for hours in (5, 3, 2, 1):
        point = f"{at(hours).t}:1"
        planned = operations.plan_restore(trimmed, at=point, target=tmp_path / "restored")
        assert (planned.point is None) == (hours != 1)


def test_a_real_gap_is_none_of_those(
    operations: Operations, daemon: Daemon, metadata: Metadata, trimmed: str
) -> None:
    deployment = metadata.deployments.named(trimmed).id
    metadata.chunks.add(
        OplogChunk(new_id(), deployment, at(-2), at(-4), 1, "k", "ab", 1, 1, None, NOW, True)
    )
    daemon.snapshot(trimmed, at(-3))
    status = operations.backup_status(trimmed)
    assert [gap.trimmed for gap in status.gaps] == [True, True, False]


def test_when_a_person_has_deleted_what_the_window_stood_on_that_is_no_fault(
    operations: Operations, metadata: Metadata, trimmed: str
) -> None:
    newest = operations.snapshots(trimmed)[-1]
    operations.delete_snapshot(newest.id)
    (*_, last) = operations.backup_status(trimmed).gaps
    assert (last.start, last.end, last.trimmed) == (at(3), None, True)


# -- the list


def test_the_list_says_what_keeps_each_and_what_verifications_found(
    operations: Operations, metadata: Metadata, synced: str, taken: str
) -> None:
    metadata.snapshots.set(
        taken, verdict=Verdict.BAD, verified_at=NOW, verdict_text="shop.orders differs"
    )
    old, new = operations.snapshots(synced)
    assert (old.verdict, old.verified_at, old.verdict_text) == (
        "bad", NOW, "shop.orders differs",
    )  # fmt: skip
    assert {"base", "last good"} <= set(new.kept_for)
    assert old.expires_at is not None


# -- what happened to one


def test_what_happened_to_one_snapshot_is_told_newest_first_and_nothing_of_others(
    operations: Operations, metadata: Metadata, taken: str
) -> None:
    deployment = metadata.deployments.named("shop").id
    metadata.events.add(
        Event(
            new_id(),
            NOW,
            "snapshot complete",
            f"snapshot {taken} is complete",
            deployment=deployment,
        )
    )
    operations.hold_snapshot(taken, "audit")
    newer = next(one.id for one in operations.snapshots("shop") if one.id != taken)
    operations.hold_snapshot(newer, "audit")
    operations.release_snapshot(taken)

    told = [event.kind for event in operations.snapshot_events(taken)]
    assert told == ["snapshot released", "snapshot held", "snapshot complete"]
    with pytest.raises(NotFound):
        operations.snapshot_events("no such one")
