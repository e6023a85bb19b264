"""What of a deployment's history is kept, and what expires. Pure: a dry run is the same call.

`now` is the earlier one of the wall clock and the observed oplog time: while a source is away, or
a clock runs backwards, nothing new expires. With the same facts, what has expired at one moment
has expired at every later one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import zip_longest

from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Fate, Keep, Outcome, Reason, RetentionPlan, SnapshotFacts
from mmsconsole.policy.periods import Period, begin_of, later, midnight
from mmsconsole.policy.policy import SnapshotPolicy, Verify, zone_of

Row = tuple[SnapshotFacts, ...]
"""In the order of their data."""


def plan(policy: SnapshotPolicy, facts: Iterable[SnapshotFacts], now: datetime) -> RetentionPlan:
    """What is kept, with all reasons, and what has expired.

    `facts`: of all snapshots of one deployment but those that are being deleted, in any order.
    A complete one is kept as long as any rule keeps it; the last good one, the last one that was
    verified good, and those that the oplog window, a hold or somebody at work needs, always.
    """
    return _Rules.of(policy, facts).plan(now)


def oplog_start(
    policy: SnapshotPolicy,
    facts: Iterable[SnapshotFacts],
    now: datetime,
    needed: Iterable[Optime] = (),
) -> Optime | None:
    """The position after which the stored oplog is needed; None: all of it.

    It is where the replay begins of the snapshot that the window's first moment needs, and no
    later than what the newest good snapshot and those in use need. One that is in doubt or was
    found wrong needs it too: it may be repaired. `needed`: further positions that somebody reads
    from (the head, open restores). Goes forward with `now`, never back, as long as the facts
    stay; it may lie before what is still stored.
    """
    rules = _Rules.of(policy, facts)
    if not rules.good:
        return None
    stones = [one for row in rules.stones_at(now) for one in row]
    wanted = [*stones, rules.good[-1], *(one for one in rules.facts if one.used_by)]
    running = [one for one in rules.facts if one.outcome is Outcome.RUNNING]
    begins = [one.begin for one in [*wanted, *running] if one.begin is not None]
    return min([*begins, *needed])


_PERIODS = (
    (Reason.DAILY, Period.DAY),
    (Reason.WEEKLY, Period.WEEK),
    (Reason.MONTHLY, Period.MONTH),
    (Reason.YEARLY, Period.YEAR),
)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What follows from policy and facts alone, whatever the time is."""

    policy: SnapshotPolicy
    facts: tuple[SnapshotFacts, ...]
    limited: Mapping[str, tuple[Keep, ...]]
    """By id: the rules that keep it for some time, by their end."""
    good: tuple[SnapshotFacts, ...]
    """By the moment of their data. Where none is good, the best there are."""
    stones: tuple[Row, ...]
    """What the oplog window may stand on, in order: of the good ones, and of all complete ones as
    if none was wrong. Damage that can be repaired must not cost the window.
    """

    @classmethod
    def of(cls, policy: SnapshotPolicy, facts: Iterable[SnapshotFacts]) -> "_Rules":
        ordered = tuple(sorted(facts, key=_order))
        zone = zone_of(policy.zone)
        complete = [one for one in ordered if one.outcome is Outcome.COMPLETE]
        best_first = sorted(complete, key=lambda one: (_fault(one), bool(one.expires_at), one.at))
        first = {period: _first_of_each(period, best_first, zone) for _, period in _PERIODS}
        limited = {one.id: _limited(policy, one, first, zone) for one in ordered}
        good = _best(complete)
        rows = (good, tuple(complete))
        stones = tuple(_stones(row, limited, zone, _window(policy)) for row in rows)
        return cls(policy, ordered, limited, good, stones)

    def plan(self, now: datetime) -> RetentionPlan:
        keeps: dict[str, list[Keep]] = {one.id: list(_always(one)) for one in self.facts}
        for id_, until in self._needed(now).items():
            keeps[id_].append(Keep(Reason.OPLOG_WINDOW, until))
        for one, reason in self._last():
            keeps[one.id].append(Keep(reason))
        return RetentionPlan(tuple(self._fate(one, keeps[one.id], now) for one in self.facts))

    def _fate(self, one: SnapshotFacts, always: list[Keep], now: datetime) -> Fate:
        limited = self.limited[one.id]
        lasting = [keep for keep in limited if keep.until is not None and keep.until > now]
        ended = tuple(keep for keep in limited if keep not in lasting)
        return Fate(one, (*lasting, *always), ended)

    def _last(self) -> Iterable[tuple[SnapshotFacts, Reason]]:
        """Those that are never given up, however old they are."""
        if self.good:
            last = self.good[-1]
            yield last, Reason.LAST_GOOD if last.good else Reason.LAST_LEFT
        verified = [one for one in self.good if one.verified and one.good]
        if verified and self.policy.verify != Verify.NEVER:
            yield verified[-1], Reason.LAST_VERIFIED

    def stones_at(self, now: datetime) -> list[Row]:
        """Of each row the newest stone that the window's first moment does not lie before, and
        all later ones; all of them where it lies before the first.
        """
        first = now - _window(self.policy)
        return [
            row[max(0, bisect_right(row, first, key=lambda one: one.at) - 1) :]
            for row in self.stones
        ]

    def _needed(self, now: datetime) -> dict[str, datetime | None]:
        """By id: until when. Each is needed until the window stands on the next one of its row."""
        found: dict[str, datetime | None] = {}
        for row in self.stones_at(now):
            ends = [one.at + _window(self.policy) for one in row[1:]]
            for one, until in zip_longest(row, ends):
                known = found.get(one.id, until)
                found[one.id] = None if known is None or until is None else max(known, until)
        return found


