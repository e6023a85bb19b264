"""Which mongod runs the private metadata database."""

from collections.abc import Sequence
from pathlib import Path

from mmsconsole.durable import write_file
from mmsconsole.errors import NoSuitableMongod
from mmsconsole.mongod.binaries import MongodBinary, Version

VERSION_FILE = "mongod-version"
"""The version that made the database: its files keep that one's format."""

HINT = 'install MongoDB {} and name its mongod in the settings: [mongod] binaries = ["/path"]'


def made_by(folder: Path) -> Version | None:
    """None before the first start."""
    path = folder / VERSION_FILE
    return Version.parse(path.read_text()) if path.exists() else None


def remember(folder: Path, version: Version) -> None:
    write_file(folder / VERSION_FILE, [str(version).encode()])


def choose_for_metadata(binaries: Sequence[MongodBinary], made: Version | None) -> MongodBinary:
    """Pure: of the series that made the database; else the oldest of the newer ones.

    A new database takes the newest. Raises NoSuitableMongod.
    """
    by_version = sorted(binaries, key=lambda binary: binary.version)
    if not by_version:
        what = "the metadata database needs a mongod, and none is at hand"
        raise NoSuitableMongod(what, hint=HINT.format("6.0"))
    if made is None:
        return by_version[-1]
    same = [binary for binary in by_version if binary.version.series == made.series]
    newer = [binary for binary in by_version if binary.version.series > made.series]
    if not same and not newer:
        what = f"the metadata database was made by mongod {made}; only older ones are at hand"
        raise NoSuitableMongod(what, hint=HINT.format(f"{made.major}.{made.minor}"))
    return same[-1] if same else newer[0]
