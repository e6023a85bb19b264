"""Who uses a snapshot, and who needs stored oplog: nobody deletes what another one reads.

Whoever begins to use something writes that down first (a restore, a job, the record of a head, a
cut), and then looks whether it is being deleted. Whoever deletes marks that first, and then looks
for users. So at least one of both sees the other, whoever was faster.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mmsconsole.errors import Busy, NotFound, Refused
from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.heads import SYNC_PHASES, Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.oplog_front import check_oplog_kept
from mmsconsole.metadata.restores import UNFINISHED
from mmsconsole.metadata.snapshots import Leaving, Snapshot, SnapshotState, Verdict
from mmsconsole.optime import Optime

BEGINNING = Optime(0, 0)
"""All of the stored oplog is needed."""
NOT_HELD = {"$in": [None, ""]}
OPEN = {"$in": list(UNFINISHED)}
WAIT = "wait until that is done"


class Use(NamedTuple):
    snapshot: str
    what: str
    """A sentence: "restore 0a1b reads it"."""
    hint: str


# -- who deletes a snapshot


def mark_for_deletion(metadata: Metadata, id_: str, why: str, by: str = "") -> Snapshot:
    """From now on nobody begins to use it; the daemon removes it.

    Raises NotFound; Refused where it is held; Busy where it is being taken, or somebody uses it:
    it then is what it was.
    """
    snapshot = metadata.snapshots.get(id_)
    if snapshot.state is SnapshotState.DELETING:
        return snapshot
    check_deletable(snapshot)
    leaving = Leaving(new_id(), snapshot.state, why, by)
    marked = metadata.snapshots.set_where(
        {"_id": id_, "state": snapshot.state.value, "hold": NOT_HELD},
        state=SnapshotState.DELETING, leaving=leaving,
    )  # fmt: skip
    if marked is None:
        raise Busy("somebody else is changing this snapshot", where=id_, hint="try again")
    check_unused(metadata, marked)
    return marked


def check_deletable(snapshot: Snapshot) -> None:
    """By its own record. Raises Refused, Busy."""
    if snapshot.hold:
        raise Refused(
            f"the snapshot is held: {snapshot.hold}", where=snapshot.id,
            hint=f"release it first: mmsconsole snapshot release {snapshot.id}",
        )  # fmt: skip
    if snapshot.state is SnapshotState.RUNNING:
        raise Busy("the snapshot is being taken", where=snapshot.id, hint="cancel its job instead")


def check_unused(metadata: Metadata, marked: Snapshot) -> None:
    """Puts a snapshot that is marked back to what it was, and raises Busy, if somebody uses it."""
    found = uses(metadata, marked.deployment)
    use = next((one for one in found if one.snapshot == marked.id), None)
    if use is not None:
        put_back(metadata, marked)
        raise Busy(use.what, where=marked.id, hint=use.hint)


def put_back(metadata: Metadata, marked: Snapshot) -> None:
    """To what it was, or has become meanwhile: a rollback may have made it invalid. Unless another
    decision was made.
    """
    seen: Snapshot | None = marked
    while seen is not None and (leaving := _same_leaving(seen, marked)) is not None:
        as_seen = {
            "_id": marked.id, "state": SnapshotState.DELETING.value, "leaving.id": leaving.id,
            "leaving.state": leaving.state.value,
        }  # fmt: skip
        if metadata.snapshots.set_where(as_seen, state=leaving.state, leaving=None) is not None:
            return
        seen = metadata.snapshots.find(marked.id)


def _same_leaving(seen: Snapshot, marked: Snapshot) -> Leaving | None:
    """None where what was decided is not in force any more."""
    now, then = seen.leaving, marked.leaving
    if seen.state is not SnapshotState.DELETING or now is None or then is None:
        return None
    return now if now.id == then.id else None


def uses(metadata: Metadata, deployment: str) -> Iterator[Use]:
    """Of all snapshots of a deployment."""
    for restore in metadata.restores.all({"deployment": deployment, "state": OPEN}):
        hint = f"wait for it, or cancel it: mmsconsole restore cancel {restore.id}"
        yield Use(restore.snapshot, f"restore {restore.id} reads it", hint)
    for link in metadata.links.open(deployment):
        if link.snapshot:
            hint = f"wait until it has expired, or revoke it: mmsconsole link revoke {link.id}"
            yield Use(link.snapshot, f"link {link.id} is downloaded from it", hint)
    for job in metadata.jobs.open(deployment, JobKind.VERIFICATION):
        base = _base_of_moment(metadata, job)
        verified = job.subject if base is None else base.id
        yield Use(verified, f"job {job.id} verifies it", f"wait for job {job.id}, or cancel it")
    for cut in metadata.snapshots.all({"deployment": deployment, "state": SnapshotState.RUNNING}):
        if cut.previous:
            yield Use(cut.previous, f"snapshot {cut.id}, which is being taken, builds on it", WAIT)
    yield from _of_rebuilds(metadata, deployment)


def _of_rebuilds(metadata: Metadata, deployment: str) -> Iterator[Use]:
    """Of the snapshot that a head is made of, and of the one that it could be made of at best."""
    heads = metadata.heads.all({"deployment": deployment, "phase": SyncPhase.REBUILDING})
    for head in list(heads):
        if not head.active:
            yield Use(head.rebuilt_from, "the head is being rebuilt from it", WAIT)
        elif best := next(iter(bases(metadata, deployment, without=head.unfit)), None):
            yield Use(best.id, "the head is to be rebuilt from it", WAIT)
        else:  # one that is marked is no base, but may be the only one
            for marked in metadata.snapshots.deleting(deployment):
                yield Use(marked.id, "the head is to be rebuilt, from it alone", WAIT)


def used_by(metadata: Metadata, deployment: str) -> dict[str, str]:
    """What uses each snapshot, in words, by its id."""
    return {use.snapshot: use.what for use in uses(metadata, deployment)}


# -- who begins to use a snapshot, or stored oplog


def check_stays(metadata: Metadata, snapshot_id: str) -> Snapshot:
    """For who has just written down that it uses the snapshot. Raises NotFound."""
    found = metadata.snapshots.find(snapshot_id)
    if found is None or found.state is SnapshotState.DELETING:
        raise NotFound("the snapshot is being deleted", where=snapshot_id, hint="choose another")
    return found


def check_replayable(metadata: Metadata, snapshot: Snapshot) -> None:
    """The same, where stored oplog is to be replayed on top. Raises NotFound, OutsideWindow."""
    check_stays(metadata, snapshot.id)
    assert snapshot.replay_start is not None, "it is complete"
    check_oplog_kept(metadata, snapshot.deployment, snapshot.replay_start)


# -- who gives up stored oplog


def oplog_needed(metadata: Metadata, deployment: Deployment) -> list[Optime]:
    """Positions behind which somebody who works just now needs the stored oplog.

    What is kept for people to choose from is the policy's to know.
    """
    return [
        *_of_heads(metadata, deployment),
        *_of_restores(metadata, deployment),
        *_of_verifications(metadata, deployment),
    ]


def _of_heads(metadata: Metadata, deployment: Deployment) -> Iterator[Optime]:
    for head in metadata.heads.of(deployment.id):
        if head.phase is SyncPhase.REBUILDING:
            yield BEGINNING  # from whichever snapshot can be used
        elif head.id == deployment.head and head.phase in SYNC_PHASES:
            yield head.sync_start or BEGINNING
        elif head.id == deployment.head:
            yield _of_head(metadata, head)


def _of_head(metadata: Metadata, head: Head) -> Optime:
    """Its record may be a little ahead of what its files would hold after a power cut. When a
    snapshot of it was taken, or it was rebuilt from one, they held that durably.
    """
    known = (head.replay_from, head.optime, head.parked_at)
    return min([_durable(metadata, head), *(position for position in known if position)])


def _durable(metadata: Metadata, head: Head) -> Optime:
    complete = list(metadata.snapshots.complete(head.deployment))
    own = [one for one in complete if head.id == one.head or one.id == head.rebuilt_from]
    newest = own[-1].replay_start if own else None
    return newest or head.sync_start or BEGINNING


def _of_restores(metadata: Metadata, deployment: Deployment) -> Iterator[Optime]:
    query = {"deployment": deployment.id, "state": OPEN, "point": {"$ne": None}}
    for restore in metadata.restores.all(query):
        yield _start_of(metadata, restore.snapshot)


def _of_verifications(metadata: Metadata, deployment: Deployment) -> Iterator[Optime]:
    """Of moments: a snapshot is verified as it is."""
    for job in metadata.jobs.open(deployment.id, JobKind.VERIFICATION):
        base = _base_of_moment(metadata, job)
        if base is not None:
            yield base.replay_start or BEGINNING


def _base_of_moment(metadata: Metadata, job: Job) -> Snapshot | None:
    """The snapshot that a verification replays oplog on; None where it verifies a snapshot."""
    witness = metadata.witnesses.find(job.subject)
    if witness is None:
        return None
    good = [
        one
        for one in metadata.snapshots.complete(job.deployment)
        if one.optime is not None and one.optime < witness.optime
        and not one.doubt and one.verdict is not Verdict.BAD
    ]  # fmt: skip
    return good[-1] if good else None


def _start_of(metadata: Metadata, snapshot_id: str) -> Optime:
    snapshot = metadata.snapshots.find(snapshot_id)
    start = None if snapshot is None else snapshot.replay_start
    return start or BEGINNING
