"""What is verified next, by itself."""

import pytest

from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from mmsconsole.verification.due import due_snapshot, may_be_tried, moment_is_due, outdated
from tests.verification.records import NOW, ago, snapshot, witness


def job(state: JobState, hours: float) -> Job:
    """That ended so many hours ago."""
    return Job(
        "j1", JobKind.VERIFICATION, "d1", "verification", ago(hours + 1), state=state,
        finished_at=ago(hours) if state not in (JobState.QUEUED, JobState.LEASED) else None,
    )  # fmt: skip


OLD, MIDDLE, NEW = snapshot("old", 12), snapshot("middle", 6), snapshot("new", 0)
FAILED = job(JobState.FAILED, 1)


@pytest.mark.parametrize(
    ("verify", "complete", "last", "due"),
    [
        ("every", [], {}, None),
        ("every", [OLD, MIDDLE, NEW], {}, "new"),
        ("every", [OLD, MIDDLE, snapshot("new", 0, "good")], {}, "middle"),
        ("every", [snapshot("old", 12, "bad"), snapshot("new", 0, "good")], {}, None),
        ("every", [OLD, NEW], {"new": job(JobState.LEASED, 0)}, "old"),
        ("every", [OLD, NEW], {"new": FAILED}, "old"),
        ("every", [OLD, NEW], {"new": FAILED, "old": FAILED}, None),
        ("every", [OLD, NEW], {"new": job(JobState.FAILED, 3), "old": FAILED}, "new"),
        ("every", [NEW], {"new": job(JobState.CANCELLED, 100)}, None),  # somebody did not want it
        ("every", [NEW], {"new": job(JobState.DONE, 4)}, "new"),  # it was gone for a moment
        ("daily", [OLD, MIDDLE, NEW], {}, "new"),
        ("daily", [snapshot("old", 12, "good"), MIDDLE, NEW], {}, None),
        ("daily", [snapshot("old", 30, "good"), MIDDLE, NEW], {}, "new"),
        ("daily", [snapshot("old", 30, "bad"), MIDDLE, NEW], {}, "new"),
        ("daily", [OLD, snapshot("new", 0, "good")], {}, None),
        ("daily", [OLD, NEW], {"new": FAILED}, None),  # not an older one in its place
        ("weekly", [snapshot("old", 100, "good"), NEW], {}, None),
        ("weekly", [snapshot("old", 170, "good"), NEW], {}, "new"),
        ("never", [OLD, NEW], {}, None),
    ],
)
def test_the_newest_snapshot_that_the_policy_wants_goes_first(
    verify: str, complete: list[Snapshot], last: dict[str, Job], due: str | None
) -> None:
    found = due_snapshot(verify, complete, last.get, NOW)
    assert (found and found.id) == due


def test_every_snapshot_of_the_classic_policy_is_verified_within_a_day() -> None:
    """One at a time; it takes less than the six hours between two of them."""
    complete: list[Snapshot] = []
    for number in range(20):
        hours = 120 - 6 * number
        complete.append(snapshot(f"s{number}", hours))
        found = due_snapshot("every", complete, lambda _: None, ago(hours))
        assert found is complete[-1]
        complete[-1] = snapshot(found.id, hours, "good")


def test_after_a_downtime_all_that_waits_is_made_up() -> None:
    complete = [snapshot(f"s{number}", 24 - 6 * number) for number in range(4)]
    done: list[str] = []
    while (found := due_snapshot("every", complete, lambda _: None, NOW)) is not None:
        done.append(found.id)
        complete[complete.index(found)] = snapshot(found.id, 1, "good")
    assert done == ["s3", "s2", "s1", "s0"]


@pytest.mark.parametrize(
    ("last", "may"),
    [
        (None, True),
        (job(JobState.QUEUED, 5), False),
        (job(JobState.FAILED, 2.9), False),
        (job(JobState.FAILED, 3), True),
        (job(JobState.CANCELLED, 50), False),
    ],
)
def test_what_failed_waits_a_while_and_what_was_cancelled_for_somebody(
    last: Job | None, may: bool
) -> None:
    assert may_be_tried(last, NOW) is may


@pytest.mark.parametrize(
    ("per_day", "witnesses", "due"),
    [
        (1, [], True),
        (0, [], False),
        (1, [witness("a", 50)], True),
        (1, [witness("a", 24.5, verdict="good"), witness("b", 3)], False),
        (1, [witness("a", 25, verdict="good")], True),
        (2, [witness("a", 12, verdict="bad")], False),
        (2, [witness("a", 13, verdict="bad")], True),
    ],
)
def test_a_moment_is_due_as_often_as_the_settings_say(
    per_day: float, witnesses: list[Witness], due: bool
) -> None:
    assert moment_is_due(per_day, witnesses, NOW) is due


WITNESSES = [witness("a", 30, "s1"), witness("b", 20), witness("c", 10), witness("d", 5, "s2")]


@pytest.mark.parametrize(
    ("snapshots", "hours", "gone"),
    [
        ({"s1", "s2"}, 30, []),
        ({"s2"}, 30, ["a"]),
        ({"s2"}, 15, ["a", "b"]),
        (set(), None, ["a", "b", "c", "d"]),
    ],
)
def test_witnesses_go_with_their_snapshots_and_with_the_window(
    snapshots: set[str], hours: float | None, gone: list[str]
) -> None:
    start = None if hours is None else Optime(int(ago(hours).timestamp()), 1)
    assert outdated(WITNESSES, snapshots, start) == gone
