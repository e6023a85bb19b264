"""Folders with short paths, for sockets."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder_for(prefix: str) -> Iterator[Path]:
    """A fresh 0700 folder directly below /tmp, removed at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
