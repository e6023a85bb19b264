"""What a restore would take and need, and what people should know of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.errors import AlreadyExists, Busy, NoRoom, OutsideWindow, SelectionRefused
from mmsconsole.metadata.jobs import JobState, PhaseProgress
from mmsconsole.metadata.restore_secrets import RestoreSecret
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.metadata.witnesses import Witness, Witnessed, pack
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.estimate import CONSERVATIVE, MB, Work, rates_of, seconds_of
from mmsconsole.operations.operations import Operations
from mmsconsole.operations.restore_plans import Planned, key_note, planned
from mmsconsole.operations.restore_wishes import RestoreWish
from mmsconsole.optime import Optime
from mmsconsole.restore.target import claim
from mmsconsole.secret import Secret
from mmsconsole.settings import Settings
from tests.operations.records import NOW, Daemon


@pytest.fixture
def snapshot(daemon: Daemon, synced: str) -> str:
    """With stored oplog up to 200:1, and what its head held."""
    daemon.chunks(synced, Optime(90, 1), Optime(150, 1), Optime(200, 1))
    taken = daemon.snapshot(synced, Optime(100, 1), mongod_version="6.0.5", fcv="6.0")
    seen = {ns: Witnessed("collection", "", 1, "", "", "") for ns in ("app.a", "app.b", "x.y")}
    daemon.metadata.witnesses.add(
        Witness("w", taken.deployment, "h", Optime(100, 1), NOW, taken.id, packed=pack(seen) or b"")
    )
    return taken.id


@pytest.fixture
def tar(tmp_path: Path) -> Target:
    return Target(TargetKind.TAR, path=str(tmp_path / "r.tar"))


def test_a_point_is_told_with_what_there_is_to_be_chosen_of(
    operations: Operations, synced: str, snapshot: str
) -> None:
    point = operations.restore_point(synced, at="150:1")
    assert (point.snapshot, point.optime, point.replayed) == (snapshot, Optime(150, 1), True)
    assert point.namespaces == ("app.a", "app.b", "x.y")
    as_it_is = operations.restore_point(synced, snapshot=snapshot)
    assert (as_it_is.optime, as_it_is.replayed) == (Optime(100, 1), False)
    with pytest.raises(OutsideWindow):
        operations.restore_point(synced, at="300:1")


def test_a_plan_tells_what_where_and_how_much(
    operations: Operations, synced: str, snapshot: str, tar: Target, settings: Settings
) -> None:
    chosen = Selection(namespaces=("app",), users=False)
    plan = operations.plan_restore(synced, at="150:1", target=tar, selection=chosen)
    assert (plan.kind, plan.target) == ("tar", tar.path)
    assert plan.what == "'app'; without users and roles"
    assert plan.disk_bytes == 2 * (plan.bytes + plan.oplog_bytes) > 2 * plan.bytes
    assert plan.staging.startswith(str(settings.home.restores))
    assert plan.seconds is not None
    assert any("start a mongod 6.0 on them" in note for note in plan.notes)
    folder = operations.plan_restore(synced, snapshot=snapshot, target=Path(tar.path))
    assert (folder.kind, folder.staging, folder.disk_bytes) == ("folder", "", folder.bytes)


def test_a_start_keeps_who_asked_for_what_from_where_to_where(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target
) -> None:
    chosen = Selection(namespaces=("app.a",))
    view = operations.start_restore(synced, snapshot=snapshot, target=tar, selection=chosen)
    assert (view.created_by, view.kind, view.path) == ("ada", "tar", tar.path)
    assert (view.what, view.selection, view.where) == ("'app.a'", chosen, tar)
    event = operations.events(synced)[0]
    assert (event.kind, event.actor) == ("restore asked for", "ada")
    assert all(word in event.text for word in (view.id, "'app.a'", tar.path, "(tar)", snapshot))
    record = daemon.metadata.restores.get(view.id)
    assert record.needed_bytes == 1_000


def test_a_copy_of_a_database_under_another_name_takes_its_room_twice(
    operations: Operations, synced: str, snapshot: str, tar: Target
) -> None:
    one, two = (
        operations.plan_restore(synced, snapshot=snapshot, target=tar, selection=selection)
        for selection in (
            Selection(renames=(("app.a", "app.z"),)),
            Selection(renames=(("app", "app2"),)),
        )
    )
    assert (one.disk_bytes, two.disk_bytes) == (2_000, 4_000)


def test_what_is_not_in_the_snapshot_is_refused_with_what_there_is(
    operations: Operations, synced: str, snapshot: str, tar: Target
) -> None:
    wrong = Selection(namespaces=("app.nosuch",))
    with pytest.raises(SelectionRefused, match=r"no 'app\.nosuch'") as refused:
        operations.plan_restore(synced, snapshot=snapshot, target=tar, selection=wrong)
    assert "'app.a', 'app.b'" in refused.value.hint
    later = operations.plan_restore(synced, at="150:1", target=tar, selection=wrong)
    assert any("'app.nosuch' was not there at the snapshot" in note for note in later.notes)


def test_two_restores_do_not_share_a_file(
    operations: Operations, synced: str, snapshot: str, tar: Target
) -> None:
    first = operations.start_restore(synced, snapshot=snapshot, target=tar)
    with pytest.raises(Busy, match=first.id):
        operations.start_restore(synced, snapshot=snapshot, target=tar)
    operations.cancel_restore(first.id)
    operations.start_restore(synced, snapshot=snapshot, target=tar)


def test_of_a_place_that_another_restore_fills_that_one_is_told_and_not_that_it_is_full(
    operations: Operations, synced: str, snapshot: str, tmp_path: Path
) -> None:
    first = operations.start_restore(synced, snapshot=snapshot, target=tmp_path / "r")
    claim(tmp_path / "r", first.id)
    with pytest.raises(Busy, match=first.id):
        operations.start_restore(synced, snapshot=snapshot, target=tmp_path / "r")


def test_of_two_that_ask_for_one_place_at_one_time_not_both_get_it(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """While one is planned, the other is written down."""
    asked: list[str] = []

    def planned_slowly(desk: Desk, wish: RestoreWish) -> Planned:
        made = planned(desk, wish)
        if not asked:
            asked.append("first")
            asked.append(operations.start_restore(synced, snapshot=snapshot, target=tar).id)
        return made

    monkeypatch.setattr("mmsconsole.operations.restores.planned", planned_slowly)
    with pytest.raises(Busy, match="writes to") as refused:
        operations.start_restore(synced, snapshot=snapshot, target=tar)
    assert asked[1] in refused.value.what
    assert refused.value.hint.endswith(f"restore cancel {asked[1]}")
    assert [one.id for one in daemon.metadata.restores.all()] == [asked[1]]


def test_a_file_that_is_there_is_refused_by_the_plan(
    operations: Operations, synced: str, snapshot: str, tar: Target
) -> None:
    Path(tar.path).touch()
    with pytest.raises(AlreadyExists):
        operations.plan_restore(synced, snapshot=snapshot, target=tar)


def test_room_that_another_restore_will_take_is_not_free(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target, tmp_path: Path
) -> None:
    other = operations.start_restore(synced, snapshot=snapshot, target=tmp_path / "other")
    operations.plan_restore(synced, snapshot=snapshot, target=tar)
    daemon.metadata.restores.set(other.id, needed_bytes=10**18)
    with pytest.raises(NoRoom, match=f"restore {other.id} needs"):
        operations.plan_restore(synced, snapshot=snapshot, target=tar)


def test_who_comes_later_waits(
    operations: Operations, synced: str, snapshot: str, tar: Target, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        operations.start_restore(synced, snapshot=snapshot, target=tmp_path / name)
    assert operations.plan_restore(synced, snapshot=snapshot, target=tar).waits_for == 1


def test_a_restore_that_was_begun_is_ended_by_the_engine_that_takes_its_files_away(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target
) -> None:
    """Between two attempts it is queued; what the first one wrote lies there."""
    restore = operations.start_restore(synced, snapshot=snapshot, target=tar)
    daemon.metadata.jobs.set(restore.job, started_at=NOW, not_before=NOW + timedelta(hours=1))
    assert operations.cancel_restore(restore.id).state == "queued"
    job = daemon.metadata.jobs.get(restore.job)
    assert (job.state, job.cancel_requested, job.not_before) == (JobState.QUEUED, True, None)


def test_what_was_secret_of_a_restore_goes_when_it_is_cancelled_before_it_begins(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target
) -> None:
    restore = operations.start_restore(synced, snapshot=snapshot, target=tar)
    secrets, restores = daemon.metadata.restore_secrets, daemon.metadata.restores
    secrets.add(RestoreSecret("c1", Secret("mongodb://u:p@h"), NOW))
    restores.set(restore.id, where=replace(restores.get(restore.id).where, credential="c1"))
    operations.cancel_restore(restore.id)
    assert secrets.find("c1") is None


def test_the_note_on_keys_is_for_sources_that_encrypt(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target
) -> None:
    plain = operations.plan_restore(synced, snapshot=snapshot, target=tar)
    assert not any("encrypt" in note for note in plain.notes)
    deployment = daemon.metadata.deployments.named(synced)
    daemon.metadata.deployments.set(deployment.id, cipher="AES256-GCM")
    noted = operations.plan_restore(synced, snapshot=snapshot, target=tar)
    assert any("--eseDatabaseKeyRollover" in note for note in noted.notes)
    assert "--eseDatabaseKeyRollover" not in key_note("AES256-CBC")


def test_no_secret_is_kept_where_restores_are_shown(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tmp_path: Path
) -> None:
    where = Target(TargetKind.TAR, path=str(tmp_path / "r.tar"))
    from mmsconsole.secret import Secret

    secret = Secret("hunter2")
    view = operations.start_restore(synced, snapshot=snapshot, target=where, secret=secret)
    record = daemon.metadata.restores.get(view.id)
    assert daemon.metadata.restore_secrets.get(record.where.credential).secret == secret
    assert "hunter2" not in repr((view, record, operations.events(synced)))


# -- estimates: pure


def phase(name: str, done: int, seconds: float, *, finished: bool = True) -> PhaseProgress:
    ended = NOW + timedelta(seconds=seconds)
    return PhaseProgress(name, done, done, 0.0, None, NOW, ended, finished)


def test_rates_are_those_of_earlier_restores() -> None:
    earlier = [
        [phase("materialising", 100 * MB, 1.0), phase("delivering", 10 * MB, 10.0)],
        [phase("materialising", 300 * MB, 1.0)],
    ]
    assert rates_of(earlier) == {"materialising": 200 * MB, "delivering": MB}


@pytest.mark.parametrize(
    "told",
    [phase("materialising", 1_000, 1.0), phase("materialising", 10**9, 0),
     phase("materialising", 10**9, 1.0, finished=False)],
)  # fmt: skip
def test_what_tells_nothing_of_a_rate_is_left_out(told: PhaseProgress) -> None:
    assert rates_of([[told]]) == {}


@pytest.mark.parametrize(
    ("work", "measured", "limits", "seconds"),
    [
        (Work(0, 0, 0), {}, (0, 0), 0),
        (Work(int(CONSERVATIVE["materialising"]) * 3, 0, 0), {}, (0, 0), 3),
        (Work(1_000, 2_000, 3_000), {"materialising": 100, "applying oplog": 100,
                                     "delivering": 100}, (0, 0), 60),
        (Work(1_000, 0, 0, mongods=2), {"materialising": 100}, (0, 0), 14),
        (Work(10_000_000, 0, 0), {"materialising": 10**9}, (1, 0), 10),
        (Work(10_000_000, 0, 5_000_000), {"materialising": 10**7, "delivering": 10**7}, (0, 1), 6),
        (Work(0, 0, 10_000_000), {"delivering": 10**9}, (1, 2), 10),
    ],
)  # fmt: skip
def test_the_time_is_the_sum_of_the_phases(
    work: Work, measured: dict[str, float], limits: tuple[float, float], seconds: float
) -> None:
    assert seconds_of(work, measured, *limits) == pytest.approx(seconds)


def test_a_home_that_has_restored_knows_its_rates(
    operations: Operations, daemon: Daemon, synced: str, snapshot: str, tar: Target, tmp_path: Path
) -> None:
    before = operations.plan_restore(synced, snapshot=snapshot, target=tar)
    done = operations.start_restore(synced, snapshot=snapshot, target=tmp_path / "one")
    slow = (phase("materialising", 10 * MB, 10 * MB / 10),)  # 10 bytes per second
    daemon.metadata.jobs.set(done.job, state=JobState.DONE, finished_at=NOW, progress=slow)
    daemon.metadata.restores.set(done.id, state=RestoreState.DONE, finished_at=NOW)
    after = operations.plan_restore(synced, snapshot=snapshot, target=replace(tar))
    assert before.seconds is not None
    assert after.seconds is not None
    assert after.seconds > before.seconds + 90
