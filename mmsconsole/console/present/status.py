"""Marks: what state something is in, as a sign, a word and a tone, never a colour alone."""

from dataclasses import dataclass

from mmsconsole.agent.tail_warnings import OPLOG, SOURCE, Level
from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.present.progress import share
from mmsconsole.console.present.text import Line, Span, Tone
from mmsconsole.console.present.words import clock, duration, moment, sentence
from mmsconsole.metadata.deployments import BackupState, DeploymentKind
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.metadata.jobs import JobState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.operations.views import (
    COPY,
    STORE,
    BackupStatus,
    CopyView,
    DeploymentView,
    JobView,
    RestoreView,
    SnapshotView,
    TailView,
    WarningView,
)
from mmsconsole.verification.warning import VERIFICATION

LAGGING_SECONDS = 60
ONLY_MONITORED = "only monitored"
"""Of a deployment that can not be backed up."""
NOTHING_YET = "nothing can be restored until it is done"
LOST = "The stored oplog no longer reaches the source's."

SHORT_PHASES = {
    SyncPhase.FETCHING_MISSING.value: "fetching missing",
    SyncPhase.COMPARING.value: "comparing",
    "": "starting",
}


@dataclass(frozen=True, slots=True)
class Mark:
    sign: str
    word: str
    tone: Tone

    @property
    def line(self) -> Line:
        return (Span(f"{self.sign} {self.word}", self.tone),)


def backup_mark(status: BackupStatus, glyphs: Glyphs) -> Mark:
    if status.state == BackupState.RESYNC_REQUIRED:
        return Mark(glyphs.bad, "resync required", Tone.BAD)
    if status.state == BackupState.STOPPED:
        return Mark(glyphs.off, "stopped", Tone.DIM)
    if status.state == BackupState.INACTIVE:
        return Mark(glyphs.todo, "not backed up", Tone.DIM)
    if unreachable(status):
        return Mark(glyphs.bad, "unreachable", Tone.BAD)
    if status.tail is not None and status.tail.unstored:
        return Mark(glyphs.bad, "not stored", Tone.BAD)
    if status.tail is not None and status.tail.error:
        return Mark(glyphs.warn, "nothing comes", Tone.WARN)
    if status.phase != SyncPhase.IN_SYNC:
        return Mark(glyphs.busy, _phase_word(status), Tone.BUSY)
    if (warned := _warned(status, glyphs)) is not None:
        return warned
    if lagging(status):
        return Mark(glyphs.warn, "lagging", Tone.WARN)
    return Mark(glyphs.good, "in sync", Tone.GOOD)


def deployment_mark(view: DeploymentView, glyphs: Glyphs) -> Mark:
    """That of its backup, where it can have one."""
    if view.kind == DeploymentKind.STANDALONE:
        return Mark(glyphs.off, ONLY_MONITORED, Tone.DIM)
    return backup_mark(view.status, glyphs)


WARNED = {
    STORE: "store damaged", VERIFICATION: "verified bad", COPY: "copy waits",
}  # fmt: skip


def _warned(status: BackupStatus, glyphs: Glyphs) -> Mark | None:
    """The state of a backup that goes on, but of which something has to be told."""
    if (warning := worst(status)) is not None:
        if warning.level == Level.CRITICAL:
            return Mark(glyphs.bad, "resync is near", Tone.BAD)
        return Mark(glyphs.warn, "oplog warning", Tone.WARN)
    found = beside_oplog(status)
    if not found:
        return None
    worst_ = next((one for one in found if one.level == Level.CRITICAL), found[0])
    if worst_.level == Level.CRITICAL:
        return Mark(glyphs.bad, WARNED.get(worst_.kind, worst_.kind), Tone.BAD)
    word = "not verified" if worst_.kind == VERIFICATION else WARNED.get(worst_.kind, worst_.kind)
    return Mark(glyphs.warn, word, Tone.WARN)


def beside_oplog(status: BackupStatus) -> list[WarningView]:
    """Warnings of what is stored: how the source is read is told by tail and oplog window."""
    return [warning for warning in status.warnings if warning.kind not in (OPLOG, SOURCE)]


def unreachable(status: BackupStatus) -> bool:
    """With a member named the source is read, and has nothing that may be taken."""
    tail = status.tail
    return tail is not None and bool(tail.error) and not (tail.member or tail.unstored)


def worst(status: BackupStatus) -> WarningView | None:
    """Of the oplog window: how the source is read is told by the tail itself."""
    found = [warning for warning in status.warnings if warning.kind == OPLOG]
    return found[0] if found else None


def _trouble(status: BackupStatus, tail: TailView) -> str:
    """What is wrong, since when, and for how long that does no harm."""
    since = "" if tail.since is None else f" Since {moment(tail.since)}."
    warning = worst(status)
    harm = "It goes on by itself." if warning is None else sentence(warning.text)
    return f"{sentence(tail.error)}{since} {harm}"


def lagging(status: BackupStatus) -> bool:
    lag = lag_of(status)
    return lag is not None and lag > LAGGING_SECONDS


def lag_of(status: BackupStatus) -> int | None:
    return status.head.lag_seconds if status.head else None


