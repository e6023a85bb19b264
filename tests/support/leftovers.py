"""What an engine that was stopped must not leave: looked for by the tests' own means."""

import fcntl
import os
from pathlib import Path

from mmsconsole.durable import TEMPORARY
from mmsconsole.restore.target import WORK


def leftovers(home: Path, restored: list[Path]) -> list[str]:
    """One sentence for each process, lock, socket and temporary file."""
    return [
        *(f"a process: {command}" for command in processes_of(home)),
        *(f"a socket: {path}" for path in sockets_in(home)),
        *(f"a lock: {path}" for path in locks_held(home)),
        *(f"a temporary file: {path}" for path in temporary_files(home, restored)),
    ]


def processes_of(home: Path) -> list[str]:
    """Command lines that name something below the home: engines, guards and mongods."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(home) in command and int(folder.name) != os.getpid():
            found.append(f"{folder.name} {command}")
    return found


def sockets_in(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_socket()]


def locks_held(home: Path) -> list[Path]:
    return [path for path in home.rglob("*.lock") if path.is_file() and is_locked(path)]


def is_locked(path: Path) -> bool:
    with path.open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def temporary_files(home: Path, restored: list[Path]) -> list[Path]:
    work = [target / WORK for target in restored if (target / WORK).exists()]
    return [*home.rglob(f"{TEMPORARY}*"), *work]
