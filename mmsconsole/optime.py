"""A position in an oplog."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bson.timestamp import Timestamp

INCREMENT_MAX = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Optime:
    """Cluster time `t` (seconds) and `i` (increment), with the election term of the entry.

    Order and equality of position are (t, i); the term is compared only where a rollback is
    looked for (same_entry). `term` is -1 where it is not known.
    """

    t: int
    i: int
    term: int = -1

    @property
    def timestamp(self) -> Timestamp:
        return Timestamp(self.t, self.i)

    @property
    def time(self) -> datetime:
        """The whole second of cluster time, in UTC."""
        return datetime.fromtimestamp(self.t, UTC)

    @classmethod
    def of(cls, timestamp: Timestamp, term: int = -1) -> "Optime":
        return cls(timestamp.time, timestamp.inc, term)

    @classmethod
    def end_of_second(cls, seconds: int) -> "Optime":
        """The last position that a second may hold: a time given in seconds is inclusive."""
        return cls(seconds, INCREMENT_MAX)

    @property
    def before(self) -> "Optime":
        """The last position that may stand before it; that of the first is itself."""
        if self.i:
            return Optime(self.t, self.i - 1)
        return Optime(self.t - 1, INCREMENT_MAX) if self.t else self

    @property
    def after(self) -> "Optime":
        """The first position that may stand behind it."""
        return Optime(self.t, self.i + 1) if self.i < INCREMENT_MAX else Optime(self.t + 1, 0)

    def same_entry(self, other: "Optime") -> bool:
        return (self.t, self.i, self.term) == (other.t, other.i, other.term)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Optime) and (self.t, self.i) == (other.t, other.i)

    def __hash__(self) -> int:
        return hash((self.t, self.i))

    def __lt__(self, other: "Optime") -> bool:
        return (self.t, self.i) < (other.t, other.i)

    def __le__(self, other: "Optime") -> bool:
        return (self.t, self.i) <= (other.t, other.i)

    def __gt__(self, other: "Optime") -> bool:
        return (self.t, self.i) > (other.t, other.i)

    def __ge__(self, other: "Optime") -> bool:
        return (self.t, self.i) >= (other.t, other.i)

    def __str__(self) -> str:
        return f"{self.t}:{self.i}"