def lag_line(status: BackupStatus) -> Line:
    """How far the head is behind; meaningful only while a backup runs."""
    lag = lag_of(status)
    if lag is None or status.state != BackupState.STARTED or status.phase != SyncPhase.IN_SYNC:
        return (Span("-", Tone.DIM),)
    return (Span(duration(lag), Tone.WARN if lag > LAGGING_SECONDS else Tone.TEXT),)


def _phase_word(status: BackupStatus) -> str:
    word = SHORT_PHASES.get(status.phase, status.phase)
    current = next((p for p in status.progress if p.phase == status.phase), None)
    done = None if current is None else share(current)
    return word if done is None else f"{word} {done:.0%}"


def backup_sentence(status: BackupStatus, start_key: str) -> str:
    """What the state means and what to do about it. `start_key` starts a backup."""
    if status.state == BackupState.RESYNC_REQUIRED:
        return (  # what to do comes first: a long reason is cut
            f"Press {start_key} to start a new initial sync; older snapshots stay. "
            f"{sentence(status.reason) or LOST}"
        )
    if status.state == BackupState.STOPPED:
        return f"Stopped. What is stored can be restored; press {start_key} to go on."
    if status.state == BackupState.INACTIVE:
        return f"Press {start_key} to start its backup: an initial sync copies all of it."
    if status.tail is not None and status.tail.error:
        return _trouble(status, status.tail)
    if status.reason:
        return sentence(status.reason)
    if status.phase != SyncPhase.IN_SYNC:
        later = "what was stored before can be restored" if status.window else NOTHING_YET
        return f"An initial sync is under way; {later}."
    if (warning := worst(status)) is not None:
        return sentence(warning.text)
    if lagging(status):
        return f"The head is {duration(lag_of(status) or 0)} behind the source."
    end = status.window.end if status.window else None
    return f"Kept up to and including {clock(end.time, end.time)}." if end else "In sync."


def snapshot_mark(snapshot: SnapshotView, glyphs: Glyphs) -> Mark:
    if snapshot.verdict == Verdict.BAD and snapshot.state == SnapshotState.COMPLETE:
        return Mark(glyphs.bad, "bad", Tone.BAD)
    if snapshot.doubt and snapshot.state == SnapshotState.COMPLETE:
        return Mark(glyphs.warn, "in doubt", Tone.WARN)
    return {
        SnapshotState.COMPLETE.value: Mark(glyphs.good, "complete", Tone.GOOD),
        SnapshotState.RUNNING.value: Mark(glyphs.busy, "running", Tone.BUSY),
        SnapshotState.FAILED.value: Mark(glyphs.bad, "failed", Tone.BAD),
        SnapshotState.INVALID.value: Mark(glyphs.bad, "invalid", Tone.BAD),
        SnapshotState.DELETING.value: Mark(glyphs.mark_leaving, "deleting", Tone.DIM),
    }.get(snapshot.state, Mark(glyphs.off, snapshot.state, Tone.DIM))


def job_mark(job: JobView, glyphs: Glyphs) -> Mark:
    if job.cancel_requested and job.state in (JobState.LEASED, JobState.QUEUED):
        return Mark(glyphs.busy, "cancelling", Tone.WARN)
    if job.state == JobState.QUEUED and job.attempts:
        return Mark(glyphs.warn, "will try again", Tone.WARN)
    return {
        JobState.QUEUED.value: Mark(glyphs.off, "queued", Tone.TEXT),
        JobState.LEASED.value: Mark(glyphs.busy, "running", Tone.BUSY),
        JobState.DONE.value: Mark(glyphs.done, "done", Tone.GOOD),
        JobState.FAILED.value: Mark(glyphs.bad, "failed", Tone.BAD),
        JobState.CANCELLED.value: Mark(glyphs.off, "cancelled", Tone.DIM),
    }.get(job.state, Mark(glyphs.off, job.state, Tone.DIM))


def restore_mark(restore: RestoreView, glyphs: Glyphs) -> Mark:
    return {
        RestoreState.QUEUED.value: Mark(glyphs.off, "queued", Tone.TEXT),
        RestoreState.DONE.value: Mark(glyphs.done, "done", Tone.GOOD),
        RestoreState.FAILED.value: Mark(glyphs.bad, "failed", Tone.BAD),
        RestoreState.CANCELLED.value: Mark(glyphs.off, "cancelled", Tone.DIM),
    }.get(restore.state, Mark(glyphs.busy, restore.state, Tone.BUSY))


def severity_mark(severity: str, glyphs: Glyphs) -> Mark:
    return {
        Severity.WARNING.value: Mark(glyphs.warn, "warning", Tone.WARN),
        Severity.ERROR.value: Mark(glyphs.bad, "error", Tone.BAD),
    }.get(severity, Mark(glyphs.dot, "info", Tone.DIM))


COPY_BEHIND_SECONDS = 60
"""A copy is made every few seconds: one that is farther behind is worth a look."""


def copy_mark(copy: CopyView, glyphs: Glyphs) -> Mark:
    if copy.error:
        return Mark(glyphs.warn, "waits", Tone.WARN)
    if copy.level_at is None:
        return Mark(glyphs.busy, "being made", Tone.BUSY)
    behind = copy.behind_seconds
    if behind is not None and behind > COPY_BEHIND_SECONDS:
        return Mark(glyphs.warn, f"{duration(behind)} behind", Tone.WARN)
    return Mark(glyphs.good, "level", Tone.GOOD)
