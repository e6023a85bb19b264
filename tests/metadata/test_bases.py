"""Which snapshots a head can be rebuilt from: good ones, from which the oplog goes on."""

from typing import Any

import pytest

from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from tests.metadata.records import NOW, chunk, deployment


def add(metadata: Metadata, id_: str, seconds: int, **changes: Any) -> None:
    fields = {"state": SnapshotState.COMPLETE, "optime": Optime(seconds, 1), **changes}
    metadata.snapshots.add(Snapshot(id_, "d1", "h1", NOW, **fields))


@pytest.fixture
def stored(metadata: Metadata) -> Metadata:
    """Snapshots at 10, 20 and 30, and the oplog from 5 to 40."""
    for seconds in (10, 20, 30):
        add(metadata, f"s{seconds}", seconds)
    metadata.chunks.add(chunk(Optime(5, 1), Optime(25, 1), after_gap=True))
    metadata.chunks.add(chunk(Optime(25, 1), Optime(40, 1)))
    return metadata


def found(metadata: Metadata, *without: str) -> list[str]:
    return [snapshot.id for snapshot in bases(metadata, "d1", without)]


def test_the_newest_is_the_best(stored: Metadata) -> None:
    assert found(stored) == ["s30", "s20", "s10"]


def test_one_in_doubt_comes_behind_the_others(stored: Metadata) -> None:
    stored.snapshots.set("s30", doubt="its head was found damaged")
    assert found(stored) == ["s20", "s10", "s30"]


def test_one_that_was_verified_bad_is_no_base(stored: Metadata) -> None:
    for id_ in ("s10", "s20"):
        stored.snapshots.set(id_, doubt="its head was found damaged")
    stored.snapshots.set("s30", verdict=Verdict.BAD)
    assert found(stored) == ["s20", "s10"]


def test_some_can_be_left_out(stored: Metadata) -> None:
    assert found(stored, "s30", "s10") == ["s20"]


@pytest.mark.parametrize(
    "state", [SnapshotState.INVALID, SnapshotState.FAILED, SnapshotState.RUNNING]
)
def test_only_complete_ones_are_good(stored: Metadata, state: SnapshotState) -> None:
    stored.snapshots.set("s20", state=state)
    assert found(stored) == ["s30", "s10"]


def test_those_before_a_gap_do_not_reach_the_end(stored: Metadata) -> None:
    stored.chunks.add(chunk(Optime(50, 1), Optime(60, 1), after_gap=True))
    assert found(stored) == []
    add(stored, "s55", 55)
    assert found(stored) == ["s55"]


def test_the_replay_begins_where_the_oldest_transaction_did(stored: Metadata) -> None:
    stored.chunks.add(chunk(Optime(50, 1), Optime(60, 1), after_gap=True))
    add(stored, "s55", 55, replay_from=Optime(49, 1))
    assert found(stored) == []


def test_those_before_an_entry_that_no_head_can_follow_do_not_either(stored: Metadata) -> None:
    stored.window_ends.add(WindowEnd("w1", "d1", Optime(22, 3), "the version changes", NOW))
    assert found(stored) == ["s30"]


def test_those_of_other_deployments_do_not_count(stored: Metadata) -> None:
    assert bases(stored, "d2") == []


def test_those_whose_oplog_is_given_up_are_no_bases(stored: Metadata) -> None:
    stored.deployments.add(deployment(oplog_from=Optime(24, 1)))
    assert found(stored) == ["s30", "s20", "s10"], "the chunk up to 25 stays as a whole"
    stored.deployments.set("d1", oplog_from=Optime(25, 1))
    assert found(stored) == ["s30"]
