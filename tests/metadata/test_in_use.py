"""Nobody deletes what somebody else reads, whoever is faster."""

from collections.abc import Callable
from typing import Any

import pytest

from mmsconsole.errors import Busy, NotFound, OutsideWindow, Refused
from mmsconsole.metadata import in_use
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.in_use import (
    BEGINNING,
    check_replayable,
    check_stays,
    mark_for_deletion,
    oplog_needed,
    put_back,
    used_by,
)
from mmsconsole.metadata.jobs import JobKind, JobState
from mmsconsole.metadata.restores import UNFINISHED, Restore, RestoreState
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from tests.metadata.records import NOW, chunk, deployment, job

DELETABLE = (SnapshotState.COMPLETE, SnapshotState.FAILED, SnapshotState.INVALID)


def at(seconds: int) -> Optime:
    return Optime(seconds, 1)


def add(metadata: Metadata, id_: str, seconds: int, **changes: Any) -> Snapshot:
    fields = {"state": SnapshotState.COMPLETE, "optime": at(seconds), "head": "h1", **changes}
    return metadata.snapshots.add(Snapshot(id_, "d1", created_at=NOW, **fields))


def add_head(metadata: Metadata, id_: str = "h1", **changes: Any) -> Head:
    fields = {"phase": SyncPhase.IN_SYNC, "optime": at(35), "sync_start": at(5), **changes}
    return metadata.heads.add(Head(id_, "d1", "/h", "6.0.5", "6.0", NOW, **fields))


def add_restore(metadata: Metadata, snapshot: str, **changes: Any) -> Restore:
    return metadata.restores.add(Restore("r1", "d1", snapshot, "/to", NOW, **changes))


@pytest.fixture
def shop(metadata: Metadata) -> Deployment:
    """Snapshots s10 and s20 of head h1, and the oplog from 5 to 40."""
    add(metadata, "s10", 10)
    add(metadata, "s20", 20)
    metadata.chunks.add(chunk(at(5), at(25), after_gap=True))
    metadata.chunks.add(chunk(at(25), at(40)))
    return metadata.deployments.add(deployment(head="h1"))


# -- a snapshot is marked


@pytest.mark.parametrize("state", DELETABLE)
def test_what_nobody_uses_is_marked_with_what_it_was(
    metadata: Metadata, shop: Deployment, state: SnapshotState
) -> None:
    metadata.snapshots.set("s10", state=state)

    marked = mark_for_deletion(metadata, "s10", "too old", "ada")

    assert metadata.snapshots.get("s10") == marked
    assert marked.state is SnapshotState.DELETING
    assert marked.leaving is not None
    assert (marked.leaving.state, marked.leaving.why, marked.leaving.by) == (
        state, "too old", "ada",
    )  # fmt: skip


def test_marked_again_it_stays_as_it_was_marked_first(metadata: Metadata, shop: Deployment) -> None:
    first = mark_for_deletion(metadata, "s10", "too old")
    assert mark_for_deletion(metadata, "s10", "because", "ada") == first


def test_what_is_held_is_not_marked(metadata: Metadata, shop: Deployment) -> None:
    metadata.snapshots.set("s10", hold="audit")
    with pytest.raises(Refused, match="held: audit"):
        mark_for_deletion(metadata, "s10", "too old")
    assert metadata.snapshots.get("s10").state is SnapshotState.COMPLETE


def test_what_is_being_taken_is_not_marked(metadata: Metadata, shop: Deployment) -> None:
    metadata.snapshots.set("s10", state=SnapshotState.RUNNING)
    with pytest.raises(Busy, match="being taken"):
        mark_for_deletion(metadata, "s10", "too old")


def a_restore(metadata: Metadata) -> None:
    add_restore(metadata, "s10")


def a_verification(metadata: Metadata) -> None:
    metadata.jobs.add(job("j1", kind=JobKind.VERIFICATION, subject="s10"))


def a_cut_that_builds_on_it(metadata: Metadata) -> None:
    add(metadata, "s30", 30, state=SnapshotState.RUNNING, previous="s10")


