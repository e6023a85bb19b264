"""The process's own streams, in whatever state it was given them."""

import io
import os
import sys
from typing import TextIO


def standard_streams() -> tuple[TextIO, TextIO, TextIO]:
    """stdin, stdout, stderr. A closed one is /dev/null, and takes its number back.

    Else the next file or socket that is opened would have it. What the terminal's encoding can
    not show is written as an escape.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(_null())
    if sys.stdout is None:
        sys.stdout = os.fdopen(_null(), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(_null(), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return sys.stdin, sys.stdout, sys.stderr


def drop(stream: TextIO) -> None:
    """What it still holds can not be written, and must not be tried again at the exit."""
    try:
        number = stream.fileno()
    except io.UnsupportedOperation:
        return  # a stream of a test
    os.dup2(_null(), number)


def _null() -> int:
    return os.open(os.devnull, os.O_RDWR)
