"""Watching the end of processes that are not our children."""

import os
import select


def gone(pid: int, within_seconds: float = 60) -> bool:
    """Wait for the end of a process; True if it has come."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_seconds)[0])
    finally:
        os.close(handle)
