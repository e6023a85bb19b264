"""A snapshot policy: when snapshots are taken, and how long they and the stored oplog are kept.

Pure. What is allowed follows the classic MMS, with shorter intervals for tests and small sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mmsconsole.errors import UsageError

DAY_MINUTES = 24 * 60
SHORTEST_CLASSIC = 6 * 60
INTERVALS = (
    0,
    *(each for each in range(1, SHORTEST_CLASSIC) if DAY_MINUTES % each == 0),
    *(hours * 60 for hours in (6, 8, 12, 24)),
)
"""Every one divides a day, so that the times of day stay the same."""
BASE_DAYS_MAX = 5
BASE_DAYS_MAX_OF_RARE = 30
"""With a snapshot a day, or none by themselves."""
DAILY = (0, 3, 4, 5, 6, 7, 15, 30, 60, 90, 120, 180, 360)


class Verify(StrEnum):
    """Which of a deployment's snapshots are restored for real, and compared."""

    EVERY = "every"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SnapshotPolicy:
    """The defaults are the classic ones. `checked` and `changed` validate; the bare class takes
    what it is given, so that old records never stand in the way of a backup.
    """

    interval_minutes: int = 360
    """Between due times; 0: no snapshots by themselves."""
    reference_hour: int = 0
    reference_minute: int = 0
    """A due time of every day, on the clocks of `zone`; the others lie whole intervals off."""
    zone: str = "UTC"
    """IANA name of the time zone of due times, days, weeks, months and years."""
    base_days: int = 2
    """So long every snapshot is kept, and the record of one that failed."""
    daily: int = 7
    """The first good one of each day, for so many days, today included; 0: none."""
    weekly: int = 4
    """The same of each week, which begins on Monday."""
    monthly: int = 13
    yearly: int = 0
    oplog_hours: int = 24
    """So far back from now every moment can be restored."""
    verify: str = Verify.EVERY.value
    full_read_days: int = 7
    """So often a snapshot reads all files, whatever their times say; 0: every one does."""

    def checked(self) -> "SnapshotPolicy":
        """Itself. Raises UsageError, naming key, value and what is allowed."""
        for key, value in asdict(self).items():
            check_value(key, value)
        longest = base_days_max(self.interval_minutes)
        if self.base_days > longest:
            raise _refused(
                "base_days", self.base_days,
                f"1 to {longest} with an interval of {self.interval_minutes} minutes",
            )  # fmt: skip
        return self

    def changed(self, changes: Mapping[str, object]) -> "SnapshotPolicy":
        """With some keys changed, and checked. Raises UsageError."""
        for key, value in changes.items():
            check_value(key, value)
        return self.overlaid(changes).checked()

    def overlaid(self, keys: Mapping[str, Any]) -> "SnapshotPolicy":
        """With the keys of a record over it, unchecked; keys of a newer program are left out."""
        known = {key: keys[key] for key in KEYS if key in keys}
        return SnapshotPolicy(**(asdict(self) | known))


KEYS = tuple(field.name for field in fields(SnapshotPolicy))


def base_days_max(interval_minutes: int) -> int:
    rare = interval_minutes in (0, DAY_MINUTES)
    return BASE_DAYS_MAX_OF_RARE if rare else BASE_DAYS_MAX


def nearest_interval(minutes: int) -> int:
    """The longest interval that is allowed and no longer than `minutes`."""
    return max(each for each in INTERVALS if each <= max(0, minutes))


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """Raises UsageError for what is no time zone that this machine knows."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # a folder, a path out of it, no such file
        raise _refused("zone", name, DOMAINS["zone"].says) from error


@dataclass(frozen=True, slots=True)
class Domain:
    """What a key may be."""

    says: str
    allows: Callable[[Any], bool]
    kind: type = int


def check_value(key: str, value: object) -> None:
    """Raises UsageError, naming key, value and what is allowed."""
    domain = DOMAINS.get(key)
    if domain is None:
        raise UsageError(f"a policy has no {key!r}", where=key, hint=f"it has {', '.join(KEYS)}")
    right_kind = isinstance(value, domain.kind) and not isinstance(value, bool)
    if not right_kind or not domain.allows(value):
        raise _refused(key, value, domain.says)


def _refused(key: str, value: object, allowed: str) -> UsageError:
    return UsageError(f"{key} can not be {value!r}", where=key, hint=f"{key} is {allowed}")


def _between(low: int, high: int, zero: str = "") -> Domain:
    return Domain(f"{low} to {high}{zero}", lambda value: low <= value <= high)


def _one_of(values: tuple[int, ...], says: str) -> Domain:
    return Domain(says, lambda value: value in values)


def _is_zone(name: str) -> bool:
    try:
        return bool(zone_of(name))
    except UsageError:
        return False


DOMAINS: Mapping[str, Domain] = {
    "interval_minutes": _one_of(
        INTERVALS,
        "0 (none by themselves), 360, 480, 720, 1440, or less than 360 that divides a day",
    ),
    "reference_hour": _between(0, 23),
    "reference_minute": _between(0, 59),
    "zone": Domain("the name of a time zone, as UTC or Europe/Berlin", _is_zone, str),
    "base_days": _between(1, BASE_DAYS_MAX_OF_RARE, " (up to 5 if snapshots are not 24 h apart)"),
    "daily": _one_of(DAILY, "one of " + ", ".join(map(str, DAILY))),
    "weekly": _between(0, 52, " (0: none)"),
    "monthly": _between(0, 36, " (0: none)"),
    "yearly": _between(0, 100, " (0: none)"),
    "oplog_hours": _between(0, 366 * 24),
    "verify": Domain("one of " + ", ".join(Verify), lambda value: value in list(Verify), str),
    "full_read_days": _between(0, 365, " (0: every snapshot reads all)"),
}
