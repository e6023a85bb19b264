"""What the records of the backups show. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime

from mmsconsole.agent.tail_warnings import SILENT_SECONDS, facts_of, said, silence
from mmsconsole.alerts import conditions as names
from mmsconsole.alerts.facts import DeploymentFacts, Facts
from mmsconsole.alerts.finding import NOT_SO, SO, Finding, moment
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.policy.policy import Verify
from mmsconsole.policy.verifying import period_of

NEVER = Verify.NEVER.value


def backup_agent_down(facts: Facts) -> Iterator[Finding]:
    for one in _started(facts):
        tail = one.tail
        if tail is None:
            continue
        if tail.error:
            since = tail.since or tail.seen_at
            what = silence(tail.member, unstored=tail.unstored)
            text = f"{what} since {moment(since)}: {tail.error}"
        else:
            since = tail.seen_at
            text = f"its tail has said nothing since {moment(since)}"
        age = facts.age(since)
        wrong = bool(tail.error) or age >= SILENT_SECONDS
        value, text = (age / 60, text) if wrong else (0.0, "its oplog is read")
        yield Finding(names.BACKUP_AGENT_DOWN, "", value, text, one.id)


def backup_oplog_behind(facts: Facts) -> Iterator[Finding]:
    for one in _started(facts):
        known = None if one.tail is None else facts_of(one.tail, facts.now)
        if known is not None:
            text = f"the stored oplog is {said(known.behind_seconds)} behind its source"
            minutes = known.behind_seconds / 60
            yield Finding(names.BACKUP_OPLOG_BEHIND, "", minutes, text, one.id)


def resync_near(facts: Facts) -> Iterator[Finding]:
    """An oplog that is not full yet drops nothing."""
    for one in _started(facts):
        known = None if one.tail is None else facts_of(one.tail, facts.now)
        if known is None:
            continue
        share = 100.0 * known.behind_seconds / max(known.window_seconds, 1)
        text = (
            f"the stored oplog is {said(known.behind_seconds)} behind, of the "
            f"{said(known.window_seconds)} that the source's oplog holds"
        )
        yield Finding(names.RESYNC_NEAR, "", share if known.full else 0.0, text, one.id)


def resync_required(facts: Facts) -> Iterator[Finding]:
    for one in facts.deployments:
        lost = one.deployment.backup is BackupState.RESYNC_REQUIRED
        text = one.deployment.reason if lost else "no resync is required"
        yield Finding(names.RESYNC_REQUIRED, "", SO if lost else NOT_SO, text, one.id)


def snapshot_late(facts: Facts) -> Iterator[Finding]:
    """Snapshots go by the time of the stored oplog: of a source that is away none is late."""
    for one in _started(facts):
        seconds, since = one.policy.interval_minutes * 60, _last_snapshot_at(one)
        if not one.in_sync or not seconds or since is None:
            continue
        age = facts.age(since)
        if not _is_read(facts, one):
            text = "its source is not read, and no snapshot is due"
            yield Finding(names.SNAPSHOT_LATE, "", None, text, one.id)
            continue
        text = f"the newest snapshot is {said(age)} old; one is due every {said(seconds)}"
        if one.snapshots is None or one.snapshots.complete_at is None:
            text = f"there is no snapshot yet, {said(age)} after the initial sync read its source"
        value = min(age, seconds) if _is_planned(facts, one) else age
        yield Finding(names.SNAPSHOT_LATE, "", value / seconds, text, one.id)


def _last_snapshot_at(one: DeploymentFacts) -> datetime | None:
    """Of the newest complete one; before the first one, when there could have been one."""
    if one.snapshots is not None and one.snapshots.complete_at is not None:
        return one.snapshots.complete_at
    end = None if one.head is None else one.head.sync_end
    return None if end is None or _is_taken(one) else end.time


def _is_planned(facts: Facts, one: DeploymentFacts) -> bool:
    """Whether nothing is due, nor was left undone: a new policy begins with the time that the old
    one had planned."""
    planned, standing = one.deployment.planned_at, one.snapshots
    failed = standing is not None and standing.newest_failed
    return planned is not None and planned > facts.now and not _is_taken(one) and not failed


def _is_taken(one: DeploymentFacts) -> bool:
    """Just now, or it waits for its turn."""
    return any(job.kind is JobKind.SNAPSHOT for job in one.jobs)


def _is_read(facts: Facts, one: DeploymentFacts) -> bool:
    tail = one.tail
    return tail is None or not (tail.error or facts.age(tail.seen_at) >= SILENT_SECONDS)


def snapshot_failed(facts: Facts) -> Iterator[Finding]:
    """Until a later one is complete."""
    for one in _started(facts):
        if one.snapshots is not None:
            failed = one.snapshots.newest_failed
            text = f"snapshot {one.snapshots.newest_id} " + (
                f"failed: {one.snapshots.reason}" if failed else "is complete"
            )
            yield Finding(names.SNAPSHOT_FAILED, "", SO if failed else NOT_SO, text, one.id)


def verification_failed(facts: Facts) -> Iterator[Finding]:
    """By the newest verdicts, on a snapshot and on a moment."""
    for one in facts.deployments:
        snapshot = None if one.snapshots is None else one.snapshots.judged
        bad = [each for each in (snapshot, one.moment) if each is not None and not each.good]
        text = "; ".join(f"{each.what} is bad: {each.text}" for each in bad)
        text = text or "nothing that was verified is bad"
        yield Finding(names.VERIFICATION_FAILED, "", SO if bad else NOT_SO, text, one.id)


def verification_old(facts: Facts) -> Iterator[Finding]:
    for one in _started(facts):
        standing = one.snapshots
        if standing is None or standing.first_at is None or one.policy.verify == NEVER:
            continue
        since = standing.good_at or standing.first_at
        over = facts.age(since) - period_of(one.policy.verify).total_seconds()
        what = "the last good one was at" if standing.good_at else "there was none since"
        text = f"verifications: {what} {moment(since)}"
        yield Finding(names.VERIFICATION_OLD, "", max(0.0, over) / 3600, text, one.id)


def head_down(facts: Facts) -> Iterator[Finding]:
    for one in _started(facts):
        waits = one.deployment.reason
        text = f"the head does not go on: {waits}" if waits else "the head goes on"
        yield Finding(names.HEAD_DOWN, "", SO if waits else NOT_SO, text, one.id)


def head_behind(facts: Facts) -> Iterator[Finding]:
    for one in _started(facts):
        head, tail = one.head, one.tail
        if not one.in_sync or head is None or head.optime is None:
            continue
        if tail is not None and tail.stored is not None:
            behind = max(0, tail.stored.t - head.optime.t)
            text = f"the head is {said(behind)} behind the stored oplog"
            yield Finding(names.HEAD_BEHIND, "", behind / 60, text, one.id)


def head_invalid(facts: Facts) -> Iterator[Finding]:
    for one in facts.deployments:
        found, head = one.validation, one.head
        if head is None or (found is None and not head.suspect):
            continue
        bad = bool(head.suspect) or (found is not None and not found.good)
        why = head.suspect or "; ".join(found.problems[:3] if found is not None else ())
        text = f"the head is not to be trusted: {why}" if bad else "the head was found good"
        yield Finding(names.HEAD_INVALID, "", SO if bad else NOT_SO, text, one.id)


def window_ended(facts: Facts) -> Iterator[Finding]:
    for one in facts.deployments:
        for end in one.window_ends:
            text = f"nothing from {end.at} on can follow from what was before: {end.reason}"
            yield _event(names.WINDOW_ENDED, one, str(end.at), text, end.id, end.found_at)


def copy_behind(facts: Facts) -> Iterator[Finding]:
    for one in facts.deployments:
        state, store = one.copy, one.deployment.copy_to
        if not store or state is None or state.store != store:
            continue  # none, or it has to begin
        stuck = facts.age(state.since) if state.error and state.since else 0.0
        stored = None if one.tail is None else one.tail.stored
        missing = stored.t - state.oplog_end.t if stored and state.oplog_end else 0
        seconds = max(stuck, missing, 0.0)
        why = f": {state.error}" if state.error else ""
        text = f"the copy in {store} is {said(seconds)} behind{why}"
        yield Finding(names.COPY_BEHIND, store, seconds / 3600, text, one.id)


def job_stuck(facts: Facts) -> Iterator[Finding]:
    """Time since its progress has moved."""
    of_all = [("", facts.jobs), *((one.id, one.jobs) for one in facts.deployments)]
    for id_, jobs in of_all:
        for job in jobs:
            if job.state is JobState.LEASED:
                age = facts.age(_moved_at(job))
                text = f"the {job.kind.value} {job.id} has not gone on for {said(age)}"
                yield Finding(names.JOB_STUCK, job.id, age / 60, text, id_)


def _moved_at(job: Job) -> datetime:
    moved = [each.updated_at for each in job.progress]
    return max([*moved, job.started_at or job.created_at])


def restore_done(facts: Facts) -> Iterator[Finding]:
    for one, restore in _restores(facts, RestoreState.DONE):
        text = f"restore {restore.id} to {restore.target} is done"
        if restore.differs:
            text += f", and differs from what it should be: {restore.verified}"
        yield _event(names.RESTORE_DONE, one, restore.id, text, restore.id, restore.finished_at)


def restore_failed(facts: Facts) -> Iterator[Finding]:
    for one, restore in _restores(facts, RestoreState.FAILED):
        text = f"restore {restore.id} to {restore.target} failed: {restore.reason}"
        yield _event(names.RESTORE_FAILED, one, restore.id, text, restore.id, restore.finished_at)


def _restores(facts: Facts, state: RestoreState) -> Iterator[tuple[DeploymentFacts, Restore]]:
    for one in facts.deployments:
        for restore in one.restores:
            if restore.state is state:
                yield one, restore


def _event(
    condition: str, one: DeploymentFacts, subject: str, text: str, occurrence: str,
    at: datetime | None,
) -> Finding:  # fmt: skip
    return Finding(condition, subject, SO, text, one.id, at=at, occurrence=occurrence)


def _started(facts: Facts) -> Iterator[DeploymentFacts]:
    for one in facts.deployments:
        if one.started:
            yield one


BACKUP_FINDERS: dict[str, Callable[[Facts], Iterator[Finding]]] = {
    names.BACKUP_AGENT_DOWN: backup_agent_down,
    names.BACKUP_OPLOG_BEHIND: backup_oplog_behind,
    names.RESYNC_NEAR: resync_near,
    names.RESYNC_REQUIRED: resync_required,
    names.SNAPSHOT_LATE: snapshot_late,
    names.SNAPSHOT_FAILED: snapshot_failed,
    names.VERIFICATION_FAILED: verification_failed,
    names.VERIFICATION_OLD: verification_old,
    names.HEAD_DOWN: head_down,
    names.HEAD_BEHIND: head_behind,
    names.HEAD_INVALID: head_invalid,
    names.WINDOW_ENDED: window_ended,
    names.COPY_BEHIND: copy_behind,
    names.JOB_STUCK: job_stuck,
    names.RESTORE_DONE: restore_done,
    names.RESTORE_FAILED: restore_failed,
}
