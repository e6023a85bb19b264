"""Attempts at a snapshot of a head that stands still, without a mongod."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from mmsconsole.errors import LeaseLost, StorageError
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.blocks import Blocks
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies import snapshotting
from mmsconsole.strategies.snapshotting import build_on, full_read_due, take_snapshot
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.snapshots import (
    LATER,
    contents,
    deployment_record,
    half_random,
    manifest_of,
    restored,
    snapshot_record,
    write_files,
)

POSITION = HeadPosition(Optime(1_700_000_100, 1, 3), Optime(1_700_000_090, 1, 3))


@dataclass
class StillHead:
    """Files, and the position that they are at."""

    head: Head

    @contextmanager
    def frozen(self) -> Iterator[HeadPosition]:
        yield POSITION


@pytest.fixture
def still(resources: Resources, tmp_path: Path) -> StillHead:
    """The head of the deployment d1, in sync."""
    files = {"a.wt": half_random(1, 9000), "db/b.wt": half_random(2, 5000)}
    root = write_files(tmp_path / "head", files)
    now = datetime(2024, 1, 1, tzinfo=UTC)
    metadata = resources.metadata
    metadata.deployments.add(deployment_record("d1"))
    head = Head("h1", "d1", str(root), "6.0.5", "6.0", now, phase=SyncPhase.IN_SYNC)
    return StillHead(metadata.heads.add(head))


def attempt(
    resources: Resources, still: StillHead, id_: str = "s1", created_at: datetime = LATER
) -> Snapshot:
    """At a snapshot, which is asked for unless it is there."""
    snapshots = resources.metadata.snapshots
    record = snapshots.find(id_) or snapshots.add(snapshot_record(id_, created_at))
    return take_snapshot(resources, cast(KeptHead, still), record, Task())


def test_an_attempt_and_the_epoch_are_written_before_anything_is_looked_up(
    resources: Resources, still: StillHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Snapshot] = []
    places = Blocks.places

    def recorded(self: Blocks, *arguments: Any) -> object:
        seen.append(resources.metadata.snapshots.get("s1"))
        return places(self, *arguments)

    monkeypatch.setattr(Blocks, "places", recorded)
    resources.metadata.pools.ensure("default", "default")
    epoch = resources.metadata.pools.bump("default")
    finished = attempt(resources, still)

    assert seen
    assert {(each.attempt, each.epoch) for each in seen} == {(finished.attempt, epoch)}
    assert finished.attempt
    assert finished.optime == POSITION.applied


def disturb(resources: Resources, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Something happens to the snapshot's record while its head is cut."""
    files = snapshotting.snapshot_files

    def change(root: Path) -> list[str]:
        resources.metadata.snapshots.set("s1", **changes)
        return files(root)

    monkeypatch.setattr(snapshotting, "snapshot_files", change)


@pytest.mark.parametrize(
    "changes",
    [{"attempt": ""}, {"attempt": "another"}, {"state": SnapshotState.FAILED}],
    ids=["called off", "another attempt", "given up"],
)
def test_a_cut_that_is_not_the_attempt_any_more_can_not_complete_the_snapshot(
    resources: Resources, still: StillHead, monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
) -> None:  # fmt: skip
    disturb(resources, monkeypatch, **changes)

    with pytest.raises(LeaseLost):
        attempt(resources, still)

    found = resources.metadata.snapshots.get("s1")
    assert found.state is changes.get("state", SnapshotState.RUNNING)
    assert found.manifest_key == ""


