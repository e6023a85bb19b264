"""Where the engine logs: a file in its home, and the terminal if it has one."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from mmsconsole.durable import disk_errors, make_folders
from mmsconsole.settings import Settings

LOG_FILE = "engine.log"
LOG_BYTES_MAX = 8 << 20
OLDER_LOGS = 4
FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
OURS = "mmsconsole"


@contextmanager
def logging_to(settings: Settings) -> Iterator[None]:
    """Our own loggers at the level of the settings; other people's from warnings up."""
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    with disk_errors(str(settings.home.logs)):
        make_folders(settings.home.logs)
        handlers = _handlers(settings.home.logs / LOG_FILE)
    before = root.level, ours.level
    root.setLevel(logging.WARNING)
    ours.setLevel(settings.tree.log.level.upper())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(before[0])
        ours.setLevel(before[1])
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _handlers(path: Path) -> list[logging.Handler]:
    file = RotatingFileHandler(
        path, maxBytes=LOG_BYTES_MAX, backupCount=OLDER_LOGS, encoding="utf-8"
    )
    return [file, logging.StreamHandler(sys.stderr)] if sys.stderr.isatty() else [file]
