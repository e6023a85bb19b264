"""Which mongods run: looked up by the tests themselves, not by the product's own means."""

from pathlib import Path


def mongods_below(folder: Path) -> list[int]:
    """Process ids of mongods whose --dbpath lies below the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if Path(command[0]).name == "mongod" and "--dbpath" in command:
            dbpath = Path(command[command.index("--dbpath") + 1])
            if dbpath.is_relative_to(folder):
                found.append(int(entry.name))
    return found
