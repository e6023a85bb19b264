"""Which snapshots a head can be rebuilt from."""

from collections.abc import Collection

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.oplog_front import oplog_front
from mmsconsole.metadata.snapshots import Snapshot, Verdict


def bases(metadata: Metadata, deployment: str, without: Collection[str] = ()) -> list[Snapshot]:
    """Good snapshots from which the stored oplog goes on without a gap to its end.

    The best first: the newest one without doubt; those in doubt come last. One that was verified
    bad is none: a head made of it would be as wrong. `without`: ids of some that are not wanted.
    """
    gaps = [chunk.start for chunk in metadata.chunks.gaps(deployment)]
    front = oplog_front(metadata, deployment)
    good = [
        snapshot
        for snapshot in reversed(list(metadata.snapshots.complete(deployment)))
        if snapshot.id not in without
        and snapshot.verdict is not Verdict.BAD
        and snapshot.optime is not None
        and snapshot.replay_start is not None
        and not any(gap > snapshot.replay_start for gap in gaps)
        and (front is None or front <= snapshot.replay_start)
        and metadata.window_ends.after(deployment, snapshot.optime) is None
    ]
    return sorted(good, key=lambda snapshot: bool(snapshot.doubt))
