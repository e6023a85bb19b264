"""An engine keeps little memory that it does not use."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.engine.memory import ARENAS_MAX
from mmsconsole.settings import HOME

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's malloc")
def test_threads_of_an_engine_share_a_few_arenas(short_folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.engine_arenas"],
        env={**os.environ, HOME: str(short_folder / "h")},
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert 1 <= int(ended.stdout) <= ARENAS_MAX
