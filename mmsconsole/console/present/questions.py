"""What the console says before it does something that can not be taken back."""

from mmsconsole.console.present.words import plural, size
from mmsconsole.metadata.jobs import MAKING_HEADS
from mmsconsole.operations.views import JobView, Removal, RestoreView

STOP_TEXT = (
    "From then on its changes are not kept. What is stored stays and can be restored.",
    "When the source's oplog has moved on before it is started again, a new initial sync is "
    "needed.",
)
VALIDATE_TEXT = (
    "Every block and every index of the head is read. For seconds at a time, longer for a large "
    "collection, the head stands still; the oplog goes on being stored.",
    "When something is wrong, the head is rebuilt, and the snapshots since the last good "
    "validation are in doubt.",
)
REBUILD_TEXT = (
    "It is made anew from the newest good snapshot and the stored oplog; the source is not read. "
    "Until the new one is there no snapshot is taken.",
    "The oplog goes on being stored, and everything that can be restored now stays so.",
)


def removal_text(removal: Removal) -> tuple[str, ...]:
    deleted = (
        f"{plural(removal.snapshots, 'snapshot')} ({size(removal.snapshot_bytes)}), "
        f"{size(removal.chunk_bytes)} of stored oplog and {plural(len(removal.heads), 'head')} "
        "are deleted. Nothing of it can be restored afterwards."
    )
    restores: tuple[str, ...] = ()
    if removal.restores_open:
        restores = (f"{plural(removal.restores_open, 'restore')} under way will be cancelled.",)
    return (deleted, *restores, "The source itself is not touched.")


def deletion_text(at: str, deployment: str) -> tuple[str, ...]:
    return (
        f"The snapshot of {at} of {deployment} can not be restored any more. Times after it are "
        "then restored from the snapshot before it, as far as the stored oplog reaches from there.",
    )


def cancel_job_text(job: JobView) -> tuple[str, ...]:
    text = "It stops at its next step, and what it has written is taken away."
    if job.kind in MAKING_HEADS:
        return ("It stops at its next step, and the backup is stopped with it.",)
    return (text,)


def cancel_restore_text(restore: RestoreView) -> tuple[str, ...]:
    return (f"It stops at its next step, and what it wrote to {restore.path} is taken away.",)
