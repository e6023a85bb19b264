"""Plays a schedule on a stand of its own, and keeps what a failure needs."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from mmsconsole.mongod.binaries import MongodBinary
from tests.model import schedule
from tests.model.player import Player
from tests.model.report import Report
from tests.model.schedule import Step
from tests.model.shortening import shortened
from tests.model.stand import Stand
from tests.support.folders import short_folder_for


def play(binary: MongodBinary, steps: Sequence[Step], failed: Path) -> Report:
    """Raises what a step raised; `failed` then has the schedule, the error and the logs."""
    with short_folder_for("mms-model-") as folder:
        player = Player(Stand(folder, binary))
        try:
            player.stand.open()
            player.play_all(steps)
        except Exception as error:
            _keep(player, steps, error, failed)
            raise
        finally:
            player.stand.close()
    return player.report


def _keep(player: Player, steps: Sequence[Step], error: Exception, folder: Path) -> None:
    schedule.save(steps, folder)
    said = "".join(traceback.format_exception(error))
    (folder / "failure.txt").write_text(f"{said}\n{player.report}\n", "utf-8")
    player.stand.keep_logs(folder)


def shorten(binary: MongodBinary, steps: Sequence[Step], attempts: int, failed: Path) -> list[Step]:
    """The fewest steps found that still fail, in one of `attempts`. Takes hours, not minutes."""

    def fails(some: Sequence[Step]) -> bool:
        for _ in range(attempts):
            try:
                play(binary, some, failed)
            except Exception as error:  # noqa: BLE001 - whatever it is, it fails
                print(f"{len(some)} steps fail: {error}", flush=True)
                return True
        print(f"{len(some)} steps pass", flush=True)
        return False

    return shortened(steps, fails)
