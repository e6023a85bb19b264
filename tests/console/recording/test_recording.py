"""What was shown is shown again: the same answers, at the same moments of the recording."""

import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.console.recording.loading import Recording, load_recording
from mmsconsole.console.recording.questions import (
    answer_of_json,
    answer_to_json,
    answer_types,
    error_of_json,
    error_to_json,
    key_of,
)
from mmsconsole.console.recording.recorder import Recorder
from mmsconsole.console.recording.replay import ReplayClock, replayed
from mmsconsole.console.recording.writing import RecordingFile
from mmsconsole.errors import (
    AlreadyExists,
    CommandFailed,
    MmsError,
    NoEngine,
    NoRoom,
    NotFound,
    Refused,
    UsageError,
)
from mmsconsole.operations.monitoring_views import ChainNode
from mmsconsole.operations.oplog_views import OplogQuery
from mmsconsole.task import Task
from tests.support.clock import ManualClock
from tests.support.fake_operations import FakeOperations, alerted_scene, rich_scene

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)


class Shown:
    """A console's questions over a scene, recorded."""

    def __init__(self, path: Path, mb_max: float = 100) -> None:
        self.path = path
        self.clock = ManualClock()
        self.scene: FakeOperations = rich_scene()
        self.troubles: list[MmsError] = []
        self.recorder = Recorder(RecordingFile(path, mb_max), self.clock)
        self.recorder.tell = self.troubles.append
        self.operations = self.recorder.over(self.scene)

    def replay(self) -> tuple[Any, ReplayClock]:
        self.recorder.close()
        recording = load_recording(self.path)
        clock = ReplayClock(recording, ManualClock())
        return replayed(recording, clock), clock


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path / "shown.mmsrec")


def test_a_pane_shows_again_what_it_showed_at_that_moment(shown: Shown) -> None:
    first = shown.operations.deployments()
    shown.clock.advance(10)
    shown.scene.views.pop(first[0].name)
    second = shown.operations.deployments()
    operations, clock = shown.replay()

    assert operations.deployments() == first
    clock.move(9.9)
    assert operations.deployments() == first
    clock.move(0.2)
    assert operations.deployments() == second != first


def test_an_error_is_shown_again_as_the_error_it_was(shown: Shown) -> None:
    shown.scene.away = True
    with pytest.raises(NoEngine) as told:
        shown.operations.engine()
    operations, _ = shown.replay()
    with pytest.raises(NoEngine) as again:
        operations.engine()
    assert (again.value.what, again.value.hint) == (told.value.what, told.value.hint)


def test_an_error_of_a_class_with_more_arguments_is_told_as_a_plain_one() -> None:
    told = error_of_json({"kind": "CommandFailed", "what": "no", "where": "h:1", "hint": "x"})
    assert not isinstance(told, CommandFailed)
    assert str(told) == "h:1: no"
    assert isinstance(error_of_json({"kind": "Path", "what": "no"}), MmsError)
    assert isinstance(error_of_json(error_to_json(NotFound("gone"))), NotFound)


def test_what_was_not_shown_is_not_made_up(shown: Shown) -> None:
    shown.operations.engine()
    shown.clock.advance(30)
    shown.operations.jobs()
    operations, _ = shown.replay()
    with pytest.raises(NotFound) as later:
        operations.jobs()
    assert later.value.hint.startswith("some of it is shown from 30 s after the beginning")
    with pytest.raises(NotFound):
        operations.events()


def test_nothing_can_be_done_in_a_recording(shown: Shown) -> None:
    shown.operations.engine()
    operations, _ = shown.replay()
    for act in ("start_backup", "remove_deployment", "start_restore", "cancel_job"):
        with pytest.raises(Refused):
            getattr(operations, act)("shop")


def test_the_same_question_with_another_time_is_the_same_question() -> None:
    since = NOW - timedelta(hours=1)
    assert key_of("lag_history", ("shop", since), {}) == key_of("lag_history", ("shop", NOW), {})
    assert key_of("oplog", ("a", OplogQuery()), {"task": Task()}) == key_of(
        "oplog", ("a", OplogQuery()), {"task": Task()}
    )
    assert key_of("jobs", ("a",), {}) != key_of("jobs", ("b",), {})
    assert key_of("events", (), {"limit": 1}) != key_of("events", (), {"limit": 2})


def test_an_answer_that_did_not_change_takes_no_room(shown: Shown) -> None:
    for _ in range(500):
        shown.operations.deployments()
    few = shown.path.stat().st_size
    shown.recorder.close()
    assert few < 10_000
    lines = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(shown.path.read_bytes()))
    assert len(lines.read().splitlines()) == 2


def test_every_question_of_the_console_comes_back_as_it_was(shown: Shown) -> None:
    """By the types that the Protocol promises: a new one that JSON can not keep is seen here."""
    scene = shown.scene
    name = next(iter(scene.views))
    snapshot = scene.snapshots(name)[0].id
    asked: dict[str, Any] = {
        "engine": scene.engine(), "deployments": scene.deployments(),
        "deployment": scene.deployment(name), "snapshots": scene.snapshots(name),
        "snapshot": scene.snapshot(snapshot), "jobs": scene.jobs(), "events": scene.events(),
        "policy": scene.policy(name), "stores": scene.stores(ask=False), "oplog": scene.oplog(name),
        "restores": scene.restores(), "links": scene.links(), "openings": scene.openings(),
        "store_stats": scene.store_stats("default"), "last_check": scene.last_check("default"),
        "oplog_rate": scene.oplog_rate(name), "removal": scene.removal(name),
        "lag_history": scene.lag_history(name, NOW - timedelta(days=3650)),
    }  # fmt: skip
    for question, answer in asked.items():
        told = json.loads(json.dumps(answer_to_json(question, answer)))
        assert answer_of_json(question, told) == answer, question


