"""What holds for every history, every policy and every moment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.optime import Optime
from mmsconsole.policy.fates import Outcome, Reason, RetentionPlan, SnapshotFacts
from mmsconsole.policy.policy import DAILY, SnapshotPolicy, Verify
from mmsconsole.policy.retention import oplog_start, plan
from tests.policy.facts import at, snapshot

MIDDLE = at("2026-10-25T01:00")
"""The clocks of Berlin go back."""
FAR = datetime(2200, 1, 1, tzinfo=UTC)
SHORT = settings(max_examples=80, deadline=None)

MINUTES = st.integers(-60 * 24 * 60, 3 * 24 * 60)
MOMENTS = MINUTES.map(lambda minutes: MIDDLE + timedelta(minutes=minutes))
POLICIES = st.builds(
    SnapshotPolicy,
    base_days=st.integers(1, 5),
    daily=st.sampled_from(DAILY[:6]),
    weekly=st.integers(0, 4),
    monthly=st.integers(0, 3),
    yearly=st.integers(0, 2),
    oplog_hours=st.sampled_from((0, 1, 24, 50, 400)),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")),
    verify=st.sampled_from(list(Verify)).map(str),
)
OUTCOMES = st.sampled_from([Outcome.COMPLETE] * 6 + list(Outcome))
POSITIONS = st.lists(st.builds(Optime, st.integers(0, 1 << 31), st.just(0)))
RARELY = st.sampled_from((False, False, False, True))


@st.composite
def histories(draw: st.DrawFn) -> list[SnapshotFacts]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        moment, outcome = draw(MOMENTS), draw(OUTCOMES)
        complete = outcome is Outcome.COMPLETE
        one = snapshot(
            f"s{number}", moment,
            outcome=outcome,
            optime=Optime(int(moment.timestamp()), number) if complete else None,
            replay_from=draw(st.sampled_from((None, Optime(int(moment.timestamp()) - 90_000, 1)))),
            due_at=draw(st.sampled_from((None, moment))),
            doubt=draw(RARELY),
            bad=complete and draw(RARELY),
            verified=complete and draw(RARELY),
            hold="why" if draw(RARELY) and draw(RARELY) else "",
            expires_at=draw(MOMENTS) if draw(RARELY) else None,
            used_by="a restore" if draw(RARELY) and draw(RARELY) else "",
        )  # fmt: skip
        found.append(replace(one, verified=one.verified and not one.bad))
    return found


def by_data(facts: Sequence[SnapshotFacts]) -> list[SnapshotFacts]:
    """Those without data never count here, so their place does not matter."""
    return sorted(facts, key=lambda one: (one.at, 0 if one.optime is None else one.optime.i))


def ids(fates: RetentionPlan) -> set[str]:
    """Of the expired ones."""
    return {fate.id for fate in fates.expired}


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_the_last_good_one_never_goes_nor_one_that_is_held_in_use_or_being_taken(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    for moment in (now, FAR):
        expired = ids(plan(policy, facts, moment))
        good = [one for one in by_data(facts) if one.good]
        assert not good or good[-1].id not in expired
        verified = [one for one in good if one.verified]
        if verified and policy.verify != Verify.NEVER:
            assert verified[-1].id not in expired
        for one in facts:
            protected = one.hold or one.used_by or one.outcome is Outcome.RUNNING
            assert not protected or one.id not in expired
        complete = {one.id for one in facts if one.outcome is Outcome.COMPLETE}
        assert not complete or complete - expired


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_the_snapshot_that_the_windows_first_moment_needs_stays_with_its_oplog(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    """Of the good ones; and of all, because what is in doubt or wrong may be repaired."""
    complete = [one for one in by_data(facts) if one.outcome is Outcome.COMPLETE]
    kept = {fate.id for fate in plan(policy, facts, now).kept}
    start = oplog_start(policy, facts, now)
    for row in ([one for one in complete if one.good], complete):
        if not row:
            continue
        first_moment = max(now - timedelta(hours=policy.oplog_hours), row[0].at)
        bases = [one for one in row if one.id in kept and one.at <= first_moment]
        assert start is not None
        assert any(one.begin is not None and start <= one.begin for one in bases)


@given(
    POLICIES, histories(), MOMENTS, st.lists(st.builds(Optime, st.integers(0, 1 << 31), st.just(0)))
)
@SHORT
def test_no_oplog_goes_that_the_newest_good_one_a_restore_or_a_head_needs(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime, needed: list[Optime]
) -> None:
    start = oplog_start(policy, facts, now, needed)
    if not any(one.outcome is Outcome.COMPLETE for one in facts):
        assert start is None
        return
    assert start is not None
    good = [one for one in by_data(facts) if one.good]
    users = [*good[-1:], *(one for one in facts if one.used_by)]
    assert all(start <= one.begin for one in users if one.begin is not None)
    assert all(start <= position for position in needed)


@given(POLICIES, histories(), MOMENTS, st.randoms(use_true_random=False))
@SHORT
def test_the_order_of_what_is_told_does_not_matter(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime, chance: object
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan(policy, shuffled, now) == plan(policy, facts, now)
    assert oplog_start(policy, shuffled, now) == oplog_start(policy, facts, now)


@given(POLICIES, histories(), MOMENTS, MOMENTS)
@SHORT
def test_what_has_expired_at_one_moment_has_expired_at_every_later_one(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], one: datetime, other: datetime
) -> None:
    """So a clock that runs backwards deletes nothing: see the next test."""
    early, late = sorted((one, other))
    assert ids(plan(policy, facts, early)) <= ids(plan(policy, facts, late))
    starts = [oplog_start(policy, facts, moment) for moment in (early, late)]
    assert starts[0] is starts[1] is None or (starts[0] or 0) <= (starts[1] or 0)  # type: ignore[operator]


@given(POLICIES, histories(), MOMENTS, MOMENTS)
@SHORT
def test_after_a_run_an_earlier_time_deletes_nothing_and_neither_does_the_same(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], one: datetime, other: datetime
) -> None:
    early, late = sorted((one, other))
    left = [fate.facts for fate in plan(policy, facts, late).kept]
    assert plan(policy, left, late).expired == ()
    assert plan(policy, left, early).expired == ()


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_each_goes_just_when_it_was_said_if_nothing_changes(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    for fate in plan(policy, facts, now).kept:
        if fate.expires_at is None:
            assert plan(policy, facts, FAR).of(fate.id).kept
        else:
            just_before = fate.expires_at - timedelta(microseconds=1)
            assert fate.expires_at > now
            assert plan(policy, facts, just_before).of(fate.id).kept
            assert not plan(policy, facts, fate.expires_at).of(fate.id).kept


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_a_kept_one_says_why_and_so_does_an_expired_one(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    fates = plan(policy, facts, now)
    assert sorted(fate.id for fate in fates.fates) == sorted(one.id for one in facts)
    for fate in fates.fates:
        assert bool(fate.keeps) == (fate.why == "") == fate.kept
        if not fate.kept:
            assert fate.expires_at is not None
            assert fate.expires_at <= now


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_one_that_may_be_wrong_stands_for_a_day_only_where_there_is_no_good_one(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    policy = replace(policy, zone="UTC", daily=360)
    good_days = {(one.due_at or one.at).date() for one in facts if one.good}
    for fate in plan(policy, facts, now).fates:
        daily = any(keep.reason is Reason.DAILY for keep in fate.keeps)
        if daily and not fate.facts.good:
            assert (fate.facts.due_at or fate.facts.at).date() not in good_days


@given(POLICIES, histories(), MOMENTS)
@SHORT
def test_base_days_and_a_date_of_its_own_are_kept_to(
    policy: SnapshotPolicy, facts: list[SnapshotFacts], now: datetime
) -> None:
    expired = ids(plan(policy, facts, now))
    for one in facts:
        promised = one.expires_at or one.at + timedelta(days=policy.base_days)
        assert one.id not in expired or promised <= now


def test_the_snapshot_of_midnight_belongs_to_the_new_day_although_its_data_may_be_older() -> None:
    policy, midnight = SnapshotPolicy(base_days=1, weekly=0, monthly=0), at("2026-03-03")
    before, after = Optime(int(midnight.timestamp()) - 1, 1), at("2026-03-03T06:00")
    facts = [snapshot("midnight", midnight, optime=before), snapshot("morning", after)]
    fates = plan(policy, facts, at("2026-03-09T12:00"))
    assert [keep.reason for keep in fates.of("midnight").keeps] == [Reason.DAILY]
    assert Reason.DAILY not in [keep.reason for keep in fates.of("morning").keeps]


def test_no_oplog_goes_that_a_snapshot_that_is_being_taken_will_need() -> None:
    begin = Optime(int(at("2026-03-01").timestamp()), 1)
    running = snapshot("runs", "2026-03-09", outcome=Outcome.RUNNING, replay_from=begin)
    facts = [snapshot("done", "2026-03-08"), running]
    assert oplog_start(SnapshotPolicy(oplog_hours=0), facts, at("2026-03-09")) == begin


def test_damage_that_is_found_costs_nothing_of_the_window_before_it_is_repaired() -> None:
    """A store that was lost, with a copy in another: all of it may be whole again in a minute."""
    there = [snapshot(f"s{hour}", f"2026-03-18T{hour:02}:00") for hour in (0, 6, 12)]
    now = at("2026-03-18T14:00")
    before = oplog_start(SnapshotPolicy(oplog_hours=24), there, now)
    hurt = [replace(one, doubt=True, bad=one.id == "s0") for one in there]
    hurt.append(snapshot("new", "2026-03-18T13:59"))
    assert oplog_start(SnapshotPolicy(oplog_hours=24), hurt, now) == before
    assert not plan(SnapshotPolicy(oplog_hours=24), hurt, at("2026-03-19T00:00")).expired


def test_no_oplog_goes_that_the_newest_good_one_needs_for_a_transaction_open_then() -> None:
    """A replay on top of it begins before the one on top of the window's snapshot."""
    begin = Optime(int(at("2026-03-07").timestamp()), 1)
    newest = snapshot("newest", "2026-03-09T06:00", replay_from=begin)
    policy = SnapshotPolicy(base_days=1, oplog_hours=400)
    facts = [snapshot("midnight", "2026-03-09"), newest]
    assert oplog_start(policy, facts, at("2026-03-09T07:00")) == begin


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    """When each snapshot is taken, and when retention looks next: mostly a little later, or much,
    or with a clock that went back."""
    now, found = MIDDLE - timedelta(days=20), []
    for _ in range(draw(st.integers(1, 25))):
        now += timedelta(minutes=draw(st.sampled_from((30, 360, 360, 720, 1440, 4000))))
        look = draw(st.sampled_from((0, 0, 10, 5000, -3000)))
        found.append((now, now + timedelta(minutes=look)))
    return found


@given(POLICIES, lives())
@SHORT
def test_step_by_step_the_window_is_never_broken(
    policy: SnapshotPolicy, life: list[tuple[datetime, datetime]]
) -> None:
    """What goes is gone, oplog too: every moment of the window stays restorable all the same."""
    there: list[SnapshotFacts] = []
    given_up, latest = Optime(0, 0), life[0][0]
    for number, (taken, now) in enumerate(life):
        there.append(snapshot(f"s{number:02}", taken))
        there = [fate.facts for fate in plan(policy, there, now).kept]
        given_up = max(given_up, oplog_start(policy, there, now) or given_up)
        latest = max(latest, now)
        first_moment = max(life[0][0], latest - timedelta(hours=policy.oplog_hours))
        bases = [one for one in there if one.begin is not None and one.begin >= given_up]
        assert any(one.at <= first_moment for one in bases)
