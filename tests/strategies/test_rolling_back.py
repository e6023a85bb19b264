"""What a rollback of the source takes back, step by step and again after a crash."""

from typing import Any

import pytest

from mmsconsole.errors import StorageError
from mmsconsole.metadata.collection import Query
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.in_use import mark_for_deletion, put_back
from mmsconsole.metadata.links import Link, LinkState
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.rolling_back import RollBack
from tests.support import oplog_entries as made
from tests.support.snapshots import deployment_record, snapshot_record

COMMON = Optime(12, 1, 1)
REASON = "the source was rolled back"


def store(resources: Resources, *seconds: int) -> None:
    """A chunk with one entry at each second, behind what is stored."""
    last = resources.metadata.chunks.last("d1")
    start = Optime(seconds[0] - 1, 1, 1) if last is None else last.end
    arrays = [made.array(*(made.noop(each) for each in seconds))]
    body = ChunkBody(start, Optime(seconds[-1], 1, 1), len(seconds), list(arrays), None)
    resources.oplog_store.put("d1", body)


@pytest.fixture
def stored(resources: Resources) -> Resources:
    """Entries from 10 to 16 in two chunks, snapshots at 11 and 14, a window's end at 15."""
    resources.metadata.deployments.add(deployment_record("d1"))
    store(resources, 10, 11, 12, 13)
    store(resources, 14, 15, 16)
    for seconds in (11, 14):
        record = snapshot_record(f"s{seconds}")
        resources.metadata.snapshots.add(record)
        resources.metadata.snapshots.set(
            record.id, state=SnapshotState.COMPLETE, optime=Optime(seconds, 1)
        )
    now = resources.clock.now()
    resources.metadata.window_ends.add(WindowEnd("w", "d1", Optime(15, 1), "x", now))
    return resources


def head(resources: Resources, phase: SyncPhase) -> Head:
    record = Head("h1", "d1", "/h1", "6.0.5", "6.0", resources.clock.now(), phase=phase)
    return resources.metadata.heads.add(record)


def roll_back(resources: Resources, head: Head | None = None, **options: Any) -> None:
    RollBack(resources, "d1", COMMON, REASON).run(head, **{"beyond": False, **options})


def state_of(resources: Resources, id_: str) -> tuple[str, str]:
    snapshot = resources.metadata.snapshots.get(id_)
    return snapshot.state.value, snapshot.reason


def test_what_holds_nothing_of_it_stays_and_what_does_is_marked(stored: Resources) -> None:
    roll_back(stored)

    assert state_of(stored, "s11") == ("complete", "")
    assert state_of(stored, "s14") == ("invalid", REASON)
    assert list(stored.metadata.window_ends.of("d1")) == []
    last = stored.metadata.chunks.last("d1")
    assert last is not None
    assert last.end == COMMON


def test_one_that_is_being_deleted_is_invalid_too_when_it_is_put_back(stored: Resources) -> None:
    """Somebody had begun to use it just before it was marked."""
    metadata = stored.metadata
    marked = mark_for_deletion(metadata, "s14", "asked for")

    roll_back(stored)

    assert metadata.snapshots.get("s14").state is SnapshotState.DELETING
    put_back(metadata, marked)
    assert state_of(stored, "s14") == ("invalid", REASON)


@pytest.mark.parametrize("then", ["deleting", "complete"])
def test_one_that_changes_while_it_is_looked_at_is_invalid_too(
    stored: Resources, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    snapshots = stored.metadata.snapshots
    real, marked = snapshots.set_where, []

    def changed_before(query: Query, **changes: object) -> object:
        if not marked and changes.get("reason") == REASON:
            marked.append(mark_for_deletion(stored.metadata, "s14", "asked for"))
            if then == "complete":
                put_back(stored.metadata, marked[0])
        return real(query, **changes)

    monkeypatch.setattr(snapshots, "set_where", changed_before)
    roll_back(stored)
    put_back(stored.metadata, snapshots.get("s14"))

    assert marked
    assert state_of(stored, "s14") == ("invalid", REASON)


def test_what_a_head_said_of_the_history_taken_back_is_forgotten(stored: Resources) -> None:
    witnesses, now = stored.metadata.witnesses, stored.clock.now()
    for seconds in (11, 12, 14):
        witnesses.add(Witness(f"w{seconds}", "d1", "h1", Optime(seconds, 1), now))

    roll_back(stored)

    assert [one.id for one in witnesses.of("d1")] == ["w11", "w12"]


def test_people_learn_what_is_lost(stored: Resources) -> None:
    roll_back(stored)

    (told,) = stored.metadata.events.recent("d1")
    assert (told.kind, told.severity.value) == ("rolled back", "error")
    assert told.text == (
        "the source was rolled back. 4 stored entries after 12:1 up to 16:1 are given up; "
        "invalid snapshots: s14"
    )


def test_what_was_restored_of_it_is_named_and_its_links_end(stored: Resources) -> None:
    now = stored.clock.now()
    before, behind = Optime(12, 1), Optime(13, 1)
    for id_, state, optime, point in (
        ("good", RestoreState.DONE, before, None),
        ("done", RestoreState.DONE, behind, behind),
        ("shaped", RestoreState.SHAPING, None, behind),
        ("failed", RestoreState.FAILED, behind, behind),
    ):
        stored.metadata.restores.add(
            Restore(
                id_, "d1", "s11", "a download link", now, state=state, optime=optime, point=point,
                where=Target(TargetKind.LINK),
            )
        )  # fmt: skip
        stored.metadata.links.add(
            Link(id_, "d1", "00", "shop.tar", now, 1, state=LinkState.READY, files="/staged")
        )
    roll_back(stored)

    (told,) = stored.metadata.events.recent("d1")
    assert told.text.endswith("; restores that hold some of them: done, shaped")
    ended = {link.id: link.reason for link in stored.metadata.links.all({"state": "failed"})}
    assert ended == {"done": REASON, "shaped": REASON}


@pytest.mark.parametrize(
    ("phase", "beyond", "then", "active"),
    [
        (SyncPhase.IN_SYNC, False, SyncPhase.IN_SYNC, True),
        (SyncPhase.IN_SYNC, True, SyncPhase.REBUILDING, True),
        (SyncPhase.TRANSFERRING, False, SyncPhase.TRANSFERRING, False),
        (SyncPhase.CREATING_INDEXES, False, SyncPhase.CREATING_INDEXES, False),
        (SyncPhase.REBUILDING, False, SyncPhase.REBUILDING, True),
        (SyncPhase.ENDED, False, SyncPhase.ENDED, True),
    ],
)
def test_what_becomes_of_the_head(
    stored: Resources, phase: SyncPhase, beyond: bool, then: SyncPhase, active: bool
) -> None:
    roll_back(stored, head(stored, phase), beyond=beyond)

    found = stored.metadata.heads.get("h1")
    assert (found.phase, found.active) == (then, active)


def test_the_oplog_is_cut_last_so_that_a_crash_before_leaves_the_rollback_to_be_found(
    stored: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageError("the disk is away")

    record = head(stored, SyncPhase.IN_SYNC)
    monkeypatch.setattr(stored.oplog_store, "cut_back", away)
    with pytest.raises(StorageError):
        roll_back(stored, record, beyond=True)
    monkeypatch.undo()

    assert state_of(stored, "s14") == ("invalid", REASON)
    assert stored.metadata.heads.get("h1").phase is SyncPhase.REBUILDING
    roll_back(stored, stored.metadata.heads.get("h1"))
    last = stored.metadata.chunks.last("d1")
    assert last is not None
    assert last.end == COMMON
