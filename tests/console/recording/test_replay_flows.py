"""A recording in the console: the same panes, by the same keys, at another time."""

from datetime import UTC, datetime
from pathlib import Path

from mmsconsole.console.recording.loading import load_recording
from mmsconsole.console.recording.recorder import Recorder
from mmsconsole.console.recording.replay import ReplayClock, replayed
from mmsconsole.console.recording.writing import RecordingFile
from tests.support.clock import ManualClock
from tests.support.console_driver import console as open_console
from tests.support.fake_operations import rich_scene
from tests.support.standing_clock import StandingClock

NOON = datetime(2026, 7, 16, 12, tzinfo=UTC)


async def record(path: Path, home: Path) -> None:
    """A quarter of an hour: two looks at all deployments, one at the orders' jobs."""
    scene, clock = rich_scene(), StandingClock(NOON)
    recorder = Recorder(RecordingFile(path, 100), clock)
    async with open_console(recorder.over(scene), home, clock=clock) as console:
        await console.press("4")
        clock.sleep(600)
        await console.press("1")
        scene.views.pop("orders")
        clock.sleep(300)
        await console.tick()
        assert "orders" not in console.text
    recorder.close()


async def test_a_recording_is_walked_through_by_keys_and_says_that_it_is_one(
    home: Path, tmp_path: Path
) -> None:
    await record(tmp_path / "r", home)
    recording = load_recording(tmp_path / "r")
    real = ManualClock()
    clock = ReplayClock(recording, real)
    async with open_console(replayed(recording, clock), home, clock=clock) as console:
        assert "orders" in console.text
        assert "REPLAY 0s of 15m" in console.text
        await console.press("greater_than_sign", "greater_than_sign", "greater_than_sign")
        assert "REPLAY 15m of 15m" in console.text
        assert "orders" not in console.text
        await console.press("comma")
        assert "orders" in console.text
        await console.press("less_than_sign", "less_than_sign", "less_than_sign", "4")
        assert "this was not shown in the recording" not in console.text
        await console.press("5")
        assert "this was not shown in the recording" in console.text


async def test_a_paused_recording_stands_still_and_can_be_moved(home: Path, tmp_path: Path) -> None:
    await record(tmp_path / "r", home)
    recording = load_recording(tmp_path / "r")
    real = ManualClock()
    clock = ReplayClock(recording, real)
    async with open_console(replayed(recording, clock), home, clock=clock) as console:
        await console.press("p")
        real.advance(100)
        assert "PAUSED" in console.text
        await console.press("full_stop")
        assert "REPLAY 10s of 15m" in console.text
        await console.press("p")
        real.advance(50)
        await console.tick()
        assert "REPLAY 1m" in console.text


async def test_nothing_can_be_asked_for_in_a_recording(home: Path, tmp_path: Path) -> None:
    await record(tmp_path / "r", home)
    recording = load_recording(tmp_path / "r")
    clock = ReplayClock(recording, ManualClock())
    async with open_console(replayed(recording, clock), home, clock=clock) as console:
        await console.press("b")
        assert "a recording can only be looked at" in console.text.replace("A rec", "a rec")


async def test_outside_of_a_recording_its_keys_say_so(home: Path) -> None:
    async with open_console(rich_scene(), home) as console:
        await console.press("comma")
        assert "This is no recording" in console.text
