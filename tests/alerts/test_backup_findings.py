"""What the records of the backups show, condition by condition."""

from dataclasses import replace
from typing import Any

import pytest

from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.findings import findings
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job, JobKind, JobState, PhaseProgress
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.standings import Judged, SnapshotStanding, ValidationStanding
from mmsconsole.metadata.tails import Tail
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.optime import Optime
from mmsconsole.policy.policy import SnapshotPolicy
from tests.alerts.world import NOW, ago, deployment, facts

T = int(NOW.timestamp())
STOPPED = deployment(backup=BackupState.STOPPED)


def found(name: str, given: Facts) -> list[Finding]:
    return list(findings(given, [(name, "")]))


def values(name: str, given: Facts) -> list[float | None]:
    return [one.value for one in found(name, given)]


def tail(**fields: Any) -> Tail:
    known: dict[str, Any] = {
        "id": "d1", "member": "db1", "seen_at": NOW, "stored": Optime(T, 1),
        "source": Optime(T, 1), "oplog_window_seconds": 36_000, "oplog_full": True,
    }  # fmt: skip
    return Tail(**(known | fields))


BROKEN: dict[str, Any] = {"error": "refused", "since": ago(minutes=20), "member": ""}


@pytest.mark.parametrize(
    ("given", "minutes", "text"),
    [
        (tail(), 0, "its oplog is read"),
        (tail(seen_at=ago(seconds=30)), 0, "its oplog is read"),
        (tail(**BROKEN), 20, "the source can not be read since 2026-03-01 11:40:00Z: refused"),
        (tail(**BROKEN | {"unstored": True}), 20, "the oplog can not be stored since"),
        (tail(seen_at=ago(minutes=5)), 5, "has said nothing since 2026-03-01 11:55:00Z"),
    ],
)
def test_a_backup_that_reads_nothing_says_for_how_long_and_why(
    given: Tail, minutes: float, text: str
) -> None:
    (finding,) = found("backup agent down", facts(tail=given))
    assert finding.value == minutes
    assert text in finding.text


def test_of_a_backup_that_is_not_started_the_source_is_not_looked_at() -> None:
    given = facts(tail=tail(**BROKEN, stored=Optime(1, 1)), of=STOPPED)
    for name in (
        "backup agent down", "backup oplog behind", "resync near", "snapshot late",
        "snapshot failed", "verification too old", "head mongod down",
        "head behind the stored oplog",
    ):  # fmt: skip
        assert found(name, given) == []


@pytest.mark.parametrize(
    ("given", "minutes", "percent"),
    [
        (tail(), 0, 0),
        (tail(stored=Optime(T - 18_000, 1)), 300, 50),
        (tail(stored=Optime(T - 18_000, 1), oplog_full=False), 300, 0),
        # While it is not read, the source is taken to go on.
        (tail(**BROKEN), 20, 100 * 1200 / 36_000),
    ],
)
def test_the_stored_oplog_is_behind_by_time_and_by_share_of_the_sources(
    given: Tail, minutes: float, percent: float
) -> None:
    assert values("backup oplog behind", facts(tail=given)) == [minutes]
    assert values("resync near", facts(tail=given)) == [pytest.approx(percent)]


def test_a_backup_that_needs_a_resync_says_why() -> None:
    lost = deployment(backup=BackupState.RESYNC_REQUIRED, reason="the oplog was overrun")
    (finding,) = found("resync required", facts(of=lost))
    assert (finding.value, finding.text) == (1, "the oplog was overrun")
    assert values("resync required", facts()) == [0]


HEAD = Head("h1", "d1", "/heads/h1", "6.0.5", "6.0", ago(days=3), phase=SyncPhase.IN_SYNC)
NONE = SnapshotStanding(
    newest_failed=False, newest_id="s9", reason="", complete_at=None, first_at=None, good_at=None,
    judged=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "intervals"),
    [
        ({}, [1.5]),
        ({"head": replace(HEAD, phase=SyncPhase.REBUILDING)}, []),
        ({"head": None}, []),
        ({"snapshots": NONE}, []),
        ({"snapshots": None}, []),
        ({"policy": SnapshotPolicy(interval_minutes=0)}, []),
        ({"tail": tail(**BROKEN)}, [None]),
    ],
)
def test_a_snapshot_is_late_by_intervals_of_its_policy(
    fields: dict[str, Any], intervals: list[float | None]
) -> None:
    hours = SnapshotPolicy().interval_minutes / 60
    known: dict[str, Any] = {
        "head": HEAD,
        "tail": tail(),
        "snapshots": replace(NONE, complete_at=ago(hours=1.5 * hours)),
    }
    assert values("snapshot late", facts(**(known | fields))) == intervals


def test_a_snapshot_that_failed_is_told_until_a_later_one_is_complete() -> None:
    failed = replace(NONE, newest_failed=True, reason="no room")
    (finding,) = found("snapshot failed", facts(snapshots=failed))
    assert (finding.value, finding.text) == (1, "snapshot s9 failed: no room")
    assert values("snapshot failed", facts(snapshots=NONE)) == [0]
    assert values("snapshot failed", facts()) == []


GOOD, BAD = Judged(ago(hours=1), True, "s9"), Judged(ago(hours=1), False, "s8", "shop.a differs")


