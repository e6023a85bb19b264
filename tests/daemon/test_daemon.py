"""The daemon as a whole: it takes what it finds, and stops cleanly."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mmsconsole.daemon.daemon import Daemon
from mmsconsole.errors import MetadataError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from tests.support.backups import Bench, wait_until
from tests.support.processes import mongods_below

MakeDaemon = Callable[[], Daemon]


@pytest.fixture
def make_daemon(bench: Bench) -> Iterator[MakeDaemon]:
    made: list[Daemon] = []

    def make() -> Daemon:
        resources = bench.resources
        made.append(
            Daemon(
                resources.settings, resources.metadata, resources.storage, resources.clock,
                resources.binaries, "e1",
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for daemon in made:
        daemon.stop(20)


def queue(bench: Bench, kind: JobKind, subject: str = "") -> Job:
    id_, deployment = new_id(), bench.deployment.id
    resource = f"head:{deployment}"
    return bench.metadata.jobs.add(
        Job(id_, kind, deployment, resource, bench.clock.now(), subject=subject)
    )


def wait_done(bench: Bench, job: Job) -> None:
    ended = wait_until(lambda: (found := bench.metadata.jobs.get(job.id)).ended and found)
    assert ended.state is JobState.DONE, ended.error


def test_a_daemon_takes_what_is_queued_and_keeps_the_backup_running(
    bench: Bench, make_daemon: MakeDaemon
) -> None:
    bench.write(1)
    sync = queue(bench, JobKind.INITIAL_SYNC)
    daemon = make_daemon()
    daemon.start()
    wait_done(bench, sync)
    bench.write(2)
    bench.assert_head_equals_source()

    snapshot = bench.snapshot_record()
    wait_done(bench, queue(bench, JobKind.SNAPSHOT, snapshot.id))
    assert daemon.failure is None


def test_a_stopped_daemon_leaves_no_mongod_and_the_next_one_goes_on(
    bench: Bench, make_daemon: MakeDaemon
) -> None:
    bench.write(*range(2000), s="x" * 500)
    sync = queue(bench, JobKind.INITIAL_SYNC)
    first = make_daemon()
    first.start()
    wait_until(lambda: mongods_below(bench.folder) or bench.metadata.jobs.get(sync.id).ended)
    first.stop(20)
    assert mongods_below(bench.folder) == []
    bench.write(5000)

    make_daemon().start()

    wait_done(bench, sync)
    bench.assert_head_equals_source()


def test_a_daemon_that_could_not_start_can_be_stopped(
    bench: Bench, make_daemon: MakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise MetadataError("the metadata database does not answer")

    monkeypatch.setattr(bench.metadata.heads, "all", away)
    daemon = make_daemon()
    with pytest.raises(MetadataError):
        daemon.start()

    daemon.stop(1)
