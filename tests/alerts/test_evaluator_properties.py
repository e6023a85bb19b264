"""Whatever happens in whatever order: what must never be."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mmsconsole.alerts.acknowledging import acknowledged
from mmsconsole.alerts.telling import wait_seconds
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.maintenance import MaintenanceWindow
from tests.alerts.world import World, lag, rule

VALUES = st.sampled_from([None, 0.0, 40.0, 75.0])
STEPS = st.tuples(
    VALUES,
    VALUES,
    st.sampled_from([0.0, 10.0, 60.0, 400.0]),  # the evaluator's seconds
    st.sampled_from([-90_000.0, -10.0, 0.0, 10.0, 60.0, 90_000.0]),  # the wall clock's
    st.sampled_from(["", "", "", "", "ack", "window", "remove", "add", "off", "on"]),
    st.integers(0, 6),  # after how many writes it is killed
)
RULES = st.builds(
    rule,
    for_seconds=st.sampled_from([0, 20]),
    clear_seconds=st.sampled_from([0, 20]),
    clear_threshold=st.sampled_from([None, 30.0]),
    renotify_minutes=st.sampled_from([0, 1, 5]),
)


Story = list[Any]


def play(world: World, story: Story, *, kills: bool) -> list[list[str]]:
    """The channel's messages after each step."""
    told = []
    for one, other, seconds, wall, what, writes in story:
        act(world, str(what))
        findings = [lag(one), lag(other, "db3:27017")]
        if kills:
            world.look(*findings, stop_after=int(writes or 0))
        world.look(*findings)
        told.append(list(world.sent))
        world.pass_(float(seconds or 0), wall=float(wall or 0))
    return told


def act(world: World, what: str) -> None:
    standing = world.standing
    if what == "ack" and standing:
        until = world.now + timedelta(seconds=30)
        alert = acknowledged(standing[0], "ada", until, "", world.now)
        world.alerts[alert.id] = alert
    elif what == "window":
        end = world.now + timedelta(seconds=30)
        world.windows.append(MaintenanceWindow("m", "default", world.now, end))
    elif what == "remove":
        world.names.pop("d1", None)
    elif what == "add":
        world.names["d1"] = "shop"
    elif what in ("off", "on"):
        world.rules = [replace(world.rules[0], enabled=what == "on")]


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(STEPS, max_size=12))
def test_no_key_ever_has_two_open_alerts(first: AlertRule, story: Story) -> None:
    world = World([first])
    play(world, story, kills=True)
    assert max(Counter(one.key for one in world.standing).values(), default=1) == 1


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(STEPS, max_size=12))
def test_a_restart_at_any_point_repeats_and_loses_nothing(first: AlertRule, story: Story) -> None:
    straight, killed = World([first]), World([first])
    play(straight, story, kills=False)
    play(killed, story, kills=True)
    assert sorted(straight.sent) == sorted(killed.sent)
    assert straight.kinds == killed.kinds


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(STEPS, max_size=12))
def test_nobody_is_told_more_often_than_the_back_off_allows(first: AlertRule, story: Story) -> None:
    world = World([first])
    story = [(*step[:4], "" if step[4] == "ack" else step[4], step[5]) for step in story]
    at: dict[str, list[float]] = defaultdict(list)
    for step in story:
        before = set(world.sent)
        seconds = world.seconds
        play(world, [step], kills=True)
        for id_ in set(world.sent) - before:
            sent = world.sent[id_]
            if sent.channel == "mail" and sent.kind.value in ("open", "again"):
                at[sent.alert].append(seconds)
    for times in at.values():
        for number, (one, other) in enumerate(pairwise(times), 1):
            assert other - one >= wait_seconds(world.rules[0], number)


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(STEPS, max_size=12))
def test_each_alert_is_told_to_be_open_once_and_closed_once_after_that(
    first: AlertRule, story: Story
) -> None:  # fmt: skip
    world = World([first])
    play(world, story, kills=True)
    of_alert: dict[str, list[str]] = defaultdict(list)
    for sent in world.sent.values():
        if sent.channel == "mail" and sent.kind.value in ("open", "closed"):
            of_alert[sent.alert].append(sent.kind.value)
    assert all(kinds in (["open"], ["open", "closed"]) for kinds in of_alert.values())
