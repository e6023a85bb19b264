"""A daemon over a bench, and the jobs that are given to it."""

import threading

from mmsconsole.daemon.daemon import Daemon
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.snapshots import Snapshot
from tests.support.backups import Bench, wait_until

STOP_SECONDS = 120.0


class Daemons:
    """Those of one bench, one after another; close() ends them all."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._made: list[Daemon] = []
        self._others = set(threading.enumerate())

    def make(self) -> Daemon:
        resources = self.bench.resources
        self._made.append(
            Daemon(
                resources.settings, resources.metadata, resources.storages, resources.clock,
                resources.binaries, "e1",
            )
        )  # fmt: skip
        return self._made[-1]

    def start(self) -> Daemon:
        daemon = self.make()
        daemon.start()
        return daemon

    def close(self) -> None:
        for daemon in self._made:
            daemon.stop(STOP_SECONDS)
        self._wait_for_ticks()

    def _wait_for_ticks(self) -> None:
        """An engine's end does not: the next test is to find nothing of them."""
        for thread in set(threading.enumerate()) - self._others:
            if thread.name.startswith("ThreadPoolExecutor"):
                thread.join(STOP_SECONDS)

    def queue(self, kind: JobKind, subject: str = "") -> Job:
        id_, deployment = new_id(), self.bench.deployment.id
        resource = f"head:{deployment}"
        return self.bench.metadata.jobs.add(
            Job(id_, kind, deployment, resource, self.bench.clock.now(), subject=subject)
        )

    def wait_done(self, job: Job) -> None:
        jobs = self.bench.metadata.jobs
        ended = wait_until(lambda: (found := jobs.get(job.id)).ended and found)
        assert ended.state is JobState.DONE, ended.error

    def sync(self) -> None:
        """The backup is in sync when it returns; a daemon must run."""
        self.wait_done(self.queue(JobKind.INITIAL_SYNC))

    def snapshot(self) -> Snapshot:
        record = self.bench.snapshot_record()
        self.wait_done(self.queue(JobKind.SNAPSHOT, record.id))
        return self.bench.metadata.snapshots.get(record.id)
