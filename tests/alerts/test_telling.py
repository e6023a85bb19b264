"""When people are told, and when not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mmsconsole.alerts.acknowledging import acknowledged, reopened
from mmsconsole.alerts.telling import wait_seconds
from mmsconsole.metadata.alerts import AlertState
from mmsconsole.metadata.maintenance import MaintenanceWindow
from tests.alerts.world import NOW, World, lag, rule

HOUR = 3600


def window(minutes: float = 60, deployment: str = "d1") -> MaintenanceWindow:
    end = NOW + timedelta(minutes=minutes)
    return MaintenanceWindow("m1", "default", NOW, end, deployment, "new disks", "ada")


@pytest.mark.parametrize(
    ("minutes", "notified", "seconds"),
    [
        (5, 1, 300),
        (5, 2, 600),
        (5, 3, 1200),
        (5, 9, 76_800),
        (5, 10, 86_400),
        (5, 10_000, 86_400),
        (24 * 60, 1, 86_400),
        (24 * 60, 5, 86_400),
        (7 * 24 * 60, 1, 604_800),
        (0, 1, float("inf")),
    ],
)
def test_people_are_told_again_after_twice_as_long_each_time_a_day_at_most(
    minutes: int, notified: int, seconds: float
) -> None:
    assert wait_seconds(rule(renotify_minutes=minutes), notified) == seconds


def test_they_are_told_again_with_back_off_while_it_lasts() -> None:
    world = World([rule()])
    told = []
    for at in range(0, 2400, 10):
        before = len(world.kinds)
        world.look(lag(75))
        if len(world.kinds) > before:
            told.append(at)
        world.pass_(10)
    assert told == [0, 300, 900, 2100]
    assert world.kinds == ["open", "again", "again", "again"]


def test_nothing_is_sent_in_a_maintenance_window_and_it_is_said_why() -> None:
    world = World([rule()], windows=[window()])
    for _ in range(30):
        world.look(lag(75))
        world.pass_(60)
    assert world.only.standing
    assert "maintenance until 2026-03-01 13:00:00Z: new disks" in world.only.suppressed_by
    assert world.kinds == []
    assert world.events == ["alert opened"]


def test_what_is_still_wrong_when_the_window_ends_is_sent_then() -> None:
    world = World([rule()], windows=[window(minutes=1)])
    world.look(lag(75))
    world.pass_(60)
    world.look(lag(75))
    assert world.kinds == ["open"]
    assert world.only.suppressed_by == ""
    assert world.events == ["alert opened"]


def test_what_came_and_went_within_the_window_is_never_sent() -> None:
    world = World([rule()], windows=[window(minutes=1)])
    world.look(lag(75))
    world.look(lag(0))
    world.pass_(60)
    world.look(lag(0))
    assert world.kinds == []


def test_an_end_within_the_window_is_told_after_it_to_those_who_know_of_the_beginning() -> None:
    world = World([rule()])
    world.look(lag(75))
    world.windows = [window(minutes=1)]
    world.look(lag(0))
    assert world.kinds == ["open"]
    world.pass_(60)
    for _ in range(3):
        world.look(lag(0))
    assert world.kinds == ["open", "closed"]


def test_a_window_of_one_deployment_hushes_no_other() -> None:
    world = World([rule()], windows=[window(deployment="d2")])
    world.look(lag(75))
    assert world.kinds == ["open"]


def test_a_window_of_the_group_hushes_all() -> None:
    world = World([rule()], windows=[window(deployment="")])
    world.look(lag(75))
    assert world.kinds == []


def test_a_muted_rule_sends_nothing_until_its_time_is_over() -> None:
    muted = rule(muted_until=NOW + timedelta(minutes=1), note="known")
    world = World([muted])
    world.look(lag(75))
    assert world.only.suppressed_by == "its rule is muted until 2026-03-01 12:01:00Z: known"
    assert world.kinds == []
    world.pass_(60)
    world.look(lag(75))
    assert world.kinds == ["open"]


def acknowledge(world: World, minutes: float | None) -> None:
    until = None if minutes is None else world.now + timedelta(minutes=minutes)
    alert = acknowledged(world.only, "ada", until, "new disk comes", world.now)
    world.alerts[alert.id] = alert
    world.look(lag(75))


def test_an_acknowledged_alert_is_not_told_again_until_it_closes() -> None:
    world = World([rule()])
    world.look(lag(75))
    acknowledge(world, None)
    for _ in range(100):
        world.pass_(HOUR)
        world.look(lag(75))
    assert world.only.state is AlertState.ACKNOWLEDGED
    assert (world.only.acknowledged_by, world.only.note) == ("ada", "new disk comes")
    world.look(lag(0))
    assert world.kinds == ["open", "acknowledged", "closed"]
    assert world.events == ["alert opened", "alert acknowledged", "alert closed"]


def test_when_the_acknowledgement_is_over_people_are_told_at_once() -> None:
    world = World([rule()])
    world.look(lag(75))
    acknowledge(world, 10)
    world.pass_(599)
    world.look(lag(75))
    assert world.kinds == ["open", "acknowledged"]
    world.pass_(1)
    world.look(lag(75))
    assert world.kinds == ["open", "acknowledged", "again"]
    assert world.only.state is AlertState.OPEN


def test_an_acknowledgement_that_ends_is_told_once_whatever_the_clock_does_then() -> None:
    world = World([rule()])
    world.look(lag(75))
    acknowledge(world, 10)
    for wall in (700, -7000, 7000):
        world.pass_(10, wall=wall)
        world.look(lag(75))
    assert world.kinds == ["open", "acknowledged", "again"]


def test_an_acknowledgement_that_ends_in_a_window_is_told_after_it() -> None:
    world = World([rule()])
    world.look(lag(75))
    acknowledge(world, 1)
    world.windows = [window(minutes=5)]
    world.pass_(120)
    world.look(lag(75))
    assert world.kinds == ["open", "acknowledged"]
    world.pass_(180)
    world.look(lag(75))
    assert world.kinds == ["open", "acknowledged", "again"]


def test_an_acknowledgement_that_is_taken_back_leaves_an_open_alert() -> None:
    world = World([rule()])
    world.look(lag(75))
    acknowledge(world, None)
    alert = reopened(world.only, "ada", world.now)
    world.alerts[alert.id] = alert
    world.pass_(300)
    world.look(lag(75))
    assert world.kinds == ["open", "acknowledged", "again"]
    assert world.events[-1] == "alert acknowledgement taken back"


def test_nobody_hears_of_an_acknowledgement_who_did_not_hear_of_the_alert() -> None:
    world = World([rule()], windows=[window()])
    world.look(lag(75))
    acknowledge(world, None)
    assert world.kinds == []


def test_what_was_acknowledged_within_a_window_is_not_told_after_it() -> None:
    world = World([rule()], windows=[window(minutes=1)])
    world.look(lag(75))
    acknowledge(world, None)
    world.pass_(60)
    world.look(lag(75))
    assert world.kinds == []


def test_an_acknowledgement_goes_where_the_alert_went() -> None:
    world = World([rule(channels=("chat",))])
    world.look(lag(75))
    acknowledge(world, None)
    assert [one.channel for one in world.sent.values()] == ["chat", "chat"]


def test_a_rule_names_the_channels_that_are_told() -> None:
    world = World([rule(channels=("chat", "gone"))])
    world.look(lag(75))
    assert [one.channel for one in world.sent.values()] == ["chat"]


def test_whoever_was_told_is_told_of_the_end_whatever_channels_the_rule_has_by_then() -> None:
    """Else an incident would stay open for ever."""
    world = World([rule()])
    world.look(lag(75))
    world.rules = [rule(channels=("mail",))]
    world.pass_(600)
    world.look(lag(75))
    world.look(lag(0))
    told = [(one.channel, one.kind.value) for one in world.sent.values()]
    assert sorted(told) == [
        ("chat", "closed"), ("chat", "open"),
        ("mail", "again"), ("mail", "closed"), ("mail", "open"),
    ]  # fmt: skip


def test_whoever_was_not_told_of_the_alert_is_not_told_of_its_end() -> None:
    world = World([rule(channels=("mail",))])
    world.look(lag(75))
    world.rules = [rule()]
    world.look(lag(0))
    assert {one.channel for one in world.sent.values()} == {"mail"}


def test_what_was_acknowledged_before_anybody_was_told_is_told_as_new() -> None:
    world = World([rule(muted_until=NOW + timedelta(minutes=1))])
    world.look(lag(75))
    acknowledge(world, 5)
    world.pass_(600)
    world.look(lag(75))
    assert world.kinds == ["open"]


def test_of_windows_within_and_behind_one_another_the_last_end_counts() -> None:
    inner, outer, behind = window(minutes=2), window(minutes=10), window(minutes=20)
    behind = replace(behind, start=NOW + timedelta(minutes=9))
    world = World([rule()], windows=[inner, outer, behind])
    for minutes, kinds in ((5, []), (9, []), (19, []), (20, ["open"])):
        world.now = NOW + timedelta(minutes=minutes)
        world.look(lag(75))
        assert world.kinds == kinds
    world.windows = []
    world.look(lag(75))
    assert world.kinds == ["open"]


def test_a_message_has_what_its_readers_need() -> None:
    world = World([rule()])
    world.look(lag(75))
    message = next(iter(world.sent.values()))
    assert message.title == "A secondary is behind: shop db2:27017"
    assert message.payload["hint"]
    assert message.payload | {"hint": ""} == {
        "severity": "warning", "group": "default", "deployment": "shop", "subject": "db2:27017",
        "condition": "replication lag", "metric": "", "opened_at": NOW, "value": 75, "unit": "s",
        "page": "chart", "hint": "",
    }  # fmt: skip


def test_an_alert_whose_rule_gets_another_severity_has_it_too() -> None:
    world = World([rule()])
    world.look(lag(75))
    world.rules = [replace(world.rules[0], severity=world.only.severity.ERROR)]
    world.look(lag(75))
    assert world.only.severity.value == "error"


@pytest.mark.parametrize("steps", range(7))
@pytest.mark.parametrize("at", range(6))
def test_a_kill_between_any_two_writes_repeats_and_loses_nothing(at: int, steps: int) -> None:
    """What was begun is done again by the next look, after the restart."""
    world = World([rule(for_seconds=10)])
    for turn, value in enumerate((75, 75, 75, 75, 0, 0)):
        if turn == at:
            world.look(lag(value), stop_after=steps)
        world.look(lag(value))
        world.pass_(10)
    assert world.kinds == ["open", "closed"]
    assert len(world.alerts) == 1
