"""An SSH session is lost in the middle of a restore: the engine goes on, and another console
finds it."""

from collections.abc import Iterator

import psutil
import pytest

from mmsconsole.demo.accident import newest_entry
from mmsconsole.engine.lock import running_engine
from mmsconsole.mongod.binaries import MongodBinary
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.settings import load_settings
from tests.support.console_terminal import ConsoleTerminal
from tests.support.folders import short_folder_for
from tests.support.gone import gone
from tests.support.paused import held_replay, holding_mongod
from tests.support.stage import Stage

pytestmark = pytest.mark.xdist_group("product")

ENTER, TAB, CLEAR_FIELD = "\r", "\t", "\x15"


@pytest.fixture
def stage(mongod_binary: MongodBinary) -> Iterator[Stage]:
    """A source; no engine yet. Whatever engine a console starts in its home is ended."""
    with short_folder_for("mms-hangup-") as folder:
        mongod = holding_mongod(folder, mongod_binary)
        stage = Stage(folder, mongod_binary, members=1, MMSCONSOLE_MONGOD_BINARIES=mongod)
        try:
            yield stage.open()
        finally:
            stage.cli.run("engine", "--stop")
            stage.close()


def console(stage: Stage) -> ConsoleTerminal:
    """`mmsconsole` in a terminal of its own, as over SSH."""
    home = stage.folder / "home"
    return ConsoleTerminal(home=home, size=(100, 30), environ=stage.environ, module="mmsconsole")


def engine_process(stage: Stage) -> psutil.Process:
    engine = running_engine(load_settings(stage.environ))
    assert engine
    return psutil.Process(engine.pid)


def back_up(stage: Stage) -> None:
    """In sync, a snapshot, and changes after it that a restore has to replay."""
    stage.client.app.things.insert_many([{"text": "x" * 500} for _ in range(2_000)])
    stage.add_deployment()
    stage.start_backup()
    stage.wait_in_sync()
    stage.take_snapshot()
    stage.client.app.things.update_many({}, {"$set": {"changed": True}})
    stage.client.app.more.insert_many([{"n": number} for number in range(500)])
    stage.wait_stored(newest_entry(stage.client, {"op": {"$ne": "n"}}))


def begin_restore(terminal: ConsoleTerminal, target: str) -> None:
    """By the wizard, of the newest moment."""
    terminal.press_until("R", "or type it")
    terminal.press(TAB)
    terminal.press_until("latest", "latest")
    terminal.press_until(ENTER, "Databases and collections; empty: everything.")
    terminal.press_until(ENTER, "a mongodump archive")
    terminal.press_until(ENTER, "It must not exist yet")
    terminal.press(CLEAR_FIELD)
    terminal.press_until(target, target)
    terminal.press_until(ENTER, "to know")
    terminal.press(ENTER)


def test_a_restore_outlives_the_terminal_that_began_it(stage: Stage) -> None:
    target = stage.new_target()
    with console(stage) as first:
        first.until("No deployment is backed up yet")
        engine = engine_process(stage)
        back_up(stage)
        before = stage.moment("before the restore")
        stage.wait_stored(before.optime)
        first.until("in sync")
        with held_replay(stage.folder, target):
            begin_restore(first, str(target))
            first.until("applying oplog")
            first.hang_up()

            assert engine.is_running()
            with console(stage) as second:
                second.until("in sync")
                second.press_until("5", "applying oplog")

    with console(stage) as third:
        third.until("in sync")
        third.press_until("5", "done")
        third.press("q")
        third.ended()
    assert engine_process(stage) == engine
    assert differences(before.state, stage.state_of(target)) == []

    children = engine.children(recursive=True)
    assert stage.cli.ask("engine", "--stop") == {"engine": "stopped"}
    assert all(gone(process.pid) for process in [engine, *children])
    assert stage.mongods_of_engine() == []
    assert not list((stage.folder / "home" / "run").glob("*.sock"))
