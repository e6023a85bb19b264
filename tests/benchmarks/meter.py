"""Wall seconds, CPU seconds by group of processes, and the peak memory of one process.

From /proc: a thread reads it every SAMPLE_SECONDS, so what a process that ends used in its last
moments is lost, and one that lives shorter than a look is not seen.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.1
SAMPLES_PER_LOOK = 5
"""Processes are looked for this seldom: reading all of /proc costs the measured CPU time."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000

Groups = Callable[[], Mapping[str, Iterable[int]]]
"""Name of a group -> the process ids in it now."""


@dataclass
class Measured:
    """What one stage took."""

    seconds: float = 0.0
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    """By group."""
    peak_mb: float = 0.0
    """Resident, of the watched process."""


class Meter:
    """Measures blocks. `groups` is asked at every sample, for processes come and go."""

    def __init__(self, groups: Groups, watched: int | None = None) -> None:
        self._groups = groups
        self._watched = watched

    @contextmanager
    def measure(self) -> Iterator[Measured]:
        measured = Measured()
        sampler = _Sampler(self._groups)
        if self._watched is not None:
            reset_peak(self._watched)
        began = time.perf_counter()
        with sampler:
            yield measured
        measured.seconds = time.perf_counter() - began
        measured.cpu_seconds = sampler.used()
        if self._watched is not None:
            measured.peak_mb = peak_bytes(self._watched) / MEGABYTE


class _Sampler:
    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._found: list[tuple[str, int]] = []
        self._first: dict[tuple[str, int], float] = {}
        self._last: dict[tuple[str, int], float] = {}
        self._began = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Sampler":
        self._look()
        self._sample()
        self._began = True
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._look()
        self._sample()

    def used(self) -> dict[str, float]:
        found = dict.fromkeys(self._groups(), 0.0)
        for (name, pid), last in self._last.items():
            found[name] = found.get(name, 0.0) + last - self._first[name, pid]
        return found

    def _run(self) -> None:
        for number in itertools.count(1):
            if self._end.wait(SAMPLE_SECONDS):
                return
            if number % SAMPLES_PER_LOOK == 0:
                self._look()
            self._sample()

    def _look(self) -> None:
        self._found = [(name, pid) for name, pids in self._groups().items() for pid in pids]

    def _sample(self) -> None:
        for name, pid in self._found:
            seconds = cpu_seconds(pid)
            if seconds is not None:
                # One that came later has used all of its time inside the block.
                self._first.setdefault((name, pid), 0.0 if self._began else seconds)
                self._last[name, pid] = seconds


def cpu_seconds(pid: int) -> float | None:
    """User and system, all threads; None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def peak_bytes(pid: int) -> int:
    """Highest resident size since reset_peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
