"""Writes that the kernel itself refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmsconsole.errors import DiskFull
from mmsconsole.storage.local import LocalStorage
from tests.storage.contract import keys

LIMITED = """
import resource, sys
from pathlib import Path
from mmsconsole.errors import DiskFull
from mmsconsole.storage.local import LocalStorage

storage = LocalStorage(Path(sys.argv[1]))
storage.put("a/small", [b"x" * 1000])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    storage.put("a/large", [b"x" * 30_000] * 3)
except DiskFull as error:
    print(error)
"""


def test_a_device_without_space_is_a_full_disk_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written goes to /dev/full, which takes no byte."""
    storage = LocalStorage(tmp_path / "storage")
    storage.put("a/k", [b"old"])
    real = os.open

    def opened(path: Path, flags: int, *mode: int) -> int:
        descriptor = real(path, flags, *mode)
        if flags & os.O_WRONLY:
            full = real("/dev/full", os.O_WRONLY)
            os.dup2(full, descriptor)
            os.close(full)
        return descriptor

    monkeypatch.setattr(os, "open", opened)

    with pytest.raises(DiskFull, match="no space left on the disk"):
        storage.put("a/k", [b"new"])

    assert storage.get("a/k") == b"old"
    assert [path.name for path in (tmp_path / "storage/a").iterdir()] == ["k"]


def test_a_limit_that_is_reached_in_the_middle_of_an_object_leaves_nothing(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip

    assert said.strip().endswith("a/large: the limit for the size of a file is reached")
    assert keys(LocalStorage(tmp_path), "") == ["a/small"]
    assert LocalStorage(tmp_path).sweep() == 0