def test_one_that_is_called_off_after_its_manifest_was_written_down_is_not_completed(
    resources: Resources, still: StillHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = snapshotting._tell

    def call_off(*arguments: Any) -> None:
        resources.metadata.snapshots.set("s1", attempt="")
        tell(*arguments)

    monkeypatch.setattr(snapshotting, "_tell", call_off)
    with pytest.raises(LeaseLost):
        attempt(resources, still)

    assert resources.metadata.snapshots.get("s1").state is SnapshotState.RUNNING


def test_a_second_try_is_a_new_attempt(
    resources: Resources, still: StillHead, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = cast(FaultyStorage, resources.storage)
    storage.fail("put")
    with pytest.raises(StorageError):
        attempt(resources, still)
    first = resources.metadata.snapshots.get("s1")

    second = attempt(resources, still)

    assert first.attempt not in ("", second.attempt)
    assert second.state is SnapshotState.COMPLETE
    blockstore = resources.blockstore(resources.metadata.deployments.get("d1"))
    assert restored(blockstore, second, tmp_path / "out") == contents(Path(still.head.path))


def test_a_snapshot_that_is_not_running_is_not_begun(
    resources: Resources, still: StillHead
) -> None:
    resources.metadata.snapshots.add(snapshot_record("s1"))
    resources.metadata.snapshots.set("s1", state=SnapshotState.DELETING)

    with pytest.raises(LeaseLost):
        attempt(resources, still)

    assert list(resources.storage.list("")) == []


def test_the_snapshot_that_it_builds_on_is_written_down_and_stays(
    resources: Resources, still: StillHead
) -> None:
    """One that is being deleted is passed over, also when that begins in the middle."""
    snapshots = resources.metadata.snapshots
    for id_ in ("s1", "s2"):
        attempt(resources, still, id_)
    third = attempt(resources, still, "s3")
    assert third.previous == "s2"

    find = snapshots.find

    def deleted_meanwhile(id_: str) -> Snapshot | None:
        if id_ == "s3":
            snapshots.set("s3", state=SnapshotState.DELETING)
        return find(id_)

    snapshots.find = deleted_meanwhile  # type: ignore[method-assign]
    try:
        found = build_on(resources.metadata, snapshots.add(snapshot_record("s4")))
    finally:
        del snapshots.find  # type: ignore[method-assign]

    built_on = {one.id: one.previous for one in snapshots.of("d1")}
    assert found is not None
    assert found.id == built_on["s4"]
    assert found.state is SnapshotState.COMPLETE


NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read_at", "days", "due"),
    [
        (None, 7, True),
        (NOW - timedelta(days=7), 7, True),
        (NOW - timedelta(days=6, hours=23), 7, False),
        (NOW, 7, False),
        (NOW + timedelta(seconds=1), 7, True),
        (NOW, 0, True),
    ],
    ids=["never", "a week ago", "not quite", "just now", "in the future", "every time"],
)
def test_a_full_read_is_due(read_at: datetime | None, days: int, due: bool) -> None:
    previous = replace(snapshot_record("s1"), full_read_at=read_at)

    assert full_read_due(NOW, previous, days) is due
    assert full_read_due(NOW, None, days)


def test_what_was_read_whole_is_remembered_until_it_is_again(
    resources: Resources, still: StillHead
) -> None:
    times = [LATER + timedelta(days=days) for days in (0, 1, 6, 7, 8)]

    taken = [attempt(resources, still, f"s{day}", at) for day, at in enumerate(times)]

    assert [one.full_read_at for one in taken] == [
        times[0], times[0], times[0], times[3], times[3],
    ]  # fmt: skip


def rot(path: Path) -> None:
    """Other bytes, the same times: as a disk does it, or a clock that was set back."""
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    found = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def test_bytes_that_changed_under_times_that_did_not_are_found_by_a_full_read_and_told(
    resources: Resources, still: StillHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(still.head.path)
    attempt(resources, still, "s1")
    monkeypatch.setattr(
        "mmsconsole.stores.blocks.planning.is_untouched", lambda before, now: bool(before)
    )
    rot(root / "db/b.wt")

    untouched = attempt(resources, still, "s2", LATER + timedelta(days=1))
    assert not list(resources.metadata.events.all({"kind": "files damaged"}))
    full = attempt(resources, still, "s3", LATER + timedelta(days=7))

    (told,) = resources.metadata.events.all({"kind": "files damaged"})
    assert told.severity is Severity.ERROR
    assert "db/b.wt" in told.text
    assert "a.wt" not in told.text.replace("db/b.wt", "")
    storage = resources.storage
    before, after = manifest_of(storage, untouched), manifest_of(storage, full)
    assert list(before.records(0, 2)) != list(after.records(0, 2))