@pytest.mark.parametrize(
    ("snapshot", "moment", "value"),
    [(GOOD, None, 0), (BAD, None, 1), (GOOD, BAD, 1), (BAD, GOOD, 1), (None, None, 0)],
)
def test_the_newest_verdict_on_a_snapshot_or_a_moment_counts(
    snapshot: Judged | None, moment: Judged | None, value: float
) -> None:
    given = facts(snapshots=replace(NONE, judged=snapshot), moment=moment)
    (finding,) = found("verification failed", given)
    assert finding.value == value
    assert ("s8 is bad: shop.a differs" in finding.text) == bool(value)


@pytest.mark.parametrize(
    ("verify", "good_at", "first_at", "hours"),
    [
        ("daily", ago(hours=30), ago(days=9), [6]),
        ("daily", ago(hours=3), ago(days=9), [0]),
        ("daily", None, ago(hours=30), [6]),
        ("never", None, ago(days=9), []),
        ("daily", None, None, []),
    ],
)
def test_a_verification_is_old_beyond_what_the_policy_lets_pass(
    verify: str, good_at: Any, first_at: Any, hours: list[float]
) -> None:
    standing = replace(NONE, good_at=good_at, first_at=first_at)
    given = facts(snapshots=standing, policy=SnapshotPolicy(verify=verify))
    assert values("verification too old", given) == hours


def test_a_head_that_waits_says_for_what() -> None:
    waits = deployment(reason="mongod ended with status 14")
    (finding,) = found("head mongod down", facts(of=waits))
    assert finding.value == 1
    assert finding.text == "the head does not go on: mongod ended with status 14"
    assert values("head mongod down", facts()) == [0]


@pytest.mark.parametrize(
    ("head", "minutes"),
    [
        (replace(HEAD, optime=Optime(T - 600, 1)), [10]),
        (replace(HEAD, optime=Optime(T + 600, 1)), [0]),
        (replace(HEAD, optime=None), []),
        (replace(HEAD, optime=Optime(1, 1), phase=SyncPhase.TRANSFERRING), []),
        (None, []),
    ],
)
def test_a_head_in_sync_is_behind_the_stored_oplog_by_minutes(
    head: Head | None, minutes: list[float]
) -> None:
    assert values("head behind the stored oplog", facts(head=head, tail=tail())) == minutes


@pytest.mark.parametrize(
    ("head", "good", "expected"),
    [
        (HEAD, True, [0]),
        (HEAD, False, [1]),
        (HEAD, None, []),
        (replace(HEAD, suspect="checksum"), None, [1]),
        (None, False, []),
    ],
)
def test_a_head_is_as_its_last_validation_found_it(
    head: Head | None, good: bool | None, expected: list[float]
) -> None:
    last = None if good is None else ValidationStanding(NOW, good, ("shop.a: bad index",))
    assert values("head validation failed", facts(head=head, validation=last)) == expected


def test_an_end_of_a_window_is_an_event() -> None:
    end = WindowEnd("w1", "d1", Optime(T, 2), "convertToCapped", ago(hours=1))
    (finding,) = found("window ended", facts(window_ends=(end,)))
    assert (finding.at, finding.occurrence) == (ago(hours=1), "w1")


@pytest.mark.parametrize(
    ("state", "hours"),
    [
        (CopyState("d1", "second", Optime(T, 1)), [0]),
        (CopyState("d1", "second", Optime(T - 7200, 1)), [2]),
        (CopyState("d1", "second", Optime(T, 1), error="no room", since=ago(hours=3)), [3]),
        (CopyState("d1", "second"), [0]),
        (CopyState("d1", "another", Optime(1, 1)), []),
        (None, []),
    ],
)
def test_a_copy_is_behind_by_what_it_lacks_or_for_how_long_it_waits(
    state: CopyState | None, hours: list[float]
) -> None:
    copied = deployment(copy_to="second")
    assert values("second copy behind", facts(of=copied, copy=state, tail=tail())) == hours


def job(*progress: PhaseProgress, **fields: Any) -> Job:
    known: dict[str, Any] = {
        "id": "j1", "kind": JobKind.SNAPSHOT, "deployment": "d1", "resource": "head:h1",
        "created_at": ago(hours=9), "state": JobState.LEASED, "started_at": ago(hours=5),
        "progress": progress,
    }  # fmt: skip
    return Job(**(known | fields))


MOVED = PhaseProgress("cut", 1, 2, 1.0, None, ago(hours=4), ago(minutes=30))


@pytest.mark.parametrize(
    ("given", "minutes"),
    [(job(MOVED), [30]), (job(), [300]), (job(state=JobState.QUEUED), [])],
)
def test_a_job_is_stuck_since_its_progress_moved(given: Job, minutes: list[float]) -> None:
    assert values("job stuck", facts(jobs=(given,))) == minutes


@pytest.mark.parametrize(
    ("state", "done", "failed"),
    [
        (RestoreState.DONE, 1, 0),
        (RestoreState.FAILED, 0, 1),
        (RestoreState.CANCELLED, 0, 0),
    ],
)
def test_the_end_of_a_restore_is_an_event(state: RestoreState, done: int, failed: int) -> None:
    restore = Restore(
        "r1", "d1", "s1", "/restores/r1", ago(hours=2), state=state, finished_at=ago(hours=1),
        reason="no room",
    )  # fmt: skip
    given = facts(restores=(restore,))
    assert len(found("restore done", given)) == done
    assert len(found("restore failed", given)) == failed
    events = [*found("restore done", given), *found("restore failed", given)]
    assert {one.at for one in events} <= {ago(hours=1)}
