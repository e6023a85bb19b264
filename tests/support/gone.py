"""Watching the end of processes that are not our children."""

import os
import select

import psutil


def runs(process: psutil.Process) -> bool:
    """One that has ended, and that its parent has not asked about yet, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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