def a_rebuild_from_it(metadata: Metadata) -> None:
    add_head(metadata, "new", phase=SyncPhase.REBUILDING, active=False, rebuilt_from="s10")


def a_rebuild_to_come_from_it_alone(metadata: Metadata) -> None:
    metadata.snapshots.set("s20", state=SnapshotState.INVALID)
    add_head(metadata, phase=SyncPhase.REBUILDING)


USERS = (
    a_restore, a_verification, a_cut_that_builds_on_it, a_rebuild_from_it,
    a_rebuild_to_come_from_it_alone,
)  # fmt: skip


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.__name__)
def test_what_somebody_uses_is_put_back(
    metadata: Metadata, shop: Deployment, user: Callable[[Metadata], None]
) -> None:
    user(metadata)
    before = metadata.snapshots.get("s10")

    with pytest.raises(Busy):
        mark_for_deletion(metadata, "s10", "too old")

    assert metadata.snapshots.get("s10") == before
    assert "s10" in used_by(metadata, "d1")


@pytest.mark.parametrize("state", [RestoreState.DONE, RestoreState.FAILED, RestoreState.CANCELLED])
def test_a_restore_that_has_ended_uses_nothing(
    metadata: Metadata, shop: Deployment, state: RestoreState
) -> None:
    add_restore(metadata, "s10", state=state)
    mark_for_deletion(metadata, "s10", "too old")


def test_a_verification_that_has_ended_uses_nothing(metadata: Metadata, shop: Deployment) -> None:
    a_verification(metadata)
    metadata.jobs.set("j1", state=JobState.DONE)
    mark_for_deletion(metadata, "s10", "too old")


def test_a_cut_that_has_ended_needs_no_other(metadata: Metadata, shop: Deployment) -> None:
    a_cut_that_builds_on_it(metadata)
    metadata.snapshots.set("s30", state=SnapshotState.COMPLETE)
    mark_for_deletion(metadata, "s10", "too old")


def test_a_rebuild_can_do_without_the_worse_ones(metadata: Metadata, shop: Deployment) -> None:
    add_head(metadata, phase=SyncPhase.REBUILDING)
    assert list(used_by(metadata, "d1")) == ["s20"]
    mark_for_deletion(metadata, "s10", "too old")


# -- the two sides at one time: the other one comes in at the worst moment


def before(
    monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, other: Callable[[], None]
) -> None:
    """`other` runs once, right before the first call of that name."""
    real, waiting = getattr(holder, name), [other]

    def call(*arguments: Any, **named: Any) -> Any:
        while waiting:
            waiting.pop()()
        return real(*arguments, **named)

    monkeypatch.setattr(holder, name, call)


