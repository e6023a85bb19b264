"""Restores of the scenes: points, plans, and restores of every kind of target."""

from dataclasses import dataclass, field, replace

from mmsconsole.errors import Busy, OutsideWindow
from mmsconsole.metadata.targets import WHOLE, Selection, Target, TargetKind
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.operations.points import Ago, Before, Latest, parse_point
from mmsconsole.operations.restore_words import what_of, where_to
from mmsconsole.operations.views import (
    RestorePlan,
    RestorePoint,
    RestoreView,
    SnapshotView,
    Window,
)
from mmsconsole.optime import Optime
from mmsconsole.secret import Secret
from tests.support import fake_data as data
from tests.support.fake_data import GB, MB, rfc
from tests.support.fake_snapshots import FakeSnapshots

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


@dataclass
class FakeRestores(FakeSnapshots):
    """The part of FakeOperations that is about them."""

    kept_restores: dict[str, RestoreView] = field(default_factory=dict)
    secrets: list[Secret | None] = field(default_factory=list)
    """That came with plans and starts of restores."""

    # Questions

    def restores(self, name: str | None = None) -> list[RestoreView]:
        self._reach("restores")
        return [each for each in self.kept_restores.values() if name in (None, each.deployment)]

    def restore(self, restore_id: str) -> RestoreView:
        self._reach("restore")
        return self.kept_restores[restore_id]

    # Requests

    def restore_point(self, name: str, *, snapshot: str | None, at: str | None) -> RestorePoint:
        self._ask("restore_point", name, snapshot, at)
        return self._point(name, snapshot, at)

    def plan_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestorePlan:  # fmt: skip
        self._ask("plan_restore", name, snapshot, at, target, selection)
        self.secrets.append(secret)
        return self._plan(name, snapshot, at, target, selection)

    def start_restore(
        self, name: str, *, snapshot: str | None, at: str | None, target: Target,
        selection: Selection, secret: Secret | None,
    ) -> RestoreView:  # fmt: skip
        self._ask("start_restore", name, snapshot, at, target, selection)
        self.secrets.append(secret)
        made = started(self._plan(name, snapshot, at, target, selection), target, selection)
        self.kept_restores = {made.id: made, **self.kept_restores}
        return replace(made, offer=OFFER) if target.kind is TargetKind.LINK else made

    def cancel_restore(self, restore_id: str) -> object:
        self._ask("cancel_restore", restore_id)
        cancelled = replace(self.kept_restores[restore_id], state="cancelled")
        self.kept_restores[restore_id] = cancelled
        return cancelled

    # Inside

    def _plan(
        self, name: str, snapshot: str | None, at: str | None, target: Target, selection: Selection
    ) -> RestorePlan:
        asked = self._point(name, snapshot, at)
        window = self.deployment(name).status.window
        assert window is not None
        base = next(each for each in self.snapshots(name) if each.id == asked.snapshot)
        return plan(asked, base, window, target, selection)

    def _point(self, name: str, snapshot: str | None, at: str | None) -> RestorePoint:
        window = self.deployment(name).status.window
        if window is None:
            raise Busy("nothing can be restored yet")
        complete = [each for each in self.snapshots(name) if each.state == "complete"]
        base = next((each for each in complete if each.id == snapshot), complete[-1])
        moment = None if at is None else _moment(at, window.end)
        if moment is not None and moment.t == window.end.t:
            moment = window.end
        if moment is not None and not window.start <= moment <= window.end:
            raise OutsideWindow(
                f"{at} lies outside of what can be restored",
                hint=f"from {rfc(window.start.time)} to {rfc(window.end.time)}",
            )
        gaps = self.deployment(name).status.gaps
        gap = next((gap for gap in gaps if moment is not None and gap.holds(moment)), None)
        if gap is not None and gap.end is not None:
            nearest = f"{rfc(gap.start.time)} before it and {rfc(gap.end.time)} after it"
            hint = f"the nearest points are {nearest} ({gap.reason})"
            raise OutsideWindow(f"{at} lies in a gap of the window", where=name, hint=hint)
        return point(name, base, moment)


def _moment(at: str, end: Optime) -> Optime:
    asked = parse_point(at)
    if isinstance(asked, Before):
        return asked.entry.before
    assert not isinstance(asked, Ago)
    return end if isinstance(asked, Latest) else asked.end
