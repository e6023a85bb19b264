"""Facts, rules and a small world in which the evaluator plays a whole story."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.alerts.conditions import condition
from mmsconsole.alerts.defaults import default_rule
from mmsconsole.alerts.evaluator import evaluate, event_id
from mmsconsole.alerts.facts import DeploymentFacts, Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.flapping import FLAPS_WITHIN
from mmsconsole.alerts.queueing import notifications_of
from mmsconsole.alerts.situation import Situation
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert, Pending
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.maintenance import MaintenanceWindow
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.notifications import Notification
from mmsconsole.secret import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(days=30)
CHANNELS = ("mail", "chat")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def deployment(id_: str = "d1", **fields: Any) -> Deployment:
    known: dict[str, Any] = {
        "id": id_, "name": f"name-{id_}", "uri": Secret("mongodb://db1"), "set_name": "rs",
        "set_id": id_, "server_version": "6.0.5", "fcv": "6.0", "created_at": EARLIER,
        "backup": BackupState.STARTED, "head": "h1",
    }  # fmt: skip
    return Deployment(**(known | fields))


def member(host: str = "db1:27017", **fields: Any) -> MemberState:
    """That answers."""
    known: dict[str, Any] = {
        "id": f"d1/{host}", "deployment": "d1", "host": host, "set_name": "rs",
        "state": "SECONDARY", "asked_at": NOW, "seen_at": NOW, "version": "6.0.5", "fcv": "6.0",
    }  # fmt: skip
    return MemberState(**(known | fields))


def facts(*members: MemberState, of: Deployment | None = None, **fields: Any) -> Facts:
    """One deployment with what is known of it."""
    one = DeploymentFacts(of or deployment(), members=members, **fields)
    return Facts("default", NOW, (one,))


def rule(name: str = "replication lag", **fields: Any) -> AlertRule:
    """At once and with nothing to wait for, but for what is said."""
    deployment_id, metric = fields.pop("deployment", ""), fields.pop("metric", "")
    made = default_rule(
        "default", condition(name), EARLIER, deployment=deployment_id, metric=metric
    )
    plain: dict[str, Any] = {"for_seconds": 0, "clear_seconds": 0, "clear_threshold": None}
    return replace(made, **(plain | fields))


def lag(value: float | None, subject: str = "db2:27017", of: str = "d1") -> Finding:
    return Finding("replication lag", subject, value, f"{subject} is {value} s behind", of)


@dataclass
class World:
    """The records and the time between two looks."""

    rules: list[AlertRule]
    windows: list[MaintenanceWindow] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=lambda: {"d1": "shop", "d2": "mail"})
    now: datetime = NOW
    seconds: float = 1000.0
    alerts: dict[str, Alert] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    sent: dict[str, Notification] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    people: tuple[str, ...] = ()
    """Channels that people read."""

    def pass_(self, seconds: float, *, wall: float | None = None) -> None:
        """`wall`: how far the wall clock goes meanwhile."""
        self.seconds += seconds
        self.now += timedelta(seconds=seconds if wall is None else wall)

    def look(self, *findings: Finding, stop_after: int = 99) -> None:
        """`stop_after`: so many kinds of writes are done before the process is killed."""
        verdicts = evaluate(self.situation(findings))
        steps = [
            lambda: self._open(verdicts.opened),
            lambda: self.alerts.update({one.id: one for one in verdicts.changed}),
            lambda: self.pending.update({one.id: one for one in verdicts.pended}),
            lambda: [self.pending.pop(one) for one in verdicts.dropped],
            self._queue,
            self._empty,
        ]
        for step in steps[:stop_after]:
            step()

    def situation(self, findings: Iterable[Finding]) -> Situation:
        known = {event_id("default", one) for one in findings if one.occurrence}
        judged = [one for one in self.alerts.values() if one.standing or one.owed]
        lately = [one for one in self.alerts.values()
                  if one.closed_at and one.closed_at >= self.now - FLAPS_WITHIN]  # fmt: skip
        return Situation(
            "default", self.now, self.seconds, self.rules, tuple(findings), judged,
            list(self.pending.values()), self.windows, self.names, known & set(self.alerts),
            {one.key: one.flaps for one in lately},
        )  # fmt: skip

    def _open(self, alerts: Iterable[Alert]) -> None:
        standing = {one.key for one in self.alerts.values() if one.standing}
        for one in alerts:
            if one.key not in standing and one.id not in self.alerts:
                self.alerts[one.id] = one

    def _queue(self) -> None:
        for alert in self.alerts.values():
            for one in notifications_of(alert, CHANNELS, self.people):
                self.sent.setdefault(one.id, one)

    def _empty(self) -> None:
        for alert in list(self.alerts.values()):
            self.events += [one.event for one in alert.outbox if one.event]
            self.alerts[alert.id] = replace(alert, outbox=())

    @property
    def kinds(self) -> list[str]:
        """Of what the channel "mail" was told, in order."""
        return [one.kind.value for one in self.sent.values() if one.channel == "mail"]

    @property
    def standing(self) -> list[Alert]:
        return [one for one in self.alerts.values() if one.standing]

    @property
    def only(self) -> Alert:
        (alert,) = self.alerts.values()
        return alert