def _order(one: SnapshotFacts) -> tuple[datetime, int, str]:
    """By the moment of their data; of two in one second the increment tells which is newer."""
    return one.at, 0 if one.optime is None else one.optime.i, one.id


def _window(policy: SnapshotPolicy) -> timedelta:
    return timedelta(hours=policy.oplog_hours)


def _best(complete: Sequence[SnapshotFacts]) -> tuple[SnapshotFacts, ...]:
    best = min((_fault(one) for one in complete), default=0)
    return tuple(one for one in complete if _fault(one) == best)


def _stones(
    row: Row, limited: Mapping[str, tuple[Keep, ...]], zone: tzinfo, window: timedelta
) -> Row:
    daily = _first_of_each(Period.DAY, row, zone)
    return tuple(
        one for one in row if one.id in daily or _lives_through(one, limited[one.id], window)
    )


def _fault(one: SnapshotFacts) -> int:
    """0: good; in doubt; found wrong."""
    return 2 if one.bad else int(one.doubt)


def _first_of_each(period: Period, ordered: Iterable[SnapshotFacts], zone: tzinfo) -> set[str]:
    """Ids of the first one, in the order given, that stands for each period."""
    chosen: dict[date, str] = {}
    for one in ordered:
        chosen.setdefault(begin_of(period, _planned(one), zone), one.id)
    return set(chosen.values())


def _planned(one: SnapshotFacts) -> datetime:
    """That of midnight belongs to the new day, although its data may be a moment older."""
    return one.due_at or one.at


def _limited(
    policy: SnapshotPolicy,
    one: SnapshotFacts,
    first: Mapping[Period, set[str]],
    zone: tzinfo,
) -> tuple[Keep, ...]:
    """By their end."""
    if one.expires_at is not None:
        return (Keep(Reason.OWN_DATE, one.expires_at),)
    keeps = [Keep(Reason.BASE, one.at + timedelta(days=policy.base_days))]
    for reason, period in _PERIODS:
        count = int(getattr(policy, reason.value))
        if count and one.id in first[period]:
            begin = begin_of(period, _planned(one), zone)
            keeps.append(Keep(reason, midnight(later(period, begin, count), zone)))
    return tuple(sorted(keeps, key=lambda keep: keep.until or datetime.max.replace(tzinfo=UTC)))


def _always(one: SnapshotFacts) -> Iterable[Keep]:
    if one.hold:
        yield Keep(Reason.HELD, None, one.hold)
    if one.used_by:
        yield Keep(Reason.IN_USE, None, one.used_by)
    if one.outcome is Outcome.RUNNING:
        yield Keep(Reason.RUNNING)


def _lives_through(one: SnapshotFacts, limited: Sequence[Keep], window: timedelta) -> bool:
    """Whether it is still there when the window's first moment comes to it."""
    ends = [keep.until for keep in limited if keep.until is not None]
    return bool(one.hold) or max(ends) >= one.at + window
