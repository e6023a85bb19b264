"""--wait ends with what the job ended with, and leaving it leaves the job alone."""

from pathlib import Path

import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.jobs import Job, JobError, JobState, PhaseProgress
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.operations.operations import Operations
from mmsconsole.optime import Optime
from tests.cli.terminal import Step, Terminal
from tests.operations.records import NOW, Daemon


def job_of(daemon: Daemon) -> Job:
    (job,) = daemon.open_jobs()
    return job


def progress(done: int) -> PhaseProgress:
    return PhaseProgress("transferring", done, 100, 1.0, None, NOW, NOW)


def failing(daemon: Daemon, code: str) -> Step:
    error = JobError(code, "it went wrong", "mend it")
    return lambda: daemon.end(job_of(daemon), JobState.FAILED, error=error)


def test_backup_start_waits_until_in_sync_and_tells_its_progress(
    terminal: Terminal, daemon: Daemon, shop: str
) -> None:
    def report(done: int) -> Step:
        return lambda: daemon.metadata.jobs.set(job_of(daemon).id, progress=(progress(done),))

    steps = (report(1), report(2), report(50), lambda: daemon.head(shop, optime=Optime(9, 1)))
    ran = terminal.run("backup", "start", shop, "--wait", "--json", meanwhile=steps)
    assert ran.code == 0
    assert (ran.value["state"], ran.value["phase"]) == ("started", "in sync")
    assert ran.value["head"]["optime"] == {"t": 9, "i": 1}
    assert [line for line in ran.err.splitlines() if "%" in line] == [
        "transferring: 1 %, 1 B of 100 B, 1 B/s",
        "transferring: 50 %, 50 B of 100 B, 1 B/s",
    ]


def test_waiting_for_a_backup_that_is_in_sync_ends_at_once(terminal: Terminal, synced: str) -> None:
    assert terminal.run("backup", "start", synced, "--wait").code == 0


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("source_unreachable", 1), ("missing_privileges", 4), ("fault", 1)],
)
def test_an_initial_sync_that_fails_ends_the_waiting_with_its_error(
    terminal: Terminal, daemon: Daemon, shop: str, code: str, exit_code: int
) -> None:
    ran = terminal.run(
        "backup", "start", shop, "--wait", "--json", meanwhile=(failing(daemon, code),)
    )
    assert ran.code == exit_code
    assert ran.value["error"]["message"] == "it went wrong"
    assert ran.value["error"]["hint"] == "mend it"


@pytest.mark.parametrize(
    ("state", "code"),
    [(BackupState.RESYNC_REQUIRED, "resync_required"), (BackupState.STOPPED, "cancelled")],
)
def test_a_backup_that_is_no_longer_started_ends_the_waiting(
    terminal: Terminal, daemon: Daemon, shop: str, state: BackupState, code: str
) -> None:
    deployment = daemon.metadata.deployments.named(shop)

    def change() -> None:
        daemon.metadata.deployments.set(deployment.id, backup=state, reason="rolled over")

    ran = terminal.run("backup", "start", shop, "--wait", "--json", meanwhile=(change,))
    assert (ran.code, ran.value["error"]["code"]) == (1, code)


def test_snapshot_take_waits_until_it_is_complete(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    def complete() -> None:
        daemon.metadata.snapshots.set(
            job_of(daemon).subject, state=SnapshotState.COMPLETE, optime=Optime(9, 1), bytes=7
        )

    ran = terminal.run("snapshot", "take", synced, "--wait", "--json", meanwhile=(complete,))
    assert ran.code == 0
    assert (ran.value["state"], ran.value["optime"]) == ("complete", {"t": 9, "i": 1})
    assert set(ran.value) >= {"id", "state", "optime", "bytes", "new_bytes", "created_at"}


def test_a_snapshot_that_fails_ends_the_waiting_with_its_error(
    terminal: Terminal, daemon: Daemon, synced: str
) -> None:
    def fail() -> None:
        job = job_of(daemon)
        daemon.metadata.snapshots.set(job.subject, state=SnapshotState.FAILED, reason="full")
        daemon.end(job, JobState.FAILED, error=JobError("disk_full", "no space left"))

    ran = terminal.run("snapshot", "take", synced, "--wait", "--json", meanwhile=(fail,))
    assert (ran.code, ran.value["error"]["code"]) == (1, "disk_full")


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [(RestoreState.DONE, 0), (RestoreState.FAILED, 1), (RestoreState.CANCELLED, 1)],
)
def test_restore_start_waits_for_its_end(
    terminal: Terminal, daemon: Daemon, synced: str, tmp_path: Path,
    state: RestoreState, exit_code: int,
) -> None:  # fmt: skip
    daemon.snapshot(synced, Optime(9, 1))

    def end() -> None:
        daemon.metadata.restores.set(job_of(daemon).subject, state=state, optime=Optime(9, 1))

    target = tmp_path / "restored"
    ran = terminal.run(
        "restore", "start", synced, "--at", "latest", "--to-folder", str(target), "--wait",
        "--json", meanwhile=(end,),
    )  # fmt: skip
    assert ran.code == exit_code
    if exit_code == 0:
        assert ran.value["state"] == "done"
        assert (ran.value["optime"], ran.value["path"]) == ({"t": 9, "i": 1}, str(target))
    assert "up to and including" in ran.err


def test_ctrl_c_leaves_the_job_running_and_says_so(
    terminal: Terminal, daemon: Daemon, shop: str
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    ran = terminal.run("backup", "start", shop, "--wait", "--json", meanwhile=(interrupt,))
    assert ran.code == 1
    assert "the engine goes on with it" in ran.value["error"]["message"]
    assert f"mmsconsole backup status {shop}" in ran.value["error"]["hint"]
    assert not job_of(daemon).cancel_requested


def test_an_engine_that_is_lost_while_waiting_is_no_engine(
    terminal: Terminal, synced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Operations, snapshot_id: str) -> None:
        raise MetadataError("the metadata database does not answer")

    monkeypatch.setattr(Operations, "snapshot", lost)
    ran = terminal.run("snapshot", "take", synced, "--wait", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (3, "no_engine")


def test_progress_on_a_terminal_is_one_line_that_is_cleared(
    terminal: Terminal, daemon: Daemon, shop: str
) -> None:
    def report() -> None:
        daemon.metadata.jobs.set(job_of(daemon).id, progress=(progress(50),))

    ran = terminal.run(
        "backup", "start", shop, "--wait", tty=True,
        meanwhile=(report, lambda: daemon.head(shop)),
    )  # fmt: skip
    assert "\r\x1b[Ktransferring: 50 %" in ran.err
    assert ran.err.endswith("\r\x1b[K")
