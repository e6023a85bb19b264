"""How much memory the engine's process keeps that it does not use."""

import ctypes

ARENAS_MAX = 2

_M_ARENA_MAX = -8
"""malloc.h of glibc."""


def bound_arenas() -> None:
    """Let all threads share ARENAS_MAX of malloc's arenas. Does nothing without glibc's malloc.

    An arena hardly gives back what was freed in it, and glibc makes up to eight for each core:
    buffers of some MB, used by many threads in turn, leave an engine with hundreds of MB that
    it does not use. Call it before threads are started.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS_MAX)