@pytest.mark.parametrize("user", USERS[:4], ids=lambda user: user.__name__)
def test_who_begins_between_mark_and_look_is_seen(
    metadata: Metadata, shop: Deployment, user: Callable[[Metadata], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before(monkeypatch, in_use, "check_unused", lambda: user(metadata))

    with pytest.raises(Busy):
        mark_for_deletion(metadata, "s10", "too old")

    assert check_stays(metadata, "s10").state is SnapshotState.COMPLETE


def test_who_begins_behind_the_look_sees_the_mark(metadata: Metadata, shop: Deployment) -> None:
    mark_for_deletion(metadata, "s10", "too old")
    a_restore(metadata)
    with pytest.raises(NotFound, match="being deleted"):
        check_stays(metadata, "s10")


def test_one_that_is_held_before_the_mark_is_written_stays(
    metadata: Metadata, shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold() -> None:
        metadata.snapshots.set("s10", hold="audit")

    before(monkeypatch, in_use, "Leaving", hold)
    with pytest.raises(Busy, match="somebody else"):
        mark_for_deletion(metadata, "s10", "too old")
    assert metadata.snapshots.get("s10").state is SnapshotState.COMPLETE


def test_only_the_own_decision_is_taken_back(metadata: Metadata, shop: Deployment) -> None:
    first = mark_for_deletion(metadata, "s10", "too old")
    put_back(metadata, first)
    second = mark_for_deletion(metadata, "s10", "too old")

    put_back(metadata, first)
    assert metadata.snapshots.get("s10") == second
    assert not metadata.snapshots.remove_leaving(first)
    assert metadata.snapshots.remove_leaving(second)
    assert metadata.snapshots.find("s10") is None


# -- stored oplog


def test_a_head_needs_what_it_would_replay_after_a_power_cut(
    metadata: Metadata, shop: Deployment
) -> None:
    """Its record is ahead of what its files hold; with its last snapshot they held that."""
    add_head(metadata, replay_from=at(34))
    assert oplog_needed(metadata, shop) == [at(20)]


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"replay_from": at(7)}, at(7)),
        ({"parked_at": at(8)}, at(8)),
        ({"optime": at(9), "replay_from": None}, at(9)),
        ({"id_": "h2", "rebuilt_from": "s10"}, at(10)),
        ({"id_": "h2"}, at(5)),
        ({"id_": "h2", "sync_start": None}, BEGINNING),
        ({"phase": SyncPhase.BUILDING}, at(5)),
        ({"phase": SyncPhase.STARTING, "sync_start": None}, BEGINNING),
        ({"phase": SyncPhase.REBUILDING}, BEGINNING),
    ],
)
def test_what_a_head_needs(
    metadata: Metadata, shop: Deployment, changes: dict[str, Any], needed: Optime
) -> None:
    head = add_head(metadata, **changes)
    assert oplog_needed(metadata, metadata.deployments.set("d1", head=head.id)) == [needed]


def test_a_head_that_was_replaced_needs_nothing(metadata: Metadata, shop: Deployment) -> None:
    add_head(metadata, "old", active=False)
    assert oplog_needed(metadata, shop) == []


@pytest.mark.parametrize("state", UNFINISHED)
def test_a_restore_to_a_point_needs_the_oplog_from_its_snapshot_on(
    metadata: Metadata, shop: Deployment, state: RestoreState
) -> None:
    metadata.snapshots.set("s20", replay_from=at(18))
    add_restore(metadata, "s20", point=at(30), state=state)
    assert oplog_needed(metadata, shop) == [at(18)]


def test_a_restore_of_a_snapshot_as_it_is_needs_no_oplog(
    metadata: Metadata, shop: Deployment
) -> None:
    add_restore(metadata, "s10")
    assert oplog_needed(metadata, shop) == []


def test_a_verification_of_a_snapshot_needs_no_oplog(metadata: Metadata, shop: Deployment) -> None:
    a_verification(metadata)
    assert oplog_needed(metadata, shop) == []


@pytest.mark.parametrize(
    ("moment", "base"), [(at(30), "s20"), (at(20), "s10"), (at(15), "s10"), (at(5), None)]
)
def test_a_verification_of_a_moment_needs_the_snapshot_before_it_and_the_oplog_from_there(
    metadata: Metadata, shop: Deployment, moment: Optime, base: str | None
) -> None:
    metadata.witnesses.add(Witness("w1", "d1", "h1", moment, NOW))
    metadata.jobs.add(job("j1", kind=JobKind.VERIFICATION, subject="w1"))
    start = None if base is None else metadata.snapshots.get(base).optime
    assert oplog_needed(metadata, shop) == ([start] if start else [])
    assert list(used_by(metadata, "d1")) == [base or "w1"]


def test_who_wants_to_replay_learns_that_the_oplog_is_given_up(
    metadata: Metadata, shop: Deployment
) -> None:
    old, new = metadata.snapshots.get("s10"), metadata.snapshots.get("s20")
    metadata.deployments.set("d1", oplog_from=at(24))
    check_replayable(metadata, old)  # the chunk up to 25 is still there as a whole

    metadata.deployments.set("d1", oplog_from=at(25))
    for snapshot in (old, new):
        with pytest.raises(OutsideWindow, match="not kept any more"):
            check_replayable(metadata, snapshot)
    check_replayable(metadata, add(metadata, "s25", 25))
