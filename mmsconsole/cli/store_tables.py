"""Answers about stores, for people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mmsconsole.cli.words import position
from mmsconsole.console.present.words import NONE, ago, duration, plural, size
from mmsconsole.operations.check_views import CheckView, FindingView, RemedyView, RepairView
from mmsconsole.operations.store_views import (
    DeploymentSpace,
    GroomPlanView,
    PoolSpace,
    StoreStats,
    StoreView,
)
from mmsconsole.operations.views import CopyView

Pair = tuple[str, str]
FINDINGS_SHOWN = 40
"""Packs and manifests come first; of a store that was lost thousands of chunks would follow."""


def _stats(view: StoreStats, now: datetime) -> list[Pair]:
    pairs = [("store", view.store)]
    if not view.pools:
        return [*pairs, ("", "no figures yet: they are taken by a groom")]
    return [*pairs, *(pair for pool in view.pools for pair in _pool(pool, now))]


def _pool(view: PoolSpace, now: datetime) -> Iterator[Pair]:
    yield "group", view.group
    yield "stored", f"{size(view.stored_bytes)} in {plural(view.packs, 'pack')}"
    yield "living", size(view.living_bytes)
    yield "dead", size(view.dead_bytes)
    yield "saved", f"{size(view.saved_bytes)} of {size(view.raw_bytes)}, {view.ratio:.1f} to 1"
    if view.orphans:
        yield "orphans", f"{plural(view.orphans, 'object')}, {size(view.orphan_bytes)}"
    if view.stored_bytes_before is not None and view.dead_bytes_before is not None:
        before = f"{size(view.stored_bytes_before)} stored, {size(view.dead_bytes_before)} dead"
        yield "before", f"{before}, before the groom {ago(view.groomed_at, now)}"
    yield "looked", ago(view.at, now)


def _plan(view: GroomPlanView, _: datetime) -> list[Pair]:
    return [
        ("store", view.store),
        ("stored", size(view.stored_bytes)),
        ("dead", size(view.dead_bytes)),
        ("would go", plural(view.dead_packs, "pack")),
        ("would be rewritten", f"{plural(view.rewritten_packs, 'pack')}, "
                               f"{size(view.copied_bytes)} copied"),
        ("would be free", size(view.freed_bytes)),
    ]  # fmt: skip


def _check(view: CheckView, now: datetime) -> list[Pair]:
    pairs = [("check", view.id), ("store", view.store)]
    if view.finished_at is None:
        return [*pairs, ("job", view.job or NONE), ("asked for", ago(view.asked_at, now))]
    verdict = "well" if view.good else f"{plural(view.found, 'object')} not as stored"
    read = f"{view.share:.0%} of them read whole ({size(view.bytes_read)})"
    return [
        *pairs,
        ("verdict", verdict),
        ("objects", f"{view.objects:,}, {read}"),
        ("finished", ago(view.finished_at, now)),
        *_next(view),
    ]


def _next(view: CheckView) -> list[Pair]:
    if view.good:
        return []
    shown = min(len(view.findings), FINDINGS_SHOWN)
    left = f"{shown} of {view.found} objects, --json has more" if shown < view.found else ""
    return [
        *([("below", left)] if left else []),
        ("next", f"mmsconsole store repair {view.store} --dry-run"),
    ]


def _repair(view: RepairView, _: datetime) -> list[Pair]:
    pairs = [("store", view.store), ("repair", " ".join(filter(None, (view.state, view.job))))]
    if view.state in ("queued", "leased"):
        return pairs
    planned = "would be repaired" if view.state == "planned" else "repaired"
    pairs += [(planned, plural(view.repaired, "object")), ("left", plural(view.left, "object"))]
    if view.whole_again:
        pairs.append(("whole again", ", ".join(view.whole_again)))
    return pairs


def _remedies(view: RepairView) -> Sequence[RemedyView]:
    return view.objects


def copy_in_words(copy: CopyView) -> str:
    """Where it is, and how far."""
    return f"in {copy.store}, {_how_far(copy)}"


def _copies(view: StoreView) -> str:
    told = {one.deployment: f"{one.deployment} ({_how_far(one)})" for one in view.copy_states}
    return ", ".join(told.get(name, name) for name in view.copies) or NONE


def _how_far(copy: CopyView) -> str:
    if copy.error:
        return "waits"
    if copy.level_at is None:
        return "not all there yet"
    behind = copy.behind_seconds
    return "all there" if not behind else f"{duration(behind)} behind"


def _findings(view: CheckView) -> Sequence[FindingView]:
    return view.findings[:FINDINGS_SHOWN]


def _moments(view: FindingView) -> str:
    if view.after is None or view.until is None:
        return NONE
    ends = "there is none yet" if view.again_from is None else position(view.again_from)
    return (
        f"{view.deployment}: behind {position(view.after)}, up to {position(view.until)} and on to "
        f"the next snapshot: {ends}"
    )


def _shares(view: StoreStats) -> Sequence[DeploymentSpace]:
    return [share for pool in view.pools for share in pool.deployments]


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    StoreStats: _stats,
    GroomPlanView: _plan,
    CheckView: _check,
    RepairView: _repair,
}

BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {
    StoreStats: _shares,
    CheckView: _findings,
    RepairView: _remedies,
}

MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    StoreView: {
        "NAME": lambda view, _: view.name,
        "PLACE": lambda view, _: view.url,
        "STORED": lambda view, _: size(view.stored_bytes) if view.looked_at else NONE,
        "DEAD": lambda view, _: size(view.dead_bytes) if view.looked_at else NONE,
        "FREE": lambda view, _: NONE if view.free_bytes is None else size(view.free_bytes),
        "DEPLOYMENTS": lambda view, _: ", ".join(view.deployments) or NONE,
        "COPIES": lambda view, _: _copies(view),
        "ERROR": lambda view, _: view.error,
    },
    FindingView: {
        "OBJECT": lambda view, _: view.key,
        "FAULT": lambda view, _: f"{view.fault}: {view.said}",
        "SNAPSHOTS": lambda view, _: ", ".join(view.snapshots) or NONE,
        "MOMENTS": lambda view, _: _moments(view),
    },
    RemedyView: {
        "OBJECT": lambda view, _: view.key,
        "FROM": lambda view, _: view.source or NONE,
        "LEFT": lambda view, _: view.left or NONE,
        "SNAPSHOTS": lambda view, _: ", ".join(view.snapshots) or NONE,
    },
    DeploymentSpace: {
        "DEPLOYMENT": lambda view, _: view.deployment,
        "SNAPSHOTS": lambda view, _: str(view.snapshots),
        "FILES": lambda view, _: size(view.raw_bytes),
        "STORED": lambda view, _: size(view.stored_bytes),
        "SAVED": lambda view, _: size(view.saved_bytes),
        "RATIO": lambda view, _: f"{view.ratio:.1f}",
    },
}
