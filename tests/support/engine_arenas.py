"""python -m tests.support.engine_arenas: prints how many of malloc's arenas an engine uses.

Of an engine whose parts are eight threads that allocate at one time.
"""

import ctypes
import re
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from mmsconsole.clock import Clock, SystemClock
from mmsconsole.engine.run import run_engine
from mmsconsole.errors import MmsError
from mmsconsole.settings import Settings, load_settings

THREADS = 8


class Allocating(MmsError):
    """Ends the engine."""


def arenas() -> int:
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    with TemporaryDirectory() as folder:
        report = Path(folder, "malloc.xml")
        stream = ctypes.c_void_p(libc.fopen(str(report).encode(), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        return len(re.findall("<heap nr=", report.read_text()))


def allocate(together: threading.Barrier) -> None:
    together.wait()
    ctypes.CDLL(None).malloc(4096)
    together.wait()


def parts(settings: Settings, clock: Clock) -> object:
    together = threading.Barrier(THREADS)
    threads = [threading.Thread(target=allocate, args=(together,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(arenas())
    raise Allocating("seen")


if __name__ == "__main__":
    try:
        run_engine(load_settings(), SystemClock(), sys.stdout, parts)  # type: ignore[arg-type]
    except Allocating:
        sys.exit(0)
