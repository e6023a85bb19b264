"""A head that runs: its position, its files while they stand still, its end."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from mmsconsole.errors import (
    ApplyFailed,
    Cancelled,
    FilesDamaged,
    HeadLost,
    MetadataError,
    MongodFailed,
    OplogError,
)
from mmsconsole.head.files import snapshot_files
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.optime import Optime
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support import oplog_entries as made

Client = MongoClient[dict[str, Any]]
START = Optime(10, 1, 1)


def put_chunk(resources: Resources, start: int, *entries: made.Made) -> Optime:
    """The entries after second `start`; returns the last one's position."""
    last = entries[-1]["ts"].time
    body = ChunkBody(Optime(start, 1, 1), Optime(last, 1, 1), len(entries),
                     [made.array(*entries)], None)  # fmt: skip
    return resources.oplog_store.put("d1", body).end


@pytest.fixture
def kept(resources: Resources, short_folder: Path) -> Iterator[KeptHead]:
    """A fresh head at START, with one collection."""
    path = str(short_folder / "head")
    head = resources.metadata.heads.add(
        Head("h1", "d1", path, "6.0.5", "6.0", datetime(2024, 1, 1, tzinfo=UTC))
    )
    kept = KeptHead.open(resources, head)
    kept.begin_at(START)
    kept.server.make_durable()
    put_chunk(resources, 10, made.create(11), made.insert(12, {"_id": 1}))
    yield kept
    kept.server.kill()


def applied(kept: KeptHead, task: Task | None = None) -> list[Optime]:
    return [position.applied for position in kept.apply_stored(task or Task())]


def documents(kept: KeptHead) -> list[dict[str, Any]]:
    return list(kept.server.client.app.c.find(sort=[("_id", 1)]))


def reopened(resources: Resources, kept: KeptHead) -> KeptHead:
    """As after a crash of everything."""
    kept.server.kill()
    return KeptHead.open(resources, resources.metadata.heads.get("h1"))


def test_what_is_stored_is_applied_chunk_by_chunk(resources: Resources, kept: KeptHead) -> None:
    end = put_chunk(resources, 12, made.insert(13, {"_id": 2}))

    assert applied(kept) == [Optime(12, 1), end]
    assert applied(kept) == []
    assert [d["_id"] for d in documents(kept)] == [1, 2]


def test_people_see_how_far_it_is(resources: Resources, kept: KeptHead) -> None:
    end = put_chunk(resources, 12, made.insert(13, {"_id": 2}))

    applied(kept)

    head = resources.metadata.heads.get("h1")
    assert (head.optime, head.replay_from) == (end, end)
    assert head.applied_at is not None


def test_whoever_leaves_between_two_chunks_comes_back_to_the_next(
    resources: Resources, kept: KeptHead
) -> None:
    put_chunk(resources, 12, made.insert(13, {"_id": 2}))

    for position in kept.apply_stored(Task()):
        assert position.applied == Optime(12, 1)
        break

    assert applied(kept) == [Optime(13, 1)]


def test_a_cancelled_apply_leaves_a_head_that_goes_on(resources: Resources, kept: KeptHead) -> None:
    cancelled = Task()
    cancelled.cancellation.cancel()
    with pytest.raises(Cancelled):
        applied(kept, cancelled)

    applied(kept)

    assert [d["_id"] for d in documents(kept)] == [1]


def test_a_transaction_that_is_open_at_the_end_of_a_chunk_is_put_together(
    resources: Resources, kept: KeptHead
) -> None:
    inner = [made.inner(made.insert(0, {"_id": 7}))]
    first = made.transaction(13, {"applyOps": inner, "partialTxn": True})
    last = made.transaction(14, {"applyOps": [], "count": made.Int64(1)}, previous=13)
    put_chunk(resources, 12, first)
    applied(kept)
    assert [d["_id"] for d in documents(kept)] == [1]
    again = reopened(resources, kept)
    put_chunk(resources, 13, last)

    applied(again)

    assert [d["_id"] for d in documents(again)] == [1, 7]
    again.server.kill()


