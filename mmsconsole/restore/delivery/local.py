"""Places on this machine that a restore may write to."""

import os
from pathlib import Path

from mmsconsole.durable import disk_errors
from mmsconsole.errors import Refused
from mmsconsole.restore.room import existing
from mmsconsole.settings import Settings

ANOTHER_FOLDER = "name another folder"


def check_writable(target: Path) -> None:
    """As this user; the engine is run by the same one, or its restore fails. Raises Refused."""
    with disk_errors(str(target)):
        found = existing(target)
        if not found.is_dir() and found != target:
            what = f"{found} is a file, not a folder"
            raise Refused(what, where=str(target), hint=ANOTHER_FOLDER)
        if found.is_dir() and not os.access(found, os.W_OK | os.X_OK):
            what = f"{found} can not be written to"
            raise Refused(what, where=str(target), hint=ANOTHER_FOLDER)


def check_not_ours(settings: Settings, target: Path) -> None:
    """Raises Refused for a place in a folder of the engine."""
    home = settings.home
    ours = [home.config, home.data, home.logs, home.run, *settings.head_folders]
    with disk_errors(str(target)):
        for folder in [*ours, *settings.store_folders.values()]:
            if target.resolve().is_relative_to(folder.resolve()):
                what = f"the folder lies in {folder}, which is the engine's"
                raise Refused(what, where=str(target), hint=ANOTHER_FOLDER)
