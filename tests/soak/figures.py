"""What was seen while it ran, and what is said of it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import linear_regression, median

MEGABYTE = 1_000_000
HOUR_SECONDS = 3600
STEADY_SECONDS = 1800
"""Only a run so long says something about growth; its first half warms up."""
GROWTH_MAX = 1.25


@dataclass(frozen=True, slots=True)
class Sample:
    seconds: float
    """Since the start."""
    engine_bytes: int
    """Resident, of the engine's own process."""
    head_bytes: int
    """Of all mongods of heads."""
    lag_seconds: int | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored oplog."""

    chunks: int = 0
    entries: int = 0
    raw_bytes: int = 0
    stored_bytes: int = 0


@dataclass
class Figures:
    samples: list[Sample] = field(default_factory=list)
    durable_seconds: list[float] = field(default_factory=list)
    """From an acknowledged write to its durable chunk."""
    stored: Stored = Stored()
    snapshots: int = 0
    heads: int = 0
    """Comparisons of head and source."""
    restores: int = 0
    kills: int = 0
    steps: int = 0
    events: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What must not be: one sentence each."""

    @property
    def lag_max(self) -> int:
        return max((one.lag_seconds or 0 for one in self.samples), default=0)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed; 0 if there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def slope_mb_per_hour(samples: Sequence[tuple[float, int]]) -> float:
    """Of (seconds, bytes), by least squares; 0 for fewer than two."""
    if len({seconds for seconds, _ in samples}) < 2:
        return 0.0
    seconds, sizes = zip(*samples, strict=True)
    return linear_regression(seconds, sizes).slope * HOUR_SECONDS / MEGABYTE


def growth(samples: Sequence[tuple[float, int]]) -> float:
    """How many times larger the last quarter is than the one before it; 1 for a short run."""
    if not samples or samples[-1][0] - samples[0][0] < STEADY_SECONDS:
        return 1.0
    quarter = max(1, len(samples) // 4)
    before = median(size for _, size in samples[-2 * quarter : -quarter])
    return median(size for _, size in samples[-quarter:]) / max(before, 1)


def engine_sizes(figures: Figures) -> list[tuple[float, int]]:
    return [(one.seconds, one.engine_bytes) for one in figures.samples if one.engine_bytes]


def head_sizes(figures: Figures) -> list[tuple[float, int]]:
    return [(one.seconds, one.head_bytes) for one in figures.samples if one.head_bytes]


def verdict(figures: Figures) -> list[str]:
    """Everything that was wrong; nothing if all was well."""
    found = list(figures.wrong)
    for name, sizes in (("engine", engine_sizes(figures)), ("heads", head_sizes(figures))):
        grown = growth(sizes)
        if grown > GROWTH_MAX:
            found.append(f"the memory of the {name} grew by {grown - 1:.0%} in the last half")
    if not figures.heads:
        found.append("the head was never compared with the source")
    if not figures.restores:
        found.append("nothing was restored")
    return found


def line(seconds: float, figures: Figures) -> str:
    """Every now and then, while it runs."""
    last = figures.samples[-1] if figures.samples else Sample(0, 0, 0, None)
    return (
        f"{seconds / 60:6.1f} min  {figures.steps} steps  {figures.stored.entries} entries  "
        f"{figures.snapshots} snapshots  {figures.restores} restores  lag {last.lag_seconds} s  "
        f"engine {last.engine_bytes / MEGABYTE:.0f} MB  heads {last.head_bytes / MEGABYTE:.0f} MB  "
        f"{len(figures.wrong)} wrong"
    )


def text(seconds: float, figures: Figures) -> str:
    """The report at the end."""
    stored, durable = figures.stored, figures.durable_seconds
    lines = [
        f"{seconds / 60:.1f} minutes, {figures.steps} steps of the workload, {figures.kills} kills",
        f"stored: {stored.entries} entries in {stored.chunks} chunks, "
        f"{stored.raw_bytes / MEGABYTE:.1f} MB, {stored.stored_bytes / MEGABYTE:.1f} MB compressed",
        f"checked: {figures.snapshots} snapshots, {figures.restores} restores, "
        f"the head {figures.heads} times",
        f"lag: {figures.lag_max} s at most",
        f"write to durable chunk, {len(durable)} writes: p50 {percentile(durable, 50):.2f} s, "
        f"p99 {percentile(durable, 99):.2f} s, max {max(durable, default=0):.2f} s",
        _memory("engine", engine_sizes(figures)),
        _memory("heads", head_sizes(figures)),
        "events: " + (", ".join(f"{n} {kind}" for kind, n in figures.events.most_common()) or "-"),
    ]
    found = [f"WRONG: {what}" for what in verdict(figures)]
    return "\n".join(lines + (found or ["all well"]))


def _memory(name: str, sizes: Sequence[tuple[float, int]]) -> str:
    low = min((size for _, size in sizes), default=0) / MEGABYTE
    high = max((size for _, size in sizes), default=0) / MEGABYTE
    slope = slope_mb_per_hour(sizes)
    return f"memory of the {name}: {low:.0f} to {high:.0f} MB, {slope:+.0f} MB per hour"
