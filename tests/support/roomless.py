"""Disks that are full, for real: the kernel refuses a mongod's writes.

A limit for the size of a process's files (RLIMIT_FSIZE) needs no rights, and leaves the other
processes alone. mongod ends at it as it does where no space is left on the device.
"""

import resource
from dataclasses import replace
from pathlib import Path

from mmsconsole.mongod.binaries import MongodBinary

SMALL_BYTES = 1 << 20
_SHELL_BLOCK_BYTES = 512


def take_room(pid: int) -> None:
    """The process can not make a file longer than SMALL_BYTES any more."""
    for limit, most in ((resource.RLIMIT_FSIZE, SMALL_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.prlimit(pid, limit)
        resource.prlimit(pid, limit, (most, hard))


class RoomlessBinary:
    """A mongod that is started without room while `full` exists."""

    def __init__(self, binary: MongodBinary, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.full = folder / "full"
        script = folder / "mongod"
        script.write_text(
            "#!/bin/sh\n"
            "ulimit -c 0\n"
            f"[ -e '{self.full}' ] && ulimit -S -f {SMALL_BYTES // _SHELL_BLOCK_BYTES}\n"
            f"exec '{binary.path}' \"$@\"\n"
        )
        script.chmod(0o700)
        self.binary = replace(binary, path=script)
