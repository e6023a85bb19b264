"""Grooms by themselves, and what is told of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsconsole.daemon.daemon import Daemon
from mmsconsole.daemon.grooming import (
    SCHEDULE,
    WAITING_MINUTES,
    Grooms,
    is_due,
    queue_due_grooms,
)
from mmsconsole.errors import Busy, ObjectCorrupt, Refused
from mmsconsole.metadata.asking import ask_for_groom
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.pools import Pool
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import wait_until
from tests.support.daemons import STOP_SECONDS
from tests.support.history import History
from tests.support.snapshots import block_packs, half_random

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def job(hours_ago: float, state: JobState = JobState.DONE, waiting: int = 0) -> Job:
    return Job(
        "j1", JobKind.GROOM, "", "groom:p", NOW - timedelta(hours=hours_ago), state=state,
        result={"waiting": waiting},
    )  # fmt: skip


def pool(hours_ago: float | None = None) -> Pool:
    at = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Pool("p", "p", "default", groomed_at=at)


@pytest.mark.parametrize(
    ("hours", "groomed", "last", "due"),
    [
        (24, pool(), None, True),
        (0, pool(), None, False),
        (24, pool(24), job(24.1), True),
        (24, pool(23.9), job(24), False),
        # A failed one, and a clock that was put back: not at once again.
        (24, pool(100), job(1, JobState.FAILED), False),
        (24, pool(100), job(24, JobState.FAILED), True),
        (24, pool(-100), job(-100), False),
        (24, pool(100), job(100, JobState.QUEUED), False),
        (24, pool(100), job(100, JobState.LEASED), False),
        # What a snapshot stood in the way of.
        (24, pool(0.1), job(WAITING_MINUTES / 60, waiting=3), False),
        (24, pool(WAITING_MINUTES / 60), job(1, waiting=3), True),
        (0.1, pool(0.1), job(0.2, waiting=3), True),
    ],
)
def test_when_a_groom_is_due(hours: float, groomed: Pool, last: Job | None, due: bool) -> None:
    assert is_due(hours, groomed, last, NOW) is due


@pytest.fixture
def history(resources: Resources, tmp_path: Path) -> History:
    made = History(resources.storage, resources.metadata, tmp_path)
    first = made.take("s1", {"a": half_random(1, 900), "b": half_random(2, 60_000)})
    made.take("s2", {"a": half_random(1, 900)}, first)
    made.forget("s1")
    return made


def groom(resources: Resources, asker: str = "ann") -> Job:
    return ask_for_groom(resources.metadata, "default", resources.clock.now(), asker)


def test_one_is_queued_for_a_pool_once(resources: Resources, history: History) -> None:
    queue_due_grooms(resources)
    queue_due_grooms(resources)

    (queued,) = resources.metadata.jobs.all()
    assert (queued.kind, queued.subject, queued.deployment) == (JobKind.GROOM, history.pool.id, "")
    assert queued.created_by == SCHEDULE


def test_a_groom_leaves_figures_and_an_event(resources: Resources, history: History) -> None:
    result = Grooms(resources).run(groom(resources), Task())

    stats = resources.metadata.store_stats.get("default")
    assert stats.before is not None
    assert stats.before.dead_bytes > 0 == stats.now.dead_bytes
    assert (stats.deployments[0].deployment, stats.deployments[0].snapshots) == (history.id, 1)
    assert result["stored_bytes"] == stats.now.stored_bytes == history.packs_bytes()
    assert resources.metadata.pools.get("default").groomed_at == stats.at
    assert [event.kind for event in resources.metadata.events.all()] == ["groom done"]
    history.check()


def test_by_itself_it_rewrites_nothing_for_little(resources: Resources, history: History) -> None:
    assert Grooms(resources).run(groom(resources, SCHEDULE), Task())["packs_dropped"] == 1, (
        "the dead one"
    )
    assert Grooms(resources).run(groom(resources), Task())["packs_dropped"] == 1, "the other"


def test_damaged_packs_are_told_when_all_the_others_are_done(
    resources: Resources, history: History, metadata: Metadata
) -> None:
    blocks = block_packs(history.storage, metadata)
    (key,) = (pack.key for pack in blocks if pack.id in history.used("s2"))
    whole = history.storage.get(key)
    history.storage.put(key, [whole[:120], bytes(20), whole[140:]])

    with pytest.raises(ObjectCorrupt):
        Grooms(resources).run(groom(resources), Task())

    assert "objects damaged" in {event.kind for event in metadata.events.all()}
    assert metadata.store_stats.find("default") is not None


def test_nothing_is_deleted_from_a_store_that_holds_more_than_is_known(
    resources: Resources, history: History, metadata: Metadata
) -> None:
    """The metadata is new, or another engine's."""
    before = history.packs()
    metadata.deployments.remove(history.id)
    metadata.snapshots.remove("s2")

    with pytest.raises(Refused) as caught:
        Grooms(resources).run(groom(resources), Task())

    assert "store rebuild" in caught.value.hint
    assert history.packs() == before


def test_nothing_is_deleted_while_the_metadata_is_made_anew(
    resources: Resources, history: History, metadata: Metadata
) -> None:
    now = resources.clock.now()
    metadata.jobs.add(Job("r1", JobKind.STORE_REBUILD, "", "store rebuild:default", now))

    with pytest.raises(Busy):
        Grooms(resources).run(groom(resources), Task())


def test_the_daemon_grooms_what_it_is_asked_to(resources: Resources, history: History) -> None:
    daemon = Daemon(
        resources.settings, resources.metadata, resources.storages, resources.clock,
        resources.binaries, "e1",
    )  # fmt: skip
    asked = groom(resources)
    daemon.start()
    try:
        ended = wait_until(lambda: (found := resources.metadata.jobs.get(asked.id)).ended and found)
    finally:
        daemon.stop(STOP_SECONDS)

    assert (ended.state, ended.result["packs_dropped"]) == (JobState.DONE, 2), ended.error
    assert {phase.phase for phase in ended.progress} >= {"grooming"}
    history.check()
