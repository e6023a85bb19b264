"""How long one snapshot is kept, where a person decides: held, released, expired, deleted."""

from datetime import datetime

from mmsconsole.errors import Busy, Refused, UsageError
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.facts import retention_now
from mmsconsole.metadata.in_use import NOT_HELD, check_deletable, mark_for_deletion
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.snapshots import show
from mmsconsole.operations.views import SnapshotView

REASON_MAX = 200
NOT_DELETING = {"$ne": SnapshotState.DELETING.value}
POLICY = "as the policy says"


def hold(desk: Desk, id_: str, reason: str) -> SnapshotView:
    """It neither expires nor is deleted until it is released. A second reason takes the place of
    the first.
    """
    check_reason(reason)
    snapshot, deployment = _found(desk, id_)
    held = desk.metadata.snapshots.set_where({"_id": id_, "state": NOT_DELETING}, hold=reason)
    if held is None:
        raise _deleting(id_)
    desk.event(
        "snapshot held", f"snapshot {id_} is held: {reason}", deployment, snapshot=id_,
        before=_hold(snapshot), after=_hold(held),
    )  # fmt: skip
    return show(desk, id_)


def check_reason(reason: str) -> None:
    """Raises UsageError."""
    if not reason.strip() or len(reason) > REASON_MAX or not reason.isprintable():
        raise UsageError(
            f"a reason is 1 to {REASON_MAX} characters in one line", where=repr(reason[:REASON_MAX])
        )


def release(desk: Desk, id_: str) -> SnapshotView:
    """From now on it is kept as long as its own date or the policy says. One that is not held
    stays as it is.
    """
    snapshot, deployment = _found(desk, id_)
    released = desk.metadata.snapshots.set_where(
        {"_id": id_, "state": NOT_DELETING, "hold": {"$nin": [None, ""]}}, hold=""
    )
    if released is not None:
        desk.event(
            "snapshot released", f"snapshot {id_} is not held any more", deployment, snapshot=id_,
            before=_hold(snapshot), after=_hold(released),
        )  # fmt: skip
    return show(desk, id_)


def expire(desk: Desk, id_: str, at: datetime | None) -> SnapshotView:
    """Give it a date of its own, whatever the policy says; None: now.

    The daemon then deletes it, unless it is the last good one, or somebody or the oplog window
    needs it: then it goes when that is over. Refused for one that is held.
    """
    now = desk.clock.now()
    if at is not None and (at.tzinfo is None or at <= now):
        raise UsageError(
            "the date has to lie ahead, with its time zone", where=str(at),
            hint="without a date it expires now",
        )  # fmt: skip
    snapshot, deployment = _found(desk, id_)
    if at is None:
        check_deletable(snapshot)
    expires_at = at or retention_now(desk.metadata, deployment.id, now)
    changed = desk.metadata.snapshots.set_where(
        {"_id": id_, "state": NOT_DELETING, "hold": NOT_HELD}, expires_at=expires_at
    )
    if changed is None:
        raise _why_not(desk, id_)
    when = "now" if at is None else f"at {_date(at)}"
    desk.event(
        "snapshot expiry", f"snapshot {id_} is to expire {when}", deployment, snapshot=id_,
        before=_date(snapshot.expires_at), after=_date(expires_at),
    )  # fmt: skip
    return show(desk, id_)


def delete(desk: Desk, id_: str) -> SnapshotView:
    """Nobody may begin to use it from now on; the daemon removes it. Returns it as it was.

    Refused while something works with it, and for one that is held.
    """
    snapshot, deployment = _found(desk, id_)
    view = show(desk, id_)
    if snapshot.state is not SnapshotState.DELETING:
        mark_for_deletion(desk.metadata, id_, f"{desk.actor.name} asked for it", desk.actor.name)
        desk.event(
            "snapshot deleted", f"snapshot {id_} was deleted", deployment, snapshot=id_,
            before=snapshot.state.value, after=SnapshotState.DELETING.value,
        )  # fmt: skip
    return view


def _found(desk: Desk, id_: str) -> tuple[Snapshot, Deployment]:
    snapshot = desk.metadata.snapshots.get(id_)
    return snapshot, desk.metadata.deployments.get(snapshot.deployment)


def _why_not(desk: Desk, id_: str) -> Refused:
    try:
        check_deletable(desk.metadata.snapshots.get(id_))
    except Refused as error:
        return error
    return _deleting(id_)


def _deleting(id_: str) -> Busy:
    return Busy("the snapshot is being deleted", where=id_)


def _hold(snapshot: Snapshot) -> str:
    return f"held: {snapshot.hold}" if snapshot.hold else "not held"


def _date(at: datetime | None) -> str:
    return POLICY if at is None else at.isoformat(timespec="seconds")
