"""What a killed engine left is put in order by the next one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.daemon.housekeeping import NO_JOB, tidy
from mmsconsole.errors import TargetHurt, TargetUnreachable
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.jobs import Job, JobKind, JobState
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.restore.delivery.tar_file import TarDelivery
from mmsconsole.restore.restoring import Restoring
from mmsconsole.restore.target import claim
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies import placing
from mmsconsole.verification.verifying import SOCKET
from tests.support.snapshots import contents, snapshot_record, write_files


def head(resources: Resources, folder: Path, *, active: bool) -> Head:
    write_files(folder, {"a.wt": b"data"})
    made = Head(new_id(), "d1", str(folder), "6.0.5", "6.0", resources.clock.now(), active=active)
    return resources.metadata.heads.add(made)


def restore(resources: Resources, target: Path, state: RestoreState) -> Restore:
    record = Restore(new_id(), "d1", "s1", str(target), resources.clock.now(), state=state)
    return resources.metadata.restores.add(record)


def job_for(resources: Resources, subject: str, kind: JobKind) -> None:
    now = resources.clock.now()
    resources.metadata.jobs.add(Job(new_id(), kind, "d1", subject, now, subject=subject))


def test_replaced_heads_go_and_the_others_stay(resources: Resources, tmp_path: Path) -> None:
    replaced = head(resources, tmp_path / "replaced", active=False)
    current = head(resources, tmp_path / "current", active=True)

    tidy(resources)

    assert not (tmp_path / "replaced").exists()
    assert (tmp_path / "current").exists()
    assert [h.id for h in resources.metadata.heads.all()] == [current.id] != [replaced.id]


def test_a_head_that_can_not_be_removed_is_no_reason_not_to_start(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = head(resources, tmp_path / "stuck", active=False)

    def unable(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(placing.shutil, "rmtree", unable)
    tidy(resources)
    assert resources.metadata.heads.find(stuck.id) is not None
    monkeypatch.undo()

    tidy(resources)
    assert resources.metadata.heads.find(stuck.id) is None


def test_a_snapshot_without_a_job_has_failed_and_one_with_a_job_goes_on(
    resources: Resources,
) -> None:
    snapshots = resources.metadata.snapshots
    for id_ in ("left", "goes on"):
        snapshots.add(snapshot_record(id_))
    job_for(resources, "goes on", JobKind.SNAPSHOT)

    tidy(resources)

    left = snapshots.get("left")
    assert (left.state, left.reason) == (SnapshotState.FAILED, NO_JOB)
    assert snapshots.get("goes on").state is SnapshotState.RUNNING


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RestoreState.QUEUED, RestoreState.FAILED),
        (RestoreState.MATERIALISING, RestoreState.FAILED),
        (RestoreState.APPLYING_OPLOG, RestoreState.FAILED),
        (RestoreState.CANCELLED, RestoreState.CANCELLED),  # while no engine ran
        (RestoreState.FAILED, RestoreState.FAILED),
    ],
)
def test_a_restore_without_a_job_leaves_nothing(
    resources: Resources, tmp_path: Path, state: RestoreState, expected: RestoreState
) -> None:
    left = restore(resources, tmp_path / "target", state)
    write_files(claim(tmp_path / "target", left.id), {"half": b"written"})

    tidy(resources)

    assert resources.metadata.restores.get(left.id).state is expected
    assert not (tmp_path / "target").exists()


def test_what_could_not_be_taken_away_is_tried_again_at_the_next_start(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its host was away when it was cancelled; the secret that leads there is kept until then."""
    where = Target(TargetKind.TAR, path=str(tmp_path / "r.tar"), credential="c1")
    now = resources.clock.now()
    resources.metadata.restore_secrets.add(RestoreSecret("c1", Secret("x"), now))
    left = Restore(
        new_id(), "d1", "s1", "there", now, where=where, touched=True, state=RestoreState.CANCELLED
    )  # fmt: skip
    resources.metadata.restores.add(left)
    abandoned = []

    def away(_delivery: TarDelivery) -> None:
        abandoned.append(resources.metadata.restore_secrets.find("c1"))
        raise TargetUnreachable("does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(TarDelivery, "abandon", away)
        for _ in range(2):
            tidy(resources)
    tidy(resources)

    assert len(abandoned) == 2
    assert None not in abandoned
    assert not resources.metadata.restores.get(left.id).touched
    assert resources.metadata.restore_secrets.find("c1") is None


def test_what_is_hurt_for_good_is_told_and_not_tried_again(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Target(TargetKind.TAR, path=str(tmp_path / "r.tar"), credential="c1")
    now = resources.clock.now()
    resources.metadata.restore_secrets.add(RestoreSecret("c1", Secret("x"), now))
    record = Restore(new_id(), "d1", "s1", "there", now, where=where, touched=True)
    resources.metadata.restores.add(record)

    def hurt(_delivery: TarDelivery) -> None:
        raise TargetHurt("half of it", where="a.b")

    monkeypatch.setattr(TarDelivery, "abandon", hurt)

    assert Restoring(resources, record).abandon() == "a.b: half of it"
    assert not resources.metadata.restores.get(record.id).touched
    assert resources.metadata.restore_secrets.find("c1") is None


def test_a_restore_with_a_job_keeps_its_folder_for_it(resources: Resources, tmp_path: Path) -> None:
    going_on = restore(resources, tmp_path / "target", RestoreState.MATERIALISING)
    write_files(claim(tmp_path / "target", going_on.id), {"half": b"written"})
    job_for(resources, going_on.id, JobKind.RESTORE)

    tidy(resources)

    assert resources.metadata.restores.get(going_on.id) == going_on
    assert b"written" in contents(tmp_path / "target").values()


def test_what_is_done_and_what_is_somebodys_is_not_touched(
    resources: Resources, tmp_path: Path
) -> None:
    done = restore(resources, tmp_path / "done", RestoreState.DONE)
    failed = restore(resources, tmp_path / "done", RestoreState.FAILED)
    write_files(tmp_path / "done", {"a.wt": b"restored"})

    tidy(resources)

    assert contents(tmp_path / "done") == {"a.wt": b"restored"}
    assert resources.metadata.restores.get(done.id) == done
    assert resources.metadata.restores.get(failed.id) == failed


def test_jobs_are_left_as_they_are(resources: Resources) -> None:
    job_for(resources, "s1", JobKind.SNAPSHOT)
    before: Any = list(resources.metadata.jobs.all())

    tidy(resources)

    assert list(resources.metadata.jobs.all()) == before
    assert replace(before[0]).state is JobState.QUEUED


def test_what_a_verification_left_goes(resources: Resources) -> None:
    folder = resources.settings.verification_folder / "data"
    write_files(folder, {"a.wt": b"restored"})
    socket = resources.socket(SOCKET)
    socket.parent.mkdir(parents=True)
    socket.touch()

    tidy(resources)

    assert not folder.parent.exists()
    assert not socket.exists()
