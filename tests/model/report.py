"""What a run has done, counted."""

from collections import Counter
from dataclasses import dataclass, field

from tests.model.faults import FAULTS


@dataclass
class Report:
    done: Counter[str] = field(default_factory=Counter)
    """Steps that succeeded, by kind."""
    refused: Counter[str] = field(default_factory=Counter)
    """Steps that the source refused: they left no entry, or entries of a part."""
    cut_off: Counter[str] = field(default_factory=Counter)
    """Steps whose answer an election or a kill took away."""
    moments: int = 0
    """Restored, and equal."""
    heads: int = 0
    """Comparisons of the head with the source."""

    @property
    def faults(self) -> int:
        return sum(self.done[kind] for kind in FAULTS)

    def __add__(self, other: "Report") -> "Report":
        return Report(
            self.done + other.done, self.refused + other.refused, self.cut_off + other.cut_off,
            self.moments + other.moments, self.heads + other.heads,
        )  # fmt: skip

    @property
    def summary(self) -> str:
        return (
            f"{sum(self.done.values())} steps done, {sum(self.refused.values())} refused, "
            f"{self.faults} faults survived, the head equal {self.heads} times, "
            f"{self.moments} moments restored, each equal"
        )

    def __str__(self) -> str:
        lines = [f"{'step':20} {'done':>6} {'refused':>8} {'cut off':>8}"]
        for kind in sorted(self.done.keys() | self.refused.keys() | self.cut_off.keys()):
            counts = self.done[kind], self.refused[kind], self.cut_off[kind]
            lines.append(f"{kind:20} {counts[0]:6} {counts[1]:8} {counts[2]:8}")
        return "\n".join([*lines, self.summary])
