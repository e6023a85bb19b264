"""Jobs: one engine has one, one job of a resource runs, in order of creation."""

import threading
from dataclasses import replace

import pytest

from mmsconsole.errors import LeaseLost
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import LEASE_SECONDS, Job, JobState, PhaseProgress
from tests.metadata.records import NOW, job, later

PROGRESS = (PhaseProgress("copying", 5, 10, 1.0, 5.0, NOW, NOW),)


def leased(metadata: Metadata, id_: str, engine: str = "e1", at: float = 0) -> Job:
    taken = metadata.jobs.lease(metadata.jobs.get(id_), engine, later(at))
    assert taken is not None
    return taken


def test_a_leased_job_is_its_engines_for_the_time_of_a_lease(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))

    taken = leased(metadata, "j")

    assert (taken.state, taken.engine) == (JobState.LEASED, "e1")
    assert (taken.started_at, taken.lease_until) == (NOW, later(LEASE_SECONDS))
    assert metadata.jobs.get("j") == taken


def test_of_many_engines_that_race_for_a_job_one_wins(metadata: Metadata) -> None:
    seen = metadata.jobs.add(job("j"))
    engines = [f"e{n}" for n in range(8)]
    gate = threading.Barrier(len(engines))
    won: list[Job] = []

    def race(engine: str) -> None:
        gate.wait()
        taken = metadata.jobs.lease(seen, engine, NOW)
        if taken:
            won.append(taken)

    threads = [threading.Thread(target=race, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [taken.engine for taken in won] == [metadata.jobs.get("j").engine]


def test_of_two_jobs_of_a_resource_the_older_one_runs_first(metadata: Metadata) -> None:
    older, newer = metadata.jobs.add(job("a", 0)), metadata.jobs.add(job("b", 1))

    assert [j.id for j in metadata.jobs.candidates(later(2))] == ["a", "b"]
    assert metadata.jobs.lease(newer, "e1", later(2)) is None
    taken = metadata.jobs.lease(older, "e1", later(2))
    assert taken is not None
    assert metadata.jobs.lease(newer, "e1", later(2)) is None
    metadata.jobs.set("a", state=JobState.DONE)
    assert metadata.jobs.lease(newer, "e1", later(2)) is not None


def test_two_jobs_of_a_resource_made_in_one_moment_do_not_run_together(metadata: Metadata) -> None:
    """The unique index speaks where the order of creation does not; that is no error."""
    jobs = [metadata.jobs.add(job("a")), metadata.jobs.add(job("b"))]

    taken = [metadata.jobs.lease(j, "e1", NOW) for j in jobs]

    assert [j is not None for j in taken] == [True, False]


def test_jobs_of_other_resources_run_side_by_side(metadata: Metadata) -> None:
    metadata.jobs.add(job("a", 0, resource="head:1"))
    metadata.jobs.add(job("b", 1, resource="head:2"))

    assert leased(metadata, "a").id == "a"
    assert leased(metadata, "b").id == "b"


def test_a_lease_that_has_run_out_is_free_for_another_engine(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))
    first = leased(metadata, "j", "e1", at=0)

    assert list(metadata.jobs.candidates(later(LEASE_SECONDS - 1))) == []
    (free,) = metadata.jobs.candidates(later(LEASE_SECONDS + 1))
    second = metadata.jobs.lease(free, "e2", later(LEASE_SECONDS + 1))

    assert second is not None
    assert second.engine == "e2"
    with pytest.raises(LeaseLost):
        metadata.jobs.heartbeat(first, later(LEASE_SECONDS + 2), ())
    assert metadata.jobs.get("j") == second


def test_a_lease_renewed_after_it_was_seen_to_have_run_out_is_not_taken(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))
    first = leased(metadata, "j", "e1")
    (free,) = metadata.jobs.candidates(later(LEASE_SECONDS + 1))

    metadata.jobs.heartbeat(first, later(LEASE_SECONDS + 1), ())

    assert metadata.jobs.lease(free, "e2", later(LEASE_SECONDS + 1)) is None
    assert metadata.jobs.get("j").engine == "e1"


def test_a_heartbeat_renews_the_lease_and_writes_the_progress(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))

    beaten = metadata.jobs.heartbeat(leased(metadata, "j"), later(20), PROGRESS)

    assert (beaten.lease_until, beaten.progress) == (later(20 + LEASE_SECONDS), PROGRESS)


def test_a_heartbeat_tells_that_somebody_asked_to_stop(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))
    taken = leased(metadata, "j")

    metadata.jobs.set("j", cancel_requested=True)

    assert metadata.jobs.heartbeat(taken, NOW, ()).cancel_requested


def test_an_engine_that_takes_a_job_again_ends_its_first_attempt(metadata: Metadata) -> None:
    metadata.jobs.add(job("j"))
    first = leased(metadata, "j", "e1", at=0)
    second = leased(metadata, "j", "e1", at=LEASE_SECONDS + 1)

    with pytest.raises(LeaseLost):
        metadata.jobs.heartbeat(first, later(LEASE_SECONDS + 2), ())
    assert metadata.jobs.heartbeat(second, later(LEASE_SECONDS + 2), ()).engine == "e1"


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_can_neither_be_renewed_nor_taken(
    metadata: Metadata, state: JobState
) -> None:
    metadata.jobs.add(job("j"))
    taken = leased(metadata, "j")

    ended = metadata.jobs.set("j", state=state)

    assert ended.ended
    assert list(metadata.jobs.candidates(later(10_000))) == []
    assert metadata.jobs.lease(taken, "e2", later(10_000)) is None
    with pytest.raises(LeaseLost):
        metadata.jobs.heartbeat(taken, NOW, ())


def test_a_job_is_no_candidate_before_its_time(metadata: Metadata) -> None:
    metadata.jobs.add(job("j", not_before=later(60)))

    assert list(metadata.jobs.candidates(later(59))) == []
    assert [j.id for j in metadata.jobs.candidates(later(60))] == ["j"]


def test_an_engine_that_starts_again_frees_its_own_jobs_and_no_others(metadata: Metadata) -> None:
    metadata.jobs.add(job("mine", resource="r1"))
    metadata.jobs.add(job("its", resource="r2"))
    metadata.jobs.add(job("waiting", resource="r3"))
    leased(metadata, "mine", "e1")
    its = leased(metadata, "its", "e2")

    assert metadata.jobs.release_own("e1") == 1

    mine = metadata.jobs.get("mine")
    assert (mine.state, mine.lease_until) == (JobState.QUEUED, None)
    assert metadata.jobs.get("its") == its
    assert {j.id for j in metadata.jobs.candidates(NOW)} == {"mine", "waiting"}


def test_open_jobs_are_the_queued_and_the_leased_oldest_first(metadata: Metadata) -> None:
    for at, id_ in enumerate(["queued", "leased", "done", "failed", "cancelled"]):
        metadata.jobs.add(job(id_, at, resource=id_, state=JobState(id_)))

    assert [j.id for j in metadata.jobs.open("d1")] == ["queued", "leased"]
    assert [j.id for j in metadata.jobs.listed("d1", limit=2)] == ["cancelled", "failed"]
    assert list(metadata.jobs.open("another")) == []


def test_a_lease_of_a_job_as_nobody_has_seen_it_is_not_given(metadata: Metadata) -> None:
    seen = metadata.jobs.add(job("j"))

    assert metadata.jobs.lease(replace(seen, engine="e9"), "e1", NOW) is None
