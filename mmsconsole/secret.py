"""A string that does not show itself, and the file that one may be in."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECRET_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Secret:
    """A password, or a URI that may hold one. `reveal()` is the only way to its text."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


def read_secret_file(path: Path, check: Callable[[os.stat_result, Path], None]) -> bytes:
    """Its beginning, after `check` has seen whose it is: of the very file that is then read.

    Raises OSError, and what `check` raises.
    """
    # Without waiting, should it be a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        check(os.fstat(descriptor), path)
        return file.read(SECRET_BYTES_MAX)
