"""Restores of the scenes: points, plans, and restores of every kind of target."""

from dataclasses import replace

from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.restore_words import what_of, where_to
from mmsconsole.operations.views import (
    RestorePlan,
    RestorePoint,
    RestoreView,
    SnapshotView,
    Window,
)
from mmsconsole.optime import Optime
from tests.support import fake_data as data
from tests.support.fake_data import GB, MB, rfc

NAMESPACES = ("app.carts", "app.orders", "shop.orders", "shop.sessions")
TOKEN = "Zk3vQ0d9Hq0sVbX1yM7rT5uW8pLcN2fGjA6iE4oRtYs"
URL = f"https://ops1:8080/download/r-new/{TOKEN}/orders-1784199144-4294967295.tar"
OFFER = LinkOffer(
    URL,
    f"curl -fg -k --pinnedpubkey sha256//x0o= -C - -o orders-1784199144-4294967295.tar {URL}",
    f"{URL}.sha256",
    ("the engine listens on this machine alone",),
)
FILES = (TargetKind.FOLDER, TargetKind.TAR, TargetKind.LINK, TargetKind.SSH)


def point(name: str, base: SnapshotView, at: Optime | None) -> RestorePoint:
    assert base.optime is not None
    end = at or base.optime
    words = (
        f"the data of {name} as of {rfc(end.time)}: every write up to and including that second, "
        "and none after it"
    )
    return RestorePoint(name, base.id, end, at is not None, words, NAMESPACES)


def plan(
    point: RestorePoint, base: SnapshotView, window: Window, target: Target, selection: Selection
) -> RestorePlan:
    needed = base.bytes + (84 * MB if point.replayed else 0)
    seeds = frozenset({"db7:27017"}) if target.kind is TargetKind.LIVE else frozenset()
    notes = ["files of MongoDB 6.0.5 with featureCompatibilityVersion 6.0: start a mongod 6.0 on "
             "them"] if target.kind in FILES else []  # fmt: skip
    if target.overwrite:
        notes.append("dropped first: shop.orders (4,812 documents, 3.1 MB)")
    return RestorePlan(
        deployment=point.deployment,
        snapshot=base.id,
        point=point.optime if point.replayed else None,
        in_words=point.in_words,
        target=where_to(target, target.deployment, seeds),
        bytes=base.bytes,
        oplog_bytes=84 * MB if point.replayed else 0,
        free_bytes=412 * GB,
        window=window,
        kind=target.kind.value,
        what=what_of(selection),
        seconds=14.0,
        disk_bytes=needed,
        staging="" if target.kind is TargetKind.FOLDER else "/srv/staging/r-new",
        notes=tuple(notes),
    )


def started(plan: RestorePlan, target: Target, selection: Selection) -> RestoreView:
    return data.restore(
        "r-new", plan.deployment, "queued", plan.point, path=plan.target, kind=target.kind.value,
        what=what_of(selection), where=target, selection=selection,
        link_state="preparing" if target.kind is TargetKind.LINK else "",
    )  # fmt: skip


def done(target: Target, selection: Selection = WHOLE, **more: object) -> RestoreView:
    """One that has ended well."""
    made = next(each for each in data.restores() if each.state == "done")
    path = where_to(target, target.deployment, frozenset({"db7:27017"}))
    return replace(
        made, id=f"r-{target.kind}", path=path, kind=target.kind.value, where=target,
        what=what_of(selection), selection=selection, delivered_bytes=1_100 * MB, **more,
    )  # type: ignore[arg-type]  # fmt: skip


DIFFERENT = (
    "DIFFERENT: 'shop.orders'; somebody else may have written there; dbHash equal for 3 collections"
)
EQUAL = "dbHash equal for 4 collections; UUIDs are new"
TARGETS = {
    TargetKind.FOLDER: Target(TargetKind.FOLDER, path="/srv/restores/orders-before"),
    TargetKind.TAR: Target(TargetKind.TAR, path="/srv/orders.tar.zst", compression="zstd"),
    TargetKind.ARCHIVE: Target(TargetKind.ARCHIVE, path="/srv/o.archive.gz", compression="gzip"),
    TargetKind.DUMP: Target(TargetKind.DUMP, path="/srv/orders-dump"),
    TargetKind.LINK: Target(TargetKind.LINK),
    TargetKind.SSH: Target(TargetKind.SSH, path="/data/db", host="db7", user="mongod"),
    TargetKind.LIVE: Target(TargetKind.LIVE, deployment="catalogue"),
    TargetKind.OPEN: Target(TargetKind.OPEN),
}
