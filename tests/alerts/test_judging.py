"""One look at a group, with the real records."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.collection import Collection

from mmsconsole.alerts.acknowledging import acknowledge, take_back
from mmsconsole.alerts.defaults import default_rules, ensure_defaults
from mmsconsole.alerts.judging import forget, judge
from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.alert_rules import rule_id
from mmsconsole.metadata.alerts import Alert, AlertState
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.settings import HOME, Settings, load_settings
from tests.alerts.world import NOW, ago, deployment, member

CONFIG = '[notify.mail]\nkind = "command"\nargv = ["/bin/true"]\n'
LAG = rule_id("default", "", "replication lag")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text(CONFIG)
    return load_settings({HOME: str(tmp_path)})


@pytest.fixture
def look(metadata: Metadata, settings: Settings) -> Callable[..., None]:
    """look(seconds, lag=…): one look at a set whose secondary is so far behind."""
    metadata.deployments.add(deployment(backup="inactive"))
    ensure_defaults(metadata, ["default"], ago(hours=1))
    metadata.alert_rules.set(LAG, for_seconds=0, clear_seconds=0, threshold=60.0)

    def look(seconds: float, lag: float) -> None:
        state = member("db2:27017", lag_seconds=lag)
        metadata.members.report([member("db1:27017", state="PRIMARY"), state])
        judge(metadata, settings, "default", NOW, seconds)

    return look


def kinds(metadata: Metadata) -> list[str]:
    return [one.kind.value for one in metadata.notifications.all(sort=[("_id", 1)])]


def only(metadata: Metadata) -> Alert:
    (alert,) = metadata.alerts.listed(every=True)
    return alert


def told(metadata: Metadata) -> list[str]:
    return sorted(one.kind for one in metadata.events.recent())


def test_an_alert_opens_and_closes_with_its_events_and_notifications(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    alert = only(metadata)
    assert (alert.subject, alert.deployment_name) == ("db2:27017", "name-d1")
    assert [one.id for one in metadata.alerts.listed("d1")] == [alert.id]
    assert kinds(metadata) == ["open"]
    look(10, lag=0)
    assert only(metadata).state is AlertState.CLOSED
    assert list(metadata.alerts.listed()) == []
    assert kinds(metadata) == ["open", "closed"]
    assert told(metadata) == ["alert closed", "alert opened"]
    assert only(metadata).outbox == ()


def test_a_restart_repeats_nothing(metadata: Metadata, look: Callable[..., None]) -> None:
    """Nothing is kept between two looks but the records."""
    for seconds in range(0, 290, 10):
        look(seconds, lag=75)
    assert kinds(metadata) == ["open"]
    look(300, lag=75)
    assert kinds(metadata) == ["open", "again"]


def test_what_is_pending_is_kept_over_a_restart(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    metadata.alert_rules.set(LAG, for_seconds=20)
    for seconds in (0, 10):
        look(seconds, lag=75)
        assert not list(metadata.alerts.listed())
    look(20, lag=75)
    assert kinds(metadata) == ["open"]
    assert metadata.alert_pendings.of("default") == []


WRITES = ("insert_one", "insert_many", "replace_one", "update_one", "bulk_write", "delete_many")


class Killed(Exception):
    """The process ends here."""


def kill_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> None:
    """Before or after the write of that number."""
    count = [0]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def write(self: Collection[Any], *args: Any, **kwargs: Any) -> Any:
            count[0] += 1
            if count[0] == number and not after:
                raise Killed
            done = real(self, *args, **kwargs)
            if count[0] == number:
                raise Killed
            return done

        return write

    for name in WRITES:
        monkeypatch.setattr(Collection, name, dying(getattr(Collection, name)))


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_between_any_two_writes_neither_loses_nor_doubles_anything(
    metadata: Metadata, settings: Settings, look: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch, after: bool,
) -> None:  # fmt: skip
    metadata.alert_rules.set(LAG, for_seconds=10)
    killed = 0
    for number in range(1, 8):
        for records in (metadata.alerts, metadata.notifications, metadata.events):
            records.collection.delete_many({})
        for seconds, lag in ((0, 75), (10, 75), (20, 0)):
            with monkeypatch.context() as patched:
                metadata.members.report([member("db2:27017", lag_seconds=lag)])
                kill_at(patched, number, after=after)
                try:
                    judge(metadata, settings, "default", NOW, number * 100 + seconds)
                except Killed:
                    killed += 1
            look(number * 100 + seconds, lag)
        assert kinds(metadata) == ["open", "closed"], number
        assert told(metadata) == ["alert closed", "alert opened"], number
    assert killed >= 8


def test_two_engines_that_both_believe_to_be_the_only_one_open_one_alert(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    twin = replace(only(metadata), id="another", outbox=())
    metadata.alerts.open_all([twin])
    assert only(metadata).id != "another"
    assert kinds(metadata) == ["open"]


def test_what_people_write_meanwhile_is_not_written_over(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    seen = only(metadata)
    acknowledge(metadata.alerts, seen.id, by="ada", until=None, note="known", now=NOW)
    metadata.alerts.change_all([replace(seen, text="other")])
    assert metadata.alerts.change(seen) is None
    assert only(metadata).state is AlertState.ACKNOWLEDGED
    look(10, lag=80)
    assert (only(metadata).note, only(metadata).value) == ("known", 80)
    assert kinds(metadata) == ["open", "acknowledged"]


def test_what_a_newer_program_wrote_is_left_alone(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    newer = {"condition": "moon too near", "key": "moon"}
    metadata.alerts.collection.update_one({}, {"$set": newer})
    metadata.alert_rules.set(LAG, condition="moon too near")
    look(10, lag=75)
    assert only(metadata).standing


def test_an_acknowledgement_can_be_taken_back(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    id_ = only(metadata).id
    acknowledge(metadata.alerts, id_, by="ada", until=None, note="", now=NOW)
    take_back(metadata.alerts, id_, by="ada", now=NOW)
    assert only(metadata).state is AlertState.OPEN


def test_what_is_over_can_not_be_acknowledged(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    id_ = only(metadata).id
    with pytest.raises(UsageError, match="over already"):
        acknowledge(metadata.alerts, id_, by="ada", until=NOW, note="", now=NOW)
    look(10, lag=0)
    with pytest.raises(Refused, match="closed"):
        acknowledge(metadata.alerts, id_, by="ada", until=None, note="", now=NOW)


def test_an_event_is_told_once_also_after_its_alert_has_closed(
    metadata: Metadata, settings: Settings, look: Callable[..., None]
) -> None:
    restore = Restore("r1", "d1", "s1", "/restores", ago(hours=1), state=RestoreState.FAILED)
    metadata.restores.add(replace(restore, finished_at=ago(minutes=5), reason="no room"))
    for seconds in (0, 10, 600, 610, 2000, 4000):
        look(seconds, lag=0)
    assert kinds(metadata) == ["open", "closed"]
    assert only(metadata).severity is Severity.ERROR


def test_a_removed_deployment_leaves_no_open_alert(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    metadata.deployments.set("d1", removed=True)
    look(10, lag=75)
    assert only(metadata).reason == "cancelled: the deployment was removed"


def test_the_defaults_of_a_group_leave_what_people_have_changed(metadata: Metadata) -> None:
    ensure_defaults(metadata, ["default"], NOW)
    metadata.alert_rules.set(LAG, threshold=5.0, enabled=False)
    ensure_defaults(metadata, ["default"], NOW + timedelta(days=1))
    rule = metadata.alert_rules.get(LAG)
    assert (rule.threshold, rule.enabled, rule.created_at) == (5.0, False, NOW)
    assert len(list(metadata.alert_rules.all())) == len(list(default_rules("default", NOW)))


def test_what_was_closed_long_ago_is_forgotten_and_what_stands_is_not(
    metadata: Metadata, look: Callable[..., None]
) -> None:
    look(0, lag=75)
    look(10, lag=0)
    look(20, lag=75)
    kept, now = timedelta(days=90), NOW + timedelta(days=91)
    metadata.notifications.collection.update_many({}, {"$set": {"state": "sent"}})
    forget(metadata, NOW + timedelta(days=89), kept)
    assert len(list(metadata.alerts.listed(every=True))) == 2
    forget(metadata, now, kept)
    assert [one.standing for one in metadata.alerts.listed(every=True)] == [True]
    assert kinds(metadata) == []


def test_the_rules_of_a_deployment_that_is_gone_go(metadata: Metadata) -> None:
    rule = next(default_rules("default", NOW))
    own = replace(rule, id="own", deployment="gone")
    metadata.alert_rules.put_all([rule, own])
    forget(metadata, NOW, timedelta(days=90))
    assert [one.id for one in metadata.alert_rules.all()] == [rule.id]


ASKING = ("find", "find_one", "aggregate", *WRITES)


def test_a_look_asks_no_more_often_for_many_deployments_than_for_one(
    metadata: Metadata, look: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_calls(monkeypatch, ASKING)
    look(0, lag=0)
    for_one = len(asked)
    for number in range(20):
        id_ = f"x{number}"
        metadata.deployments.add(deployment(id_, backup="inactive"))
        metadata.members.report([member(id=f"{id_}/db1", deployment=id_, state="PRIMARY")])
    asked.clear()
    look(0, lag=0)
    assert len(asked) == for_one


def count_calls(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> list[str]:
    """A list that gets the name of every method of a collection that is called."""
    asked: list[str] = []

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Collection[Any], *args: Any, **kwargs: Any) -> Any:
            asked.append(name)
            return real(self, *args, **kwargs)

        return call

    for name in names:
        monkeypatch.setattr(Collection, name, counting(name, getattr(Collection, name)))
    return asked
