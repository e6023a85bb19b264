"""What a long watch has seen, and what of it is wrong. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median

from tests.soak.figures import MEGABYTE, slope_mb_per_hour


@dataclass(frozen=True, slots=True)
class Fault:
    """From its cause until all was well again."""

    act: str
    subjects: frozenset[str]
    """The members that it hits."""
    begin: datetime
    end: datetime
    engine_killed: bool

    def excuses(self, subject: str, at: datetime) -> bool:
        return self.begin <= at <= self.end and (self.engine_killed or subject in self.subjects)


@dataclass(slots=True)
class Figures:
    acts: Counter[str] = field(default_factory=Counter)
    told_seconds: dict[str, list[float]] = field(default_factory=dict)
    """By condition: from the cause to the mail, where nothing of ours was killed meanwhile."""
    kills: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    samples: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)
    """(seconds, resident bytes) of the engine that runs now."""
    cpu_percent: float = 0.0
    """Of the engine that runs now, over its life; of its children nothing."""
    agent_percent: float = 0.0
    """What the monitoring says that it costs itself."""
    mails: int = 0
    wrong: list[str] = field(default_factory=list)


def holes(
    subject: str, times: Sequence[datetime], interval: float, faults: Iterable[Fault]
) -> list[str]:
    """Where samples are missing and no fault tells why: one sentence each."""
    faults = list(faults)
    return [
        f"{subject} has no samples for {(after - before).total_seconds():.0f} s from {before:%X}"
        for before, after in pairwise(times)
        if (after - before).total_seconds() > 4 * interval
        and not any(fault.excuses(subject, before + (after - before) / 2) for fault in faults)
    ]


def not_caused(condition: str, subject: str, at: datetime, faults: Iterable[Fault]) -> str:
    """A sentence, of an alert of a member that had no fault."""
    if any(subject in fault.subjects and fault.begin <= at <= fault.end for fault in faults):
        return ""
    return f"{condition} of {subject} at {at:%X}, and it had nothing"


def text(seconds: float, figures: Figures) -> str:
    lines = [f"{count:5} {act}" for act, count in sorted(figures.acts.items())]
    lines += [f"{count:5} kills of the {victim}" for victim, count in figures.kills.items()]
    lines += [
        f"{condition}: {len(found)} told, {median(found):.1f} s after the cause in the middle, "
        f"{max(found):.1f} s at most"
        for condition, found in sorted(figures.told_seconds.items())
    ]
    sizes = [size / MEGABYTE for _, size in figures.memory]
    if sizes:
        slope = slope_mb_per_hour(figures.memory)
        lines.append(
            f"engine: {sizes[0]:.0f} MB, then {sizes[-1]:.0f} MB ({slope:+.0f} MB an hour), "
            f"{figures.cpu_percent:.1f} % of a core; the agent says {figures.agent_percent:.1f} %"
        )
    lines.append(f"{figures.samples} samples, {figures.mails} mails in {seconds:.0f} s")
    lines += [f"WRONG: {sentence}" for sentence in figures.wrong]
    return "\n".join(lines)
