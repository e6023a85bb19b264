"""Alerts, rules, channels and maintenance as people ask for them, on a real metadata database."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.alerts.conditions import condition
from mmsconsole.alerts.defaults import default_rule, default_rules
from mmsconsole.alerts.queueing import empty_outboxes
from mmsconsole.errors import NotFound, Refused, UsageError
from mmsconsole.metadata.alerts import Alert, AlertState, key_of
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.notifications import (
    Notification,
    NotificationKind,
    NotificationState,
)
from mmsconsole.operations.alert_views import RuleView, RuleWish
from mmsconsole.operations.alerts import (
    NO_CHANNEL,
    NO_SERVICE,
    NOT_JUDGED,
    in_order,
    not_judged,
    unheard,
)
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.settings import Settings
from tests.operations.records import NOW, FakeSources, SteppingClock
from tests.support.metadata import settings_of

CHANNELS = """
[notify.mail]
kind = "command"
argv = ["/bin/true"]
[notify.pager]
kind = "command"
argv = ["/bin/false"]
"""
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "home" / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(CHANNELS)
    return settings_of(config.parent)


def alert(id_: str, deployment: str = "", **more: object) -> Alert:
    made = Alert(
        id_, key_of("default", deployment, id_, "host down"), "default", deployment, "db1:27017",
        "host down", "default||host down|", Severity.ERROR, AlertState.OPEN,
        "db1:27017 does not answer", NOW - HOUR, NOW - HOUR,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def notification(id_: str, channel: str, state: NotificationState, **more: object) -> Notification:
    made = Notification(id_, "a1", channel, NotificationKind.OPEN, "t", "t", NOW, state)
    return replace(made, **more)  # type: ignore[arg-type]


def rule_of(operations: Operations, name: str, of: str | None = None) -> RuleView:
    return next(view for view in operations.alert_rules(of) if view.condition == name)


def kinds(operations: Operations) -> list[tuple[str, str]]:
    return [(event.kind, event.actor) for event in operations.events()]


# -- alerts ------------------------------------------------------------------------------------


def test_open_ones_come_first_then_by_severity_and_the_newest_first() -> None:
    warning = Severity.WARNING
    alerts = [
        alert("closed", state=AlertState.CLOSED, opened_at=NOW),
        alert("ack", state=AlertState.ACKNOWLEDGED, opened_at=NOW),
        alert("warning", severity=warning, opened_at=NOW),
        alert("old", opened_at=NOW - 3 * HOUR),
        alert("new", opened_at=NOW - HOUR),
    ]
    assert [one.id for one in in_order(alerts)] == ["new", "old", "warning", "ack", "closed"]


def test_alerts_are_listed_by_deployment_and_the_closed_ones_only_when_asked_for(
    operations: Operations, metadata: Metadata, shop: str
) -> None:
    deployment = metadata.deployments.named(shop).id
    for one in (
        alert("a1", deployment),
        alert("a2"),
        alert("a3", deployment, state=AlertState.CLOSED, standing=False, closed_at=NOW),
        alert("a4", "gone", deployment_name="old shop"),
    ):
        metadata.alerts.add(one)

    assert [view.id for view in operations.alerts(shop)] == ["a1"]
    assert {view.id for view in operations.alerts()} == {"a1", "a2", "a4"}
    assert [view.id for view in operations.alerts(shop, all=True)] == ["a1", "a3"]
    names = {view.id: view.deployment for view in operations.alerts()}
    assert names == {"a1": "shop", "a2": "", "a4": "old shop"}
    view = operations.alerts(shop)[0]
    assert (view.page, view.hint) == ("health", condition("host down").hint)
    with pytest.raises(NotFound):
        operations.alerts("nosuch")


def test_the_engine_s_status_counts_what_is_open_by_severity(
    operations: Operations, metadata: Metadata
) -> None:
    for one in (
        alert("a1"),
        alert("a2", severity=Severity.WARNING),
        alert("a3", state=AlertState.ACKNOWLEDGED),
        alert("a4", state=AlertState.CLOSED, standing=False),
    ):
        metadata.alerts.add(one)

    assert operations.engine().alerts_open == {"error": 1, "warning": 1}


def test_an_alert_is_acknowledged_by_who_asked_until_then_with_a_note(
    operations: Operations, metadata: Metadata
) -> None:
    metadata.alerts.add(alert("a1", notified=1))

    view = operations.acknowledge_alert("a1", NOW + HOUR, "looking")

    assert (view.state, view.acknowledged_by, view.note) == ("acknowledged", "ada", "looking")
    assert view.acknowledged_until == NOW + HOUR
    empty_outboxes(metadata, "default", ["mail"])  # as the engine does
    history = operations.alert("a1")
    assert [(event.kind, event.actor) for event in history.events] == [
        ("alert acknowledged", "ada"),
    ]  # fmt: skip
    assert [(sent.channel, sent.kind) for sent in history.notifications] == [
        ("mail", "acknowledged"),
    ]  # fmt: skip
    assert operations.unacknowledge_alert("a1").state == "open"
    assert operations.unacknowledge_alert("a1").state == "open"


def test_what_can_not_be_acknowledged_is_told(operations: Operations, metadata: Metadata) -> None:
    metadata.alerts.add(alert("a1", state=AlertState.CLOSED, standing=False))
    metadata.alerts.add(alert("a2"))

    with pytest.raises(Refused, match="closed"):
        operations.acknowledge_alert("a1")
    with pytest.raises(Refused, match="closed"):
        operations.unacknowledge_alert("a1")
    with pytest.raises(UsageError, match="lie ahead"):
        operations.acknowledge_alert("a2", NOW - HOUR)
    with pytest.raises(UsageError, match="200 characters"):
        operations.acknowledge_alert("a2", note="two\nlines")
    with pytest.raises(NotFound):
        operations.acknowledge_alert("nosuch")


# -- whether anybody is told -------------------------------------------------------------------


def engine(**more: object) -> EngineRecord:
    made = EngineRecord("e1", "h", "/", "0", NOW - HOUR, NOW, alerts_at=NOW)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("engines", "said"),
    [
        ([], NO_SERVICE),
        ([engine(seen_at=NOW - HOUR)], NO_SERVICE),
        ([engine()], ""),
        ([engine(alerts_at=None)], NOT_JUDGED),
        ([engine(alerts_at=None, started_at=NOW)], ""),
        ([engine(alerts_at=NOW - HOUR)], NOT_JUDGED),
        ([engine(alerts_at=NOW - HOUR), engine(id="e2")], ""),
        ([engine(alerts_at=NOW - HOUR, alerts_error="no room")],
         "no rule is looked at, so nobody is told: no room"),
    ],
)  # fmt: skip
def test_an_engine_that_does_not_look_at_the_rules_is_told(
    engines: list[EngineRecord], said: str
) -> None:
    assert not_judged(engines, NOW, 10.0) == said


@pytest.mark.parametrize(
    ("engines", "said"),
    [
        ([], ""),
        ([engine(seen_at=NOW - HOUR, channels={})], ""),
        ([engine(channels=None)], ""),
        ([engine(channels={"mail": "1", "pager": "2"})], ""),
        ([engine(channels={"mail": "1"}), engine(id="e2", channels={"pager": "2"})], ""),
        ([engine(channels={"mail": "1"})], "pager"),
        ([engine(channels={"mail": "1", "pager": "other"})], "pager"),
        ([engine(channels={})], "mail, pager"),
    ],
)
def test_channels_that_were_set_up_after_the_engine_began_are_told(
    engines: list[EngineRecord], said: str
) -> None:
    words = unheard({"mail": "1", "pager": "2"}, engines, NOW)
    assert bool(words) == bool(said)
    assert said in words


def test_a_group_without_channels_or_engine_is_warned(
    metadata: Metadata, sources: FakeSources, wall_clock: SteppingClock, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    plain = settings_of(tmp_path / "other")
    operations = Operations(metadata, plain, wall_clock, Actor("ada"), sources=sources)
    assert operations.alert_watch().warnings == (NO_SERVICE, NO_CHANNEL)
    metadata.engines.announce(engine())
    watch = Operations(metadata, settings, wall_clock, Actor("ada"), sources=sources).alert_watch()
    assert (watch.warnings, watch.channels, watch.running) == ((), 2, True)
    metadata.engines.announce(engine(channels={}))
    later = Operations(metadata, settings, wall_clock, Actor("ada"), sources=sources).alert_watch()
    assert [text for text in later.warnings if "mail, pager" in text and "--stop" in text]
    assert watch.rules == len(list(default_rules("default", NOW)))


# -- rules -------------------------------------------------------------------------------------


def test_a_group_has_the_default_rules_also_before_an_engine_has_written_them(
    operations: Operations, metadata: Metadata
) -> None:
    before = operations.alert_rules()
    assert {view.decided_by for view in before} == {"default"}
    metadata.alert_rules.add_missing(default_rules("default", NOW))
    assert operations.alert_rules() == before
    assert [view.condition for view in before][:2] == ["host down", "no primary"]


def test_a_rule_is_changed_for_all_and_for_one_deployment(
    operations: Operations, shop: str
) -> None:
    lag = "replication lag"
    operations.set_alert_rule(lag, RuleWish(threshold="10 min", for_="5 min"))
    group = rule_of(operations, lag)
    assert (group.threshold, group.for_seconds, group.decided_by) == (600, 300, "group")
    assert group.overridden == (
        "threshold 10 min instead of 60 s", "delay 5 min instead of 2 min",
    )  # fmt: skip

    inherited = rule_of(operations, lag, shop)
    assert (inherited.threshold, inherited.decided_by) == (600, "group")

    operations.set_alert_rule(lag, RuleWish(threshold="1 h", channels=("pager",)), name=shop)
    own = rule_of(operations, lag, shop)
    assert (own.threshold, own.channels, own.decided_by) == (3600, ("pager",), "deployment")
    assert own.overridden == ("threshold 1 h instead of 10 min", "channels pager instead of all")
    assert rule_of(operations, lag).threshold == 600
    assert kinds(operations)[:2] == [("alert rule changed", "ada")] * 2


def test_what_is_well_again_keeps_its_distance_from_the_threshold(
    operations: Operations, metadata: Metadata
) -> None:
    """60 s and 30 s, 15 % and 17 % by default."""
    operations.set_alert_rule("replication lag", RuleWish(threshold="10 min"))
    (rule,) = metadata.alert_rules.all({"condition": "replication lag"})
    assert (rule.threshold, rule.clear_threshold) == (600, 300)
    operations.set_alert_rule("store space", RuleWish(threshold="90 %"))
    (rule,) = metadata.alert_rules.all({"condition": "store space"})
    assert (rule.threshold, rule.clear_threshold) == (90, 95)


def test_when_an_alert_closes_can_be_set_beside_its_threshold(operations: Operations) -> None:
    rule = operations.set_alert_rule("replication lag", RuleWish(clear="20 s", clear_for="2 min"))
    assert (rule.threshold, rule.clear_threshold, rule.clear_seconds) == (60, 20, 120)
    assert rule.overridden == (
        "closes at 20 s instead of at 30 s", "closes after 2 min instead of 60 s",
    )  # fmt: skip
    rule = operations.set_alert_rule("replication lag", RuleWish(threshold="10 min", clear="9 min"))
    assert (rule.threshold, rule.clear_threshold) == (600, 540)
    rule = operations.set_alert_rule(
        "above", RuleWish(threshold="50", clear="40"), metric="queue_total"
    )
    assert (rule.threshold, rule.clear_threshold) == (50, 40)


def test_what_an_older_program_s_default_was_nobody_decided(
    operations: Operations, metadata: Metadata, shop: str
) -> None:
    lag = condition("replication lag")
    old = default_rule(DEFAULT_GROUP, lag, NOW)
    metadata.alert_rules.put(replace(old, threshold=10.0, clear_seconds=7))
    assert rule_of(operations, lag.name).decided_by == "default"
    assert rule_of(operations, lag.name, shop).decided_by == "default"
    operations.set_alert_rule(lag.name, RuleWish(threshold="20 s"))
    assert rule_of(operations, lag.name).decided_by == "group"
    operations.mute_alert_rule(lag.name, NOW + HOUR, "")
    assert rule_of(operations, lag.name).decided_by == "group"
    operations.reset_alert_rule(lag.name)
    assert rule_of(operations, lag.name).decided_by == "default"


def test_a_metric_is_watched_above_or_below_a_threshold(operations: Operations) -> None:
    made = operations.set_alert_rule("above", RuleWish(threshold="50"), metric="queue_total")
    assert (made.condition, made.metric, made.threshold) == ("metric above", "queue_total", 50)
    assert operations.alert_rules()[-1] == made
    assert operations.reset_alert_rule("metric above", metric="queue_total") is None
    assert operations.alert_rules()[-1].metric != "queue_total"


@pytest.mark.parametrize(
    ("condition_", "metric", "wish", "said"),
    [
        ("replication lagg", "", RuleWish(enabled=False), "no condition"),
        ("above", "queue_totl", RuleWish(threshold="1"), "metric"),
        ("metric above", "", RuleWish(threshold="1"), "wants a metric"),
        ("host down", "queue_total", RuleWish(enabled=False), "only 'metric above'"),
        ("above", "db_data_bytes", RuleWish(threshold="1"), "raise no alerts"),
        ("above", "queue_total", RuleWish(severity="error"), "wants a threshold"),
        ("host down", "", RuleWish(), "nothing is to be changed"),
        ("host down", "", RuleWish(threshold="5 min"), "has no threshold"),
        ("replication lag", "", RuleWish(threshold="5 GB"), "not a time"),
        ("oplog window", "", RuleWish(threshold="0 h"), "nothing is ever below"),
        ("resync near", "", RuleWish(threshold="100 %"), "nothing is ever above"),
        ("host down", "", RuleWish(for_="30 days"), "more than 7 days"),
        ("restore done", "", RuleWish(for_="1 min"), "has no delay"),
        ("host down", "", RuleWish(severity="eror"), "no severity"),
        ("host down", "", RuleWish(channels=("male",)), "no channel 'male'"),
        ("host down", "", RuleWish(renotify="1 min"), "5 min to 24 h"),
        ("host down", "", RuleWish(clear="1 min"), "has no threshold"),
        ("replication lag", "", RuleWish(clear="2 min"), "still wrong"),
        ("oplog window", "", RuleWish(clear="2 h"), "still wrong"),
        ("above", "queue_total", RuleWish(clear="40"), "no threshold yet"),
        ("restore done", "", RuleWish(clear_for="1 min"), "has no delay"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_and_changes_nothing(
    operations: Operations, metadata: Metadata, condition_: str, metric: str, wish: RuleWish,
    said: str,
) -> None:  # fmt: skip
    with pytest.raises(UsageError, match=said):
        operations.set_alert_rule(condition_, wish, metric=metric)
    assert list(metadata.alert_rules.all()) == []
    assert kinds(operations) == []


@pytest.mark.parametrize(
    ("wish", "near"),
    [(RuleWish(channels=("male",)), "mail"), (RuleWish(severity="eror"), "error")],
)
def test_what_was_perhaps_meant_is_proposed(
    operations: Operations, wish: RuleWish, near: str
) -> None:
    with pytest.raises(UsageError) as raised:
        operations.set_alert_rule("host down", wish)
    assert raised.value.hint == f"did you mean {near}?"


def test_a_rule_is_muted_until_then_and_unmuted(operations: Operations, shop: str) -> None:
    muted = operations.mute_alert_rule("host down", NOW + HOUR, "new network", name=shop)
    assert (muted.muted_until, muted.muted_by, muted.note) == (NOW + HOUR, "ada", "new network")
    assert not muted.watches(NOW)
    assert muted.watches(NOW + HOUR)
    assert rule_of(operations, "host down").muted_until is None

    again = operations.unmute_alert_rule("host down", name=shop)
    assert (again.muted_until, again.decided_by) == (None, "default")
    assert [kind for kind, _ in kinds(operations)][:2] == ["alert rule unmuted", "alert rule muted"]
    with pytest.raises(UsageError, match="lie ahead"):
        operations.mute_alert_rule("host down", NOW - HOUR)
    with pytest.raises(NotFound, match="no rule of queue_total"):
        operations.mute_alert_rule("above", NOW + HOUR, metric="queue_total")


def test_a_deployment_is_unmuted_alone_while_the_group_is_muted(
    operations: Operations, shop: str
) -> None:
    operations.mute_alert_rule("host down", NOW + HOUR)
    assert rule_of(operations, "host down", shop).is_muted(NOW)

    assert not operations.unmute_alert_rule("host down", name=shop).is_muted(NOW)
    assert not rule_of(operations, "host down", shop).is_muted(NOW)
    assert rule_of(operations, "host down").is_muted(NOW)


def test_a_reset_rule_is_what_holds_without_it(operations: Operations, shop: str) -> None:
    operations.set_alert_rule("host down", RuleWish(enabled=False))
    operations.set_alert_rule("host down", RuleWish(enabled=True), name=shop)

    of_shop = operations.reset_alert_rule("host down", name=shop)
    assert of_shop is not None
    assert (of_shop.enabled, of_shop.decided_by) == (False, "group")
    of_group = operations.reset_alert_rule("host down")
    assert of_group is not None
    assert (of_group.enabled, of_group.decided_by) == (True, "default")


def test_a_rule_that_is_switched_on_tells_nothing_of_before(
    operations: Operations, metadata: Metadata, wall_clock: SteppingClock
) -> None:
    metadata.alert_rules.put(default_rule("default", condition("restore done"), NOW - 24 * HOUR))
    operations.set_alert_rule("restore done", RuleWish(enabled=False))
    operations.set_alert_rule("restore done", RuleWish(enabled=True))
    (rule,) = metadata.alert_rules.all({"condition": "restore done"})
    assert rule.created_at >= NOW


# -- channels ----------------------------------------------------------------------------------


def test_channels_tell_what_became_of_their_last_message(
    operations: Operations, metadata: Metadata
) -> None:
    sent, failed = NotificationState.SENT, NotificationState.FAILED
    metadata.notifications.queue([
        notification("n1", "mail", sent, at=NOW - HOUR, sent_at=NOW - HOUR),
        notification("n2", "mail", failed, at=NOW, error="451 try later", next_at=NOW + HOUR),
    ])  # fmt: skip

    mail, pager = operations.channels()

    assert (mail.name, mail.kind, mail.last_state, mail.error) == (
        "mail", "command", "failed", "451 try later",
    )  # fmt: skip
    assert (mail.sent_at, mail.waiting) == (NOW - HOUR, 1)
    assert (pager.last_state, pager.last_at, pager.waiting) == ("", None, 0)
    assert [one.id for one in operations.notifications()] == ["n2", "n1"]


@pytest.mark.parametrize(("channel", "state"), [("mail", "sent"), ("pager", "given up")])
def test_a_test_is_sent_at_once_and_its_end_is_told(
    operations: Operations, channel: str, state: str
) -> None:
    view = operations.test_channel(channel)
    assert (view.kind, view.state, bool(view.error)) == ("test", state, state != "sent")
    assert operations.notifications() == [view]
    (event,) = operations.events()
    assert (event.kind, event.actor) == ("channel tested", "ada")
    assert state in event.text


def test_a_channel_that_there_is_not_can_not_be_tested(operations: Operations) -> None:
    with pytest.raises(UsageError, match="no channel 'pagr'") as raised:
        operations.test_channel("pagr")
    assert "pager" in raised.value.hint


# -- maintenance -------------------------------------------------------------------------------


def test_maintenance_is_planned_begins_and_is_ended(operations: Operations, shop: str) -> None:
    now = operations.add_maintenance(shop, None, NOW + 2 * HOUR, "new disks")
    later = operations.add_maintenance(None, NOW + HOUR, NOW + 3 * HOUR)

    found = operations.maintenance_windows()
    assert [(one.deployment, one.state, one.by) for one in found] == [
        ("shop", "under way", "ada"), ("", "planned", "ada"),
    ]  # fmt: skip
    assert [one.id for one in operations.maintenance_windows(shop)] == [now.id, later.id]
    assert operations.end_maintenance(now.id).state == "over"
    assert operations.end_maintenance(later.id).state == "over"
    assert operations.maintenance_windows() == []
    assert [one.id for one in operations.maintenance_windows(all=True)] == [now.id]
    told = [kind for kind, _ in kinds(operations)]
    assert told[:4] == ["maintenance ended"] * 2 + ["maintenance set"] * 2
    with pytest.raises(Refused, match="over already"):
        operations.end_maintenance(now.id)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, NOW - HOUR, "lie ahead"),
        (NOW + 2 * HOUR, NOW + HOUR, "ends before it begins"),
        (None, NOW + timedelta(days=40), "longer than 31 days"),
    ],
)
def test_maintenance_that_makes_no_sense_is_refused(
    operations: Operations, start: object, end: object, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        operations.add_maintenance(None, start, end)  # type: ignore[arg-type]


def test_a_rule_of_a_newer_program_does_no_harm(operations: Operations, metadata: Metadata) -> None:
    before = operations.alert_rules()
    rule = default_rule("default", condition("host down"), NOW)
    metadata.alert_rules.put(replace(rule, id="default||moon down|", condition="moon down"))
    assert operations.alert_rules() == before
    metadata.alerts.add(alert("a1", condition="moon down"))
    assert [(view.condition, view.page) for view in operations.alerts()] == [("moon down", "")]