def test_a_gap_in_the_stored_oplog_is_told(resources: Resources, kept: KeptHead) -> None:
    body = ChunkBody(Optime(90, 1, 1), Optime(91, 1, 1), 1, [made.array(made.noop(91))], None)
    resources.oplog_store.put("d1", body, after_gap=True)

    with pytest.raises(OplogError, match="gap"):
        applied(kept)

    assert [d["_id"] for d in documents(kept)] == [1]


def test_a_mongod_that_dies_is_told_of_and_can_be_opened_anew(
    resources: Resources, kept: KeptHead
) -> None:
    kept.server.process.kill()
    assert not kept.alive
    with pytest.raises(MongodFailed):
        applied(kept)

    again = KeptHead.open(resources, kept.head)
    applied(again)

    assert [d["_id"] for d in documents(again)] == [1]
    again.server.kill()


def test_a_head_without_a_position_is_given_up(resources: Resources, kept: KeptHead) -> None:
    """Somebody has emptied its folder."""
    kept.server.kill()
    shutil.rmtree(kept.head.path)
    again = KeptHead.open(resources, kept.head)

    with pytest.raises(ApplyFailed, match="no position"):
        applied(again)
    again.server.kill()


# -- its files


def copied(kept: KeptHead, to: Path) -> Path:
    root = Path(kept.head.path)
    for name in snapshot_files(root):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, to / name)
    return to


def started(resources: Resources, dbpath: Path) -> MongodProcess:
    folder = dbpath.parent
    options = MongodOptions(
        resources.binaries[0].path, dbpath, Address.unix(folder / "c.sock"), folder / "c.log"
    )
    return MongodProcess.start(options, resources.clock)


def test_frozen_files_hold_the_data_and_nothing_of_ours(
    resources: Resources, kept: KeptHead, short_folder: Path
) -> None:
    applied(kept)
    with kept.frozen() as position:
        copy = copied(kept, short_folder / "copy")

    mongod = started(resources, copy)
    with mongod.client() as client:
        assert [d["_id"] for d in client.app.c.find()] == [1]
        assert client.app.list_collections().next()["info"]["uuid"] == made.UUID
        # What this mongod writes at its own start is all that is there.
        assert client.local.list_collection_names() == ["startup_log"]
        assert client.local.startup_log.count_documents({}) == 1
        assert set(client.list_database_names()) - {"config"} == {"admin", "app", "local"}
    mongod.kill()
    assert position == HeadPosition(Optime(12, 1), Optime(12, 1))


def test_the_files_stand_still_while_they_are_frozen(resources: Resources, kept: KeptHead) -> None:
    applied(kept)
    root = Path(kept.head.path)

    def seen() -> dict[str, tuple[int, int]]:
        return {n: ((root / n).stat().st_size, (root / n).stat().st_mtime_ns)
                for n in snapshot_files(root)}  # fmt: skip

    with kept.frozen():
        before = seen()
        with kept.server.process.client() as other:
            other.admin.command("ping")
        assert seen() == before


def test_a_thawed_head_goes_on_from_where_it_was(resources: Resources, kept: KeptHead) -> None:
    applied(kept)
    with kept.frozen():
        pass
    end = put_chunk(resources, 12, made.insert(13, {"_id": 2}))

    assert applied(kept) == [end]
    assert kept.position() == HeadPosition(end, end)
    assert resources.metadata.heads.get("h1").parked_at is None


def test_a_crash_while_frozen_loses_nothing(resources: Resources, kept: KeptHead) -> None:
    """The position is in the record alone then."""
    applied(kept)
    with pytest.raises(MongodFailed), kept.frozen() as position:
        kept.server.process.kill()
    assert resources.metadata.heads.get("h1").parked_at == position.applied

    again = KeptHead.open(resources, resources.metadata.heads.get("h1"))

    assert again.position() == position
    assert resources.metadata.heads.get("h1").parked_at is None
    put_chunk(resources, 12, made.insert(13, {"_id": 2}))
    applied(again)
    assert [d["_id"] for d in documents(again)] == [1, 2]
    again.server.kill()


def test_a_crash_after_the_position_was_put_back_takes_the_heads_own(
    resources: Resources, kept: KeptHead
) -> None:
    applied(kept)
    kept.server.make_durable()
    resources.metadata.heads.set("h1", parked_at=START, replay_from=START)

    again = reopened(resources, kept)

    assert again.position() == HeadPosition(Optime(12, 1), Optime(12, 1))
    assert resources.metadata.heads.get("h1").parked_at is None
    again.server.kill()