def test_every_question_of_monitoring_and_alerts_comes_back_as_it_was() -> None:
    scene, name = alerted_scene(), "orders"
    alerts = scene.alerts(all=True)
    host = scene.members(name)[0].host
    asked: dict[str, Any] = {
        "health": scene.health(name), "members": scene.members(name), "agents": scene.agents(),
        "member": scene.member(name, host), "metrics": scene.metrics(), "hosts": scene.hosts(name),
        "metrics_now": scene.metrics_now(name), "operations_now": scene.operations_now(name),
        "metric_series": scene.metric_series(name, "replication_lag"), "alerts": alerts,
        "alert": scene.alert(alerts[0].id), "alert_watch": scene.alert_watch(),
        "alert_rules": scene.alert_rules(), "channels": scene.channels(),
        "notifications": scene.notifications(), "maintenance_windows": scene.maintenance_windows(),
    }  # fmt: skip
    for question, answer in asked.items():
        told = json.loads(json.dumps(answer_to_json(question, answer)))
        assert answer_of_json(question, told) == answer, question


def test_members_that_follow_one_another_come_back_as_they_were(shown: Shown) -> None:
    last = ChainNode("db3:27017", "SECONDARY", 2.0, True)
    middle = ChainNode("db2:27017", "SECONDARY", 1.0, True, (last,))
    first = ChainNode("db1:27017", "PRIMARY", 0.0, True, (middle,))
    health = replace(shown.scene.health(next(iter(shown.scene.views))), chain=(first,))
    told = json.loads(json.dumps(answer_to_json("health", health)))
    assert answer_of_json("health", told) == health


def test_the_type_of_every_answer_is_known() -> None:
    assert len(answer_types()) > 25
    for name, kind in answer_types().items():
        assert kind is not None, name


def test_a_recording_that_was_cut_off_anywhere_shows_what_is_whole(shown: Shown) -> None:
    for _ in range(20):
        shown.operations.engine()
        shown.operations.deployments()
        shown.clock.advance(2)
        shown.scene.running = not shown.scene.running
    whole = shown.path.read_bytes()  # never closed: as after a SIGKILL
    complete = load_recording(shown.path)
    assert complete.seconds == 38
    seen = set()
    for end in range(0, len(whole), 37):
        shown.path.write_bytes(whole[:end])
        try:
            seen.add(load_recording(shown.path).seconds)
        except UsageError:
            assert end < 200
    assert max(seen) > 30


def test_a_full_recording_ends_and_says_so_and_the_console_goes_on(tmp_path: Path) -> None:
    shown = Shown(tmp_path / "small", mb_max=0.0005)
    for _ in range(30):
        shown.scene.running = not shown.scene.running
        shown.operations.deployments()
        assert shown.operations.engine().running is shown.scene.running
    assert [type(trouble) for trouble in shown.troubles] == [NoRoom]
    assert "--record-mb" in shown.troubles[0].hint
    load_recording(shown.path)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(AlreadyExists):
        RecordingFile(tmp_path / "mine", 1)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AlreadyExists):
        RecordingFile(tmp_path / "link", 1)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_recording_is_its_owners_alone(shown: Shown) -> None:
    assert shown.path.stat().st_mode & 0o777 == 0o600


def _recording_of(lines: list[bytes], path: Path) -> Recording:
    path.write_bytes(zstandard.ZstdCompressor().compress(b"\n".join(lines) + b"\n"))
    return load_recording(path)


HEADING = b'{"recording": 1, "version": "x", "at": "2026-07-14T12:00:00+00:00"}'


@pytest.mark.parametrize(
    "lines",
    [
        [b"hello"], [b"{}"], [b'{"recording": 2, "at": "2026-07-14T12:00:00+00:00"}'],
        [b'{"recording": 1, "at": "2026-07-14T12:00:00"}'], [b"[]"], [b"1"],
        [HEADING, b"[]"], [HEADING, b'{"s": "x", "q": "y"}'], [HEADING, b"\xff"],
    ],
)  # fmt: skip
def test_what_is_no_recording_is_told(lines: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        _recording_of(lines, tmp_path / "no")


def test_a_file_that_is_not_packed_and_one_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"hello")
    with pytest.raises(UsageError, match="is no recording"):
        load_recording(tmp_path / "no")
    with pytest.raises(NotFound):
        load_recording(tmp_path / "nowhere")


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    ),
    st.sampled_from(sorted(answer_types())),
)
def test_no_answer_that_somebody_made_up_brings_the_console_down(told: Any, name: str) -> None:
    with suppress(UsageError):
        answer_of_json(name, told)


def test_the_clock_of_a_replay_runs_stands_and_is_set() -> None:
    real = ManualClock()
    clock = ReplayClock(Recording(NOW, "", 100.0, {}, False), real, speed=2)
    real.advance(5)
    assert clock.now() == NOW + timedelta(seconds=10)
    clock.stand(True)
    real.advance(50)
    assert clock.seconds == 10
    assert clock.move(20) == 30
    clock.stand(False)
    real.advance(5)
    assert clock.seconds == 40
    assert clock.move(-1000) == 0
    assert clock.move(1000) == 100
    assert clock.length == 100
    real.advance(50)
    assert clock.now() == NOW + timedelta(seconds=100)
