"""What the console says before it does something that can not be taken back."""

from mmsconsole.console.expiry import FORMS, Expiry
from mmsconsole.console.present.words import plural, sentence, size
from mmsconsole.errors import UsageError
from mmsconsole.metadata.jobs import MAKING_HEADS, JobKind
from mmsconsole.operations.check_views import RepairView
from mmsconsole.operations.expiry import check_reason
from mmsconsole.operations.link_views import LinkView
from mmsconsole.operations.opening_views import OpeningView
from mmsconsole.operations.store_views import GroomPlanView
from mmsconsole.operations.views import JobView, Removal, RestorePlan, RestoreView, SnapshotView
from mmsconsole.policy.fates import Reason

LEAVING_NOTHING = (JobKind.GROOM, JobKind.CHECK, JobKind.VERIFICATION, JobKind.CATALOGUE)

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


def deletion_text(snapshot: SnapshotView, at: str) -> tuple[str, ...]:
    gone = (
        f"The snapshot of {at} of {snapshot.deployment} can not be restored any more. Times after "
        "it are then restored from the snapshot before it, as far as the stored oplog reaches from "
        "there."
    )
    return (gone, *_needed(snapshot))


def _needed(snapshot: SnapshotView) -> tuple[str, ...]:
    if Reason.LAST_GOOD in snapshot.kept_for:
        return ("It is the newest good one that there is.",)
    if Reason.OPLOG_WINDOW in snapshot.kept_for:
        return ("The oplog window stands on it.",)
    return ()


HOLD_TEXT = (
    "It neither expires nor is deleted until it is released.",
    "Why? One line, for who wonders later:",
)
EXPIRE_FORMS = f"When? {FORMS}:"


def hold_complaint(reason: str) -> str:
    """Why it is no reason; empty: it is one."""
    try:
        check_reason(reason)
    except UsageError as error:
        return error.what
    return ""


def release_text(snapshot: SnapshotView) -> tuple[str, ...]:
    """What becomes of it then."""
    others = [reason for reason in snapshot.kept_for if reason != Reason.HELD]
    held = f"It is held: {snapshot.hold}."
    if others:
        return (held, f"Without that it is kept for {', '.join(others)}, and expires after that.")
    return (held, "Nothing else keeps it: the engine deletes it at its next look.")


def expiry_text(snapshot: SnapshotView) -> tuple[str, ...]:
    kept = ", ".join(snapshot.kept_for) or "nothing"
    return (
        f"It is kept for {kept} now. With a date of its own the days, weeks, months and years of "
        "the policy count no longer for it.",
        EXPIRE_FORMS,
    )


def expires_text(at: str, expiry: Expiry) -> tuple[str, ...]:
    """What follows from the date that was typed."""
    stays = (
        "As long as it is the last good one, somebody works with it, or the oplog window stands on "
        "it, it stays all the same."
    )
    if expiry.at is None:
        return (f"The engine deletes the snapshot of {at} at its next look.", stays)
    return (f"Then the engine deletes the snapshot of {at}.", stays)


def cancel_job_text(job: JobView) -> tuple[str, ...]:
    if job.kind in MAKING_HEADS:
        return ("It stops at its next step, and the backup is stopped with it.",)
    if job.kind in LEAVING_NOTHING:
        return ("It stops at its next step. What it did so far stays done; nothing is lost by it.",)
    return ("It stops at its next step, and what it has written is taken away.",)


def groom_text(plan: GroomPlanView) -> tuple[str, ...]:
    """What a groom would do now: the dry run in words."""
    if not plan.dead_packs and not plan.rewritten_packs:
        worth = f", but {size(plan.dead_bytes)} that are not worth it" if plan.dead_bytes else ""
        return (f"There is nothing to give back now{worth}. It still looks for what was left over "
                "by work that was broken off.",)  # fmt: skip
    rewritten = (
        f"{plural(plan.rewritten_packs, 'pack')} are written anew, {size(plan.copied_bytes)} are "
        "copied for that"
    )
    return (
        f"Of {size(plan.stored_bytes)} no snapshot needs {size(plan.dead_bytes)}. "
        f"{plural(plan.dead_packs, 'pack')} go whole; {rewritten}.",
        f"{size(plan.freed_bytes)} are free afterwards. Snapshots and restores go on meanwhile.",
    )


def repair_text(plan: RepairView) -> tuple[str, ...]:
    """What a repair would do: the dry run in words."""
    told = f"{plural(plan.repaired, 'object')} can be taken again."
    if plan.left:
        told += f" {plural(plan.left, 'object')} can not, or not wholly."
    return (told,)


CHECK_TEXT = (
    "That every object is there, with its size, and is what it says, is looked at always. Reading "
    "objects whole finds every byte that is wrong, and takes as long as it takes to read them.",
    "How many percent shall be read whole, 0 to 100?",
)
PERCENT_MAX = 100


def share_of(text: str) -> float:
    """Percent as typed, as a share of 1. Raises UsageError."""
    try:
        percent = float(text.removesuffix("%"))
    except ValueError as error:
        raise UsageError("not a number", where=text) from error
    if not 0 <= percent <= PERCENT_MAX:
        raise UsageError(f"a share is 0 to {PERCENT_MAX} percent", where=text)
    return percent / PERCENT_MAX


def share_complaint(text: str) -> str:
    try:
        share_of(text)
    except UsageError as error:
        return error.what
    return ""


def cancel_restore_text(restore: RestoreView) -> tuple[str, ...]:
    return (f"It stops at its next step, and what it wrote to {restore.path} is taken away.",)


OPEN_TEXT = (
    "Its files are made in a folder of the engine, and a mongod that nobody can write to runs on "
    "them, on this machine alone.",
    "For how many hours?",
)
EXTEND_TEXT = ("For how many hours from now on?",)
POINT_TEXT = (
    "A time with its zone (2026-01-31T12:00:00Z), SECONDS:INCREMENT, 15m ago or latest: included. "
    "Or before:SECONDS:INCREMENT, which leaves that entry out.",
)
MOMENT_TEXT = ("A time with its zone (2026-01-31T12:00:00Z), or 15m ago, 2h ago, 3d ago.",)
CSV_TEXT = (
    "A row for each point of each line that is drawn: time, member, value, least, greatest. The "
    "file is written on this machine.",
    "To which file?",
)
SEED_NAME_TEXT = (
    "A new replica set begins with the files of this restore. Nothing is done now: you are shown "
    "the commands.",
    "What is it to be called?",
)
SEED_MEMBERS_TEXT = (
    "Its members, as HOST:PORT with blanks between them. The first one has the restored files; "
    "the others are empty, and copy the data from it.",
)


def close_text(opening: OpeningView) -> tuple[str, ...]:
    return (
        f"Its mongod ends, also for who is connected to it, and {size(opening.bytes)} of files are "
        "removed. The backup keeps everything.",
    )


def revoke_text(link: LinkView) -> tuple[str, ...]:
    return (
        f"{link.name} can not be downloaded by it any more; a download that runs is broken off. "
        "The backup keeps everything.",
    )


def live_text(plan: RestorePlan, *, overwrites: bool) -> tuple[str, ...]:
    """Before something is written into what runs."""
    drops = " What is there of the same names is DROPPED first." if overwrites else ""
    told = f"This writes into {plan.target} while it runs: {plan.what}.{drops}"
    return (told, *map(sentence, plan.notes[:2]))
