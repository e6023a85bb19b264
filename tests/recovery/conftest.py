"""A store filled without a source: snapshots of a folder of files, chunks made by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bson import Int64

from mmsconsole.metadata.collection import Records
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.optime import Optime
from mmsconsole.recovery.backing_up import BackedUp, back_up
from mmsconsole.recovery.rebuilding import Extent, Rebuilding
from mmsconsole.recovery.report import Report
from mmsconsole.stores.oplog.oplog_store import ChunkBody
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.metadata.records import NOW
from tests.support import oplog_entries as made
from tests.support.metadata import empty
from tests.support.snapshots import (
    completed,
    deployment_record,
    files_below,
    half_random,
    snapshot_record,
    write_files,
)

ENGINE = "engine1"
REMEMBERED = ("deployments", "snapshots", "window_ends", "validations", "policies", "restores",
              "events", "groups")  # fmt: skip


def at(seconds: int, term: int = 1) -> Optime:
    return Optime(seconds, 1, term)


def body(start: int, end: int, term: int = 1, start_term: int | None = None) -> ChunkBody:
    """A chunk of one entry a second."""
    entries = [made.noop(second) | {"t": Int64(term)} for second in range(start + 1, end + 1)]
    begin = at(start, term if start_term is None else start_term)
    return ChunkBody(begin, at(end, term), len(entries), [made.array(*entries)], None)


class Stand:
    """One deployment and its store; the metadata can be lost, and made anew."""

    def __init__(self, resources: Resources, folder: Path) -> None:
        self.resources = resources
        self.metadata: Metadata = resources.metadata
        self.storage = resources.storage
        self.folder = folder
        self.deployment = self.metadata.deployments.add(
            replace(deployment_record(), backup=BackupState.STARTED, head="h1")
        )
        self.metadata.policies.change("d1", {"daily": 30}, NOW, "ann")
        self.root = write_files(folder / "head", {"a.wt": half_random(1, 700_000), "empty": b""})

    def snapshot(self, id_: str, seconds: int, **fields: Any) -> Snapshot:
        position = {"optime": at(seconds), "replay_from": at(seconds)}
        snapshot = replace(snapshot_record(id_, NOW), **(position | fields))
        self.metadata.snapshots.add(snapshot)
        blockstore = self.resources.blockstore(self.deployment)
        cut = blockstore.cut(snapshot, self.root, files_below(self.root), None, Task())
        done = completed(snapshot, cut)
        self.metadata.snapshots.put_all([done])
        return done

    def change(self, seed: int) -> None:
        write_files(self.root, {"b.wt": half_random(seed, 300_000)})

    def chunks(self, *bodies: ChunkBody, after_gap: bool = False) -> list[str]:
        put = self.resources.oplog_store.put
        return [put("d1", one, after_gap=after_gap).key for one in bodies]

    def event(self, kind: str, actor: str = "") -> None:
        self.metadata.events.add(
            Event(f"e-{kind}", NOW, kind, f"{kind} of d1", deployment="d1", actor=actor)
        )

    def head(self, **changes: Any) -> Head:
        folder = self.resources.settings.head_folders[0] / "h1"
        head = Head("h1", "d1", str(folder), "6.0.5", "6.0", NOW, SyncPhase.IN_SYNC, at(1), at(1))
        return self.metadata.heads.add(replace(head, **changes))

    def back_up(self, engine: str = ENGINE) -> BackedUp:
        return back_up(self.resources, "default", engine, Task())

    def records(self) -> dict[str, list[Any]]:
        """What must be the same after a rebuild."""
        return {
            name: sorted(records.all(), key=lambda record: record.id)
            for name, records in vars(self.metadata).items()
            if isinstance(records, Records) and name in REMEMBERED
        }

    def places(self) -> dict[bytes, Any]:
        return {bytes(each["_id"]): each for each in self.metadata.blocks.collection.find()}

    def spans(self) -> list[tuple[Optime, Optime, bool]]:
        chunks = self.metadata.chunks.after("d1", Optime(0, 0))
        return [(each.start, each.end, each.after_gap) for each in chunks]

    def lose_metadata(self) -> None:
        empty(self.metadata)

    def rebuild(self, extent: Extent | None = None) -> Report:
        return Rebuilding(self.resources, "default", extent).run(Task())

    def rebuilt(self) -> Report:
        self.lose_metadata()
        return self.rebuild()

    @property
    def found(self) -> Deployment:
        return self.metadata.deployments.get("d1")

    def change_object(self, key: str, change: Callable[[bytearray], Any]) -> None:
        data = bytearray(self.storage.get(key))
        change(data)
        self.storage.put(key, [data])


@pytest.fixture
def stand(resources: Resources, tmp_path: Path) -> Stand:
    return Stand(resources, tmp_path)
