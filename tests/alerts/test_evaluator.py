"""Which alerts open and close, by what was found, and when."""

from dataclasses import replace

import pytest

from mmsconsole.alerts.evaluator import evaluate
from mmsconsole.alerts.finding import SO, Finding
from mmsconsole.alerts.situation import is_wrong
from mmsconsole.alerts.units import TEXT_MAX
from mmsconsole.metadata.alerts import AlertState
from mmsconsole.metadata.events import Severity
from tests.alerts.world import CHANNELS, NOW, World, ago, lag, rule


def test_a_value_beyond_its_threshold_opens_an_alert_and_tells_every_channel() -> None:
    world = World([rule()])
    world.look(lag(75))
    alert = world.only
    assert (alert.state, alert.severity) == (AlertState.OPEN, Severity.WARNING)
    assert (alert.deployment_name, alert.subject, alert.value) == ("shop", "db2:27017", 75)
    assert alert.text == "db2:27017 is 75 s behind (limit 60 s)"
    assert alert.opened_at == NOW
    assert [one.channel for one in world.sent.values()] == list(CHANNELS)
    assert world.events == ["alert opened"]


def test_a_title_names_the_metric_that_is_too_high() -> None:
    world = World([rule("metric above", metric="queue_total", threshold=50.0)])
    world.look(Finding("metric above", "db1", 60.0, "60", "d1", "queue_total"))
    (first, *_) = world.sent.values()
    assert first.title == "queue_total is too high: shop db1"


def test_what_is_so_or_not_so_has_no_value() -> None:
    world = World([rule("host down", threshold=None)])
    down = Finding("host down", "db1", SO, "db1 does not answer", deployment="d1")
    for _ in range(2):
        world.look(down)
        assert world.only.value is None
        world.pass_(10)


def test_what_is_well_opens_nothing() -> None:
    world = World([rule()])
    world.look(lag(60), lag(0, "db3:27017"))
    assert not world.alerts
    assert not world.pending


@pytest.mark.parametrize(
    ("name", "threshold", "value", "wrong"),
    [
        ("replication lag", 60, 61, True),
        ("replication lag", 60, 60, False),
        ("replication lag", 60, None, None),
        ("replication lag", 60, float("nan"), None),
        ("replication lag", None, 1e9, False),
        ("oplog window", 12, 11.9, True),
        ("oplog window", 12, 12, False),
        ("host down", None, 1, True),
        ("host down", None, 0, False),
        ("host down", None, None, None),
    ],
)
def test_a_condition_is_met_as_its_kind_says(
    name: str, threshold: float | None, value: float | None, wrong: bool | None
) -> None:
    finding = Finding(name, "db1", value, "")
    assert is_wrong(finding, rule(name, threshold=threshold), open_=False) is wrong


def test_it_must_be_wrong_for_as_long_as_the_rule_wants() -> None:
    world = World([rule(for_seconds=120)])
    for _ in range(12):
        world.look(lag(75))
        assert not world.alerts
        world.pass_(10)
    world.look(lag(75))
    assert world.kinds == ["open"]
    assert not world.pending


def test_what_was_well_in_between_begins_to_wait_anew() -> None:
    world = World([rule(for_seconds=20)])
    for value in (75, 75, 5, 75, 75):
        world.look(lag(value))
        world.pass_(10)
    assert not world.alerts
    world.look(lag(75))
    assert world.only.standing


def test_waiting_goes_on_over_a_restart() -> None:
    """The pending record is all that is kept of it: World keeps nothing else between looks."""
    world = World([rule(for_seconds=20)])
    world.look(lag(75))
    kept = World(world.rules, pending=dict(world.pending), seconds=world.seconds + 20)
    kept.look(lag(75))
    assert kept.only.standing


def test_an_alert_is_well_again_only_beyond_the_threshold_for_clearing() -> None:
    world = World([rule(clear_threshold=30)])
    for value in (61, 59, 61, 31, 59):
        world.look(lag(value))
        world.pass_(10)
        assert world.only.standing
    world.look(lag(30))
    assert world.only.state is AlertState.CLOSED
    assert world.kinds == ["open", "closed"]


def test_a_threshold_for_clearing_on_the_wrong_side_makes_nothing_flutter() -> None:
    world = World([rule(threshold=20, clear_threshold=30)])
    for _ in range(5):
        world.look(lag(25))
        world.pass_(10)
    assert len(world.alerts) == 1
    assert world.only.standing


def test_it_must_be_well_for_as_long_as_the_rule_wants() -> None:
    world = World([rule(clear_seconds=60)])
    for value in (75, 0, 0, 75, 0, 0, 0, 0, 0, 0):
        world.look(lag(value))
        world.pass_(10)
        assert world.only.standing
    world.look(lag(0))
    assert world.only.reason == "well again: db2:27017 is 0 s behind"
    assert world.events == ["alert opened", "alert closed"]


def test_no_data_neither_opens_nor_closes_and_is_shown() -> None:
    world = World([rule(), rule("oplog window")])
    world.look(lag(None))
    assert not world.alerts
    world.look(lag(75))
    world.pass_(10_000)
    world.look(Finding("replication lag", "db2:27017", None, "it does not answer", "d1"))
    alert = world.only
    assert alert.standing
    assert alert.no_data
    assert alert.suppressed_by == "no fresh data: it does not answer"
    assert world.kinds == ["open"]  # nor is anybody told again of what nobody knows
    world.look(lag(0))
    assert not world.only.standing


def test_what_is_well_but_not_yet_closed_is_not_said_to_lack_data() -> None:
    world = World([rule(clear_seconds=60)])
    for value in (75, None, 0):
        world.look(lag(value))
        world.pass_(10)
    assert world.only.standing
    assert (world.only.no_data, world.only.suppressed_by) == (False, "")


