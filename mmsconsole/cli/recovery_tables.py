"""Stores for people: what one holds, what a rebuild found, what was restored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mmsconsole.cli.words import position, progress_line
from mmsconsole.console.present.words import NONE, ago, plural, size
from mmsconsole.operations.recovery_views import (
    StoreContents,
    StoredDeployment,
    StoreRebuildView,
    StoreRestored,
)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One thing of a deployment that can be restored, or can not."""

    deployment: str
    what: str
    start: str
    end: str
    note: str = ""


def contents_pairs(view: StoreContents, _: datetime) -> list[Pair]:
    found = plural(len(view.deployments), "deployment")
    return [("store", view.url), ("holds", found), *(("note", told) for told in view.told)]


def contents_rows(view: StoreContents) -> Sequence[StoredRow]:
    return [row for deployment in view.deployments for row in _rows(deployment)]


def _rows(deployment: StoredDeployment) -> list[StoredRow]:
    name = deployment.name
    rows = [
        StoredRow(name, f"snapshot {one.id}", position(one.optime), "", _snapshot_note(one))
        for one in deployment.snapshots
    ]
    rows += [
        StoredRow(name, "every moment", position(window.start), position(window.end))
        for window in deployment.windows
    ]
    rows += [
        StoredRow(name, "gap", position(gap.start), position(gap.end), gap.reason)
        for gap in deployment.gaps
    ]
    return rows or [StoredRow(name, "nothing yet", NONE, NONE)]


def _snapshot_note(snapshot: Any) -> str:
    notes = [size(snapshot.bytes), f"mongod {snapshot.mongod_version}"]
    if snapshot.hold:
        notes.append(f"held: {snapshot.hold}")
    if snapshot.doubt:
        notes.append(f"in doubt: {snapshot.doubt}")
    return ", ".join(notes)


def rebuild_pairs(view: StoreRebuildView, _: datetime) -> list[Pair]:
    pairs = [("store", view.store), ("rebuild", view.job.state), ("job", view.job.id)]
    if view.job.error is not None:
        pairs.append(("error", view.job.error.message))
    done = view.job.state == "done"
    if done:
        found = f", {view.found} of them in no catalogue" if view.found else ""
        pairs += [
            ("deployments", ", ".join(view.deployments) or NONE),
            ("snapshots", f"{view.snapshots}{found}"),
            ("oplog", plural(view.chunks, "chunk")),
            ("blocks", f"{view.blocks} in {plural(view.packs, 'pack')}"),
        ]
    pairs += [("note", told) for told in view.told]
    running = () if done else view.job.progress
    return pairs + [("", progress_line(progress)) for progress in running]


def restored_pairs(view: StoreRestored, now: datetime) -> list[Pair]:
    return [
        ("deployment", view.deployment),
        ("path", view.path),
        ("snapshot", view.snapshot),
        ("restored to", position(view.optime)),
        ("size", size(view.bytes)),
        ("done", ago(view.finished_at, now)),
    ]


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    StoreContents: contents_pairs,
    StoreRebuildView: rebuild_pairs,
    StoreRestored: restored_pairs,
}
BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {StoreContents: contents_rows}
MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    StoredRow: {
        "DEPLOYMENT": lambda row, _: row.deployment,
        "WHAT": lambda row, _: row.what,
        "FROM": lambda row, _: row.start,
        "UNTIL": lambda row, _: row.end,
        "": lambda row, _: row.note,
    },
}
