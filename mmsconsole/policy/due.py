"""Due times: a grid of clock times in a zone, through every change of the clocks. Pure.

A clock time that is left out (clocks go forward) is due when it would have been; one that comes
twice (clocks go back) is due the first time. Where the interval is no longer than the change
itself, the grid is dense enough without the one, and would have a hole without the other: then
what is left out is left out, and what comes twice is due twice.
"""

from datetime import UTC, datetime, timedelta, tzinfo

from mmsconsole.policy.policy import SnapshotPolicy, zone_of

_FAR = timedelta(days=2)
"""No change of the clocks is longer than a day."""


def latest_due(policy: SnapshotPolicy, at: datetime) -> datetime | None:
    """The last due time at or before a moment; None: the policy has none."""
    return max((slot for slot in _slots_near(policy, at) if slot <= at), default=None)


def next_due(policy: SnapshotPolicy, after: datetime) -> datetime | None:
    """The first due time after a moment; None: the policy has none."""
    return min((slot for slot in _slots_near(policy, after) if slot > after), default=None)


def first_due(policy: SnapshotPolicy, begin: datetime) -> datetime | None:
    """The first due time at or after a moment; None: the policy has none."""
    return min((slot for slot in _slots_near(policy, begin) if slot >= begin), default=None)


def due_slot(
    policy: SnapshotPolicy,
    observed: datetime,
    *,
    taken: datetime | None,
    planned: datetime | None,
) -> datetime | None:
    """The due time that a snapshot is to be taken for now; None: none is due.

    `observed` is the oplog's time, `taken` the newest due time that one was asked for, whatever
    became of it: a failing one is not tried again at once, and after a downtime one is made up,
    not many. Nothing is taken for a time before `planned`, whatever the policy has become.
    """
    slot = latest_due(policy, observed)
    if slot is None or (taken is not None and slot <= taken):
        return None
    return None if planned is not None and slot < planned else slot


def _slots_near(policy: SnapshotPolicy, at: datetime) -> list[datetime]:
    """Every due time from the one before `at` to the one after it, and some more, in UTC."""
    if policy.interval_minutes == 0:
        return []
    zone = zone_of(policy.zone)
    interval = timedelta(minutes=policy.interval_minutes)
    reach = interval + _change_near(zone, at)
    middle = at.astimezone(zone).replace(tzinfo=None)
    clock = _on_grid(policy, middle - reach)
    slots: list[datetime] = []
    while clock <= middle + reach + interval:
        slots += _moments(clock, zone, interval)
        clock += interval
    return slots


def _on_grid(policy: SnapshotPolicy, clock: datetime) -> datetime:
    """The last clock time of the grid at or before one. An interval divides a day."""
    reference = policy.reference_hour * 60 + policy.reference_minute
    minutes = clock.hour * 60 + clock.minute
    back = (minutes - reference) % policy.interval_minutes
    return clock.replace(second=0, microsecond=0) - timedelta(minutes=back)


def _change_near(zone: tzinfo, at: datetime) -> timedelta:
    """How far the clocks are changed around a moment."""
    offsets = [(at + far).astimezone(zone).utcoffset() or timedelta() for far in (-_FAR, _FAR)]
    return abs(offsets[1] - offsets[0])


def _moments(clock: datetime, zone: tzinfo, interval: timedelta) -> list[datetime]:
    """When the clocks of the zone show a time that a snapshot is due at."""
    first, second = (clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first < second:  # it comes twice
        return [first, second] if interval <= second - first else [first]
    if first > second:  # it is left out; `first` is counted on from before the change
        return [first] if interval > first - second else []
    return [first]