def test_what_waits_keeps_waiting_while_there_is_no_data() -> None:
    world = World([rule(for_seconds=20)])
    world.look(lag(75))
    world.pass_(10)
    world.look(lag(None))
    assert len(world.pending) == 1
    assert not world.alerts


def test_time_without_data_does_not_count_for_a_delay() -> None:
    world = World([rule(for_seconds=900)])
    world.look(lag(75))
    world.pass_(300)
    for _ in range(12):  # a member that is down for twelve minutes
        world.look(lag(None))
        world.pass_(60)
    world.look(lag(75))
    assert not world.alerts
    world.pass_(599)
    world.look(lag(75))
    assert not world.alerts
    world.pass_(1)
    world.look(lag(75))
    assert world.only.standing
    assert not world.pending


def test_a_subject_that_is_there_no_more_closes_its_alert() -> None:
    world = World([rule()])
    world.look(lag(75))
    world.look()
    assert world.only.reason == "it is there no more"
    assert world.kinds == ["open", "closed"]


def test_a_removed_deployment_cancels_its_alerts() -> None:
    world = World([rule(clear_seconds=600)])
    world.look(lag(75))
    del world.names["d1"]
    world.look()
    assert world.only.reason.startswith("cancelled")
    assert world.only.state is AlertState.CLOSED


def test_a_rule_that_is_switched_off_cancels_what_it_had_opened() -> None:
    world = World([rule()])
    world.look(lag(75))
    world.rules = [rule(enabled=False)]
    world.look(lag(75))
    assert world.only.reason == "cancelled: its rule was switched off"


def test_a_pending_of_a_rule_that_is_switched_off_goes() -> None:
    world = World([rule(for_seconds=60)])
    world.look(lag(75))
    world.rules = [rule(enabled=False)]
    world.look(lag(75))
    assert not world.pending


def test_a_deployments_own_rule_stands_in_the_place_of_its_groups() -> None:
    world = World([rule(), rule(deployment="d2", threshold=3600.0, severity=Severity.ERROR)])
    world.look(lag(75), lag(75, of="d2"))
    assert [one.deployment for one in world.standing] == ["d1"]
    world.look(lag(75), lag(4000, of="d2"))
    assert {one.deployment: one.severity for one in world.standing} == {
        "d1": Severity.WARNING, "d2": Severity.ERROR,
    }  # fmt: skip


def test_a_deployment_may_switch_a_rule_off_for_itself_and_take_the_groups_again() -> None:
    own = rule(deployment="d1", enabled=False)
    world = World([rule(), own])
    world.look(lag(75))
    assert not world.alerts
    world.rules = [rule()]
    world.look(lag(75))
    assert world.only.standing


def test_an_alert_that_opens_again_is_another_one() -> None:
    world = World([rule()])
    for value in (75, 0, 75):
        world.look(lag(value))
        world.pass_(10)
    assert len(world.alerts) == 2
    assert world.kinds == ["open", "closed", "open"]


def event(occurrence: str, at: str = "now") -> Finding:
    when = NOW if at == "now" else ago(days=40)
    return Finding("restore failed", occurrence, 1.0, "no room", "d1", "", when, occurrence)


def test_an_event_is_told_once_and_closes_by_itself() -> None:
    world = World([rule("restore failed")])
    for _ in range(70):
        world.look(event("r1"))
        world.pass_(10)
    assert world.kinds == ["open", "closed"]
    assert world.only.reason == "it happened, and is over"
    assert evaluate(world.situation([event("r1")])).opened == ()


def test_the_text_of_an_alert_is_bounded() -> None:
    world = World([rule("host down")])
    world.look(Finding("host down", "db1", 1.0, "refused " * 10_000, "d1"))
    assert len(world.only.text) <= TEXT_MAX


def test_people_hear_of_an_event_once_and_machines_of_its_end_as_well() -> None:
    world = World([rule("restore failed")], people=("mail",))
    for _ in range(70):
        world.look(event("r1"))
        world.pass_(10)
    assert [(one.channel, one.kind.value) for one in world.sent.values()] == [
        ("mail", "open"), ("chat", "open"), ("chat", "closed"),
    ]  # fmt: skip


def test_two_events_of_one_subject_are_two_alerts() -> None:
    world = World([rule("new primary")])
    first = Finding("new primary", "", 1.0, "db1", "d1", at=NOW, occurrence="db1 1")
    world.look(first)
    world.look(first, replace(first, text="db2", occurrence="db2 2"))
    assert [one.text for one in world.standing] == ["db1", "db2"]


def test_an_event_of_before_the_rule_is_not_told() -> None:
    world = World([rule("restore failed")])
    world.look(event("r1", "long ago"))
    assert not world.alerts


def test_two_findings_of_one_key_are_one_alert() -> None:
    world = World([rule()])
    world.look(lag(75), lag(80))
    assert world.only.value == 80


def test_a_wall_clock_that_jumps_opens_closes_and_repeats_nothing() -> None:
    world = World([rule(for_seconds=60, clear_seconds=60)])
    world.look(lag(75))
    world.pass_(10, wall=86400)
    world.look(lag(75))
    assert not world.alerts
    world.pass_(50, wall=-86400)
    world.look(lag(75))
    assert world.kinds == ["open"]
    for wall in (-86400 * 3, 86400 * 7, -86400):
        world.pass_(10, wall=wall)
        world.look(lag(75))
    assert world.kinds == ["open"]
    world.look(lag(0))
    world.pass_(10, wall=86400)
    world.look(lag(0))
    assert world.only.standing