def test_a_metadata_database_that_goes_away_while_frozen_costs_no_head(
    resources: Resources, kept: KeptHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(kept)

    def away(*args: object, **changes: object) -> None:
        raise MetadataError("the metadata database does not answer")

    with pytest.raises(MetadataError), kept.frozen() as position:
        monkeypatch.setattr(resources.metadata.heads, "set", away)
    monkeypatch.undo()

    assert kept.position() == position
    again = reopened(resources, kept)
    assert again.position() == position
    again.server.kill()


def test_a_kill_right_after_a_snapshot_finds_the_position_in_the_head(
    resources: Resources, kept: KeptHead
) -> None:
    """The record has let go of it: mongod's journal, 0.1 s behind, would not be enough."""
    applied(kept)
    with kept.frozen() as position:
        pass

    again = reopened(resources, kept)

    assert again.position() == position
    again.server.kill()


def test_a_head_in_the_middle_of_a_batch_is_not_frozen(
    resources: Resources, kept: KeptHead
) -> None:
    applied(kept)
    kept.server.client.local.mmsconsole.update_one(
        {}, {"$set": {"applying_until": {"t": 99, "i": 1, "term": 1}}}
    )
    with pytest.raises(ApplyFailed, match="middle of a batch"), kept.frozen():
        pass


def test_what_is_opened_is_closed_and_leaves_no_process(
    resources: Resources, kept: KeptHead
) -> None:
    pid = kept.server.process.pid

    kept.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert kept.server.process.exit_code == 0


def test_a_head_that_can_not_be_opened_leaves_no_process(
    resources: Resources, kept: KeptHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.close()
    resources.metadata.heads.remove("h1")
    pids: list[int] = []
    start = MongodProcess.start

    def noted(*args: Any, **options: Any) -> MongodProcess:
        pids.append((process := start(*args, **options)).pid)
        return process

    monkeypatch.setattr(MongodProcess, "start", noted)
    with pytest.raises(Exception, match="no head"):
        KeptHead.open(resources, kept.head)

    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_the_position_keeps_its_term(resources: Resources, kept: KeptHead) -> None:
    position = kept.position()
    assert position is not None
    assert position.applied.same_entry(START)


# -- heads that are lost


@pytest.mark.parametrize("made", [True, False])
def test_a_head_in_sync_without_files_is_lost_and_no_empty_one_begins(
    resources: Resources, short_folder: Path, made: bool
) -> None:
    """Even where its record still tells of a position, as after a crash during a snapshot."""
    path = short_folder / "head"
    if made:
        path.mkdir()
    head = Head(
        "h1", "d1", str(path), "6.0.5", "6.0", datetime(2024, 1, 1, tzinfo=UTC),
        phase=SyncPhase.IN_SYNC, parked_at=START,
    )  # fmt: skip
    resources.metadata.heads.add(head)
    with pytest.raises(HeadLost, match="folder or its files are missing"):
        KeptHead.open(resources, head)

    assert not made or list(path.iterdir()) == []


def test_a_head_in_sync_that_has_no_position_is_lost(resources: Resources, kept: KeptHead) -> None:
    kept.server.client.drop_database("local")
    kept.close()
    head = resources.metadata.heads.set("h1", phase=SyncPhase.IN_SYNC)
    with pytest.raises(HeadLost, match="position"):
        KeptHead.open(resources, head)


def test_a_head_that_dies_of_its_files_says_so(resources: Resources, kept: KeptHead) -> None:
    """mongod starts on them, and ends when it reads the place."""
    kept.server.client.app.big.insert_many([{"s": "x" * 1000} for _ in range(500)])
    kept.close()
    largest = max(Path(kept.head.path).glob("collection-*"), key=lambda one: one.stat().st_size)
    largest.write_bytes(bytes(byte ^ 0xFF for byte in largest.read_bytes()))
    again = KeptHead.open(resources, kept.head)

    with pytest.raises(FilesDamaged), again.server.errors():
        list(again.server.client.app.big.find())
    assert not again.alive
