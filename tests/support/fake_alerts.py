"""Alerts, their rules and channels, answered from memory: the part of FakeOperations about them."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mmsconsole.alerts.conditions import CONDITIONS, METRIC_ABOVE, condition
from mmsconsole.alerts.defaults import default_rule
from mmsconsole.errors import NotFound
from mmsconsole.metadata.collection import new_id
from mmsconsole.operations.alert_views import (
    AlertHistory,
    AlertView,
    ChannelView,
    NotificationView,
    RuleView,
    RuleWish,
    WatchView,
    WindowView,
)
from mmsconsole.operations.alerts import NO_CHANNEL, NO_SERVICE
from mmsconsole.operations.amounts import in_words
from mmsconsole.operations.rule_wishes import wished
from mmsconsole.operations.views import EventView
from tests.support import fake_data as data
from tests.support.fake_data import NOW
from tests.support.fake_desk import FakeDesk

WAREHOUSE = "warehouse-analytics-eu-west"


def alert(id_: str, name: str, what: str, text: str, minutes: float, **more: object) -> AlertView:
    found = condition(what)
    made_ = AlertView(
        id=id_, deployment=name, subject="", condition=what, severity=found.severity.value,
        state="open", text=text, hint=found.hint, page=found.page, value=None, metric="",
        unit=found.unit, opened_at=NOW - timedelta(minutes=minutes),
        changed_at=NOW - timedelta(minutes=minutes), closed_at=None, acknowledged_by="",
        acknowledged_until=None, note="", notified=2,
        notified_at=NOW - timedelta(minutes=minutes / 2), suppressed_by="",
    )  # fmt: skip
    return replace(made_, **more)  # type: ignore[arg-type]


def alerts() -> list[AlertView]:
    return [
        alert("a-4101", WAREHOUSE, "backup agent down",
              "nothing is read from its source since 11:43:30Z: connection refused by wh-1:27017",
              11),
        alert("a-4099", "payments", "replication lag", "pay-2:27017 is 14 min behind the primary",
              14, subject="pay-2:27017", value=842.0),
        alert("a-4090", "sessions", "resync required", "the stored oplog no longer reaches",
              172, state="acknowledged", acknowledged_by="ben", note="a new one begins at night",
              acknowledged_until=NOW + timedelta(hours=8)),
        alert("a-4080", "", "store space", "the store default has 12 % of its disk free", 40,
              subject="default", value=12.0, suppressed_by="maintenance until 14:00:00Z"),
        alert("a-4050", "orders", "snapshot failed", "the snapshot of 05:59:57Z failed: no room",
              3000, state="closed", closed_at=NOW - timedelta(minutes=2640),
              reason="well again: the newest snapshot is complete"),
    ]  # fmt: skip


def notification(
    id_: str, alert_: str, minutes: float, state: str = "sent", **more: object
) -> NotificationView:
    made_ = NotificationView(
        id_, alert_, "mail", "open", "payments: replication lag", NOW - timedelta(minutes=minutes),
        state, 1, None, "",
    )  # fmt: skip
    return replace(made_, **more)  # type: ignore[arg-type]


def sent() -> list[NotificationView]:
    return [
        notification("n-3", "a-4099", 9, kind="again"),
        notification("n-2", "a-4099", 14, "failed", channel="pager", tries=3,
                     error="events.pagerduty.com answered 503"),
        notification("n-1", "a-4099", 14),
    ]  # fmt: skip


def channels() -> list[ChannelView]:
    early, late = NOW - timedelta(minutes=14), NOW - timedelta(minutes=9)
    return [
        ChannelView("mail", "email", late, "sent", "", late, 0),
        ChannelView("pager", "pagerduty", early, "failed", "events.pagerduty.com answered 503",
                    NOW - timedelta(days=2), 1),
        ChannelView("chat", "slack", None, "", "", None, 0),
    ]  # fmt: skip


def rules() -> list[RuleView]:
    """The group's: one is limited otherwise, one muted, one off, one of a metric."""
    found = [rule(one.name) for one in CONDITIONS if not one.metric]
    more = rule(METRIC_ABOVE, "queue_total", threshold=50.0, unit="count", decided_by="group")
    changed = {
        "replication lag": {"threshold": 600.0, "decided_by": "group",
                            "overridden": ("threshold 10 min instead of 60 s",)},
        "snapshot late": {"muted_until": NOW + timedelta(hours=2), "muted_by": "anna",
                          "note": "the new disks come", "decided_by": "group"},
        "new primary": {"enabled": False, "decided_by": "group",
                        "overridden": ("rule off instead of on",)},
    }  # fmt: skip
    return [
        replace(view, **changed.get(view.condition, {}))
        for view in [*found, more]  # type: ignore[arg-type]
    ]


def rule(name: str, metric: str = "", **more: object) -> RuleView:
    found = condition(name)
    made_ = RuleView(
        id=f"{name}|{metric}", condition=name, metric=metric, title=found.title, deployment="",
        decided_by="default", enabled=True, threshold=found.threshold, unit=found.unit,
        for_seconds=found.for_seconds, severity=found.severity.value,
        renotify_minutes=found.renotify_minutes, channels=(), muted_until=None, muted_by="",
        note="", overridden=(), hint=found.hint,
        clear_threshold=found.clear_threshold, clear_seconds=found.clear_seconds,
    )  # fmt: skip
    return replace(made_, **more)  # type: ignore[arg-type]


def window(name: str = "", hours: float = 2, **more: object) -> WindowView:
    made_ = WindowView(
        f"w-{name or 'all'}", name, NOW, NOW + timedelta(hours=hours), "new disks", "anna",
        "under way",
    )  # fmt: skip
    return replace(made_, **more)  # type: ignore[arg-type]


@dataclass
class FakeAlerts(FakeDesk):
    """By default nothing is wrong."""

    kept_alerts: list[AlertView] = field(default_factory=list)
    kept_rules: list[RuleView] = field(default_factory=rules)
    kept_channels: list[ChannelView] = field(default_factory=channels)
    kept_sent: list[NotificationView] = field(default_factory=sent)
    kept_windows: list[WindowView] = field(default_factory=list)

    # Questions

    def alerts(self, name: str | None = None, *, all: bool = False) -> list[AlertView]:
        self._reach("alerts")
        return [
            each for each in self.kept_alerts
            if name in (None, each.deployment) and (all or each.state != "closed")
        ]  # fmt: skip

    def alert(self, alert_id: str) -> AlertHistory:
        self._reach("alert")
        found = self._alert(alert_id)
        told = tuple(each for each in self.kept_sent if each.alert == alert_id)
        return AlertHistory(found, self._events_of(found), told)

    def alert_watch(self, name: str | None = None) -> WatchView:
        self._reach("alert_watch")
        states = Counter(each.state for each in self.alerts(name))
        warnings = [] if self._runs else [NO_SERVICE]
        warnings += [] if self.kept_channels else [NO_CHANNEL]
        return WatchView(
            sum(each.watches(NOW) for each in self.kept_rules), len(self.views),
            len(self.kept_channels), self._runs, NOW, states["open"], states["acknowledged"],
            tuple(warnings),
        )  # fmt: skip

    def alert_rules(self, name: str | None = None) -> list[RuleView]:
        self._reach("alert_rules")
        return [replace(each, deployment=name or "") for each in self.kept_rules]

    def channels(self) -> list[ChannelView]:
        self._reach("channels")
        return list(self.kept_channels)

    def notifications(self, limit: int = 100) -> list[NotificationView]:
        self._reach("notifications")
        return self.kept_sent[:limit]

    def maintenance_windows(
        self, name: str | None = None, *, all: bool = False
    ) -> list[WindowView]:
        self._ask("maintenance_windows", name)
        return [each for each in self.kept_windows if name is None or each.deployment in ("", name)]

    # Requests

    def acknowledge_alert(
        self, alert_id: str, until: datetime | None = None, note: str = ""
    ) -> AlertView:
        self._ask("acknowledge_alert", alert_id, until, note)
        return self._set_alert(alert_id, state="acknowledged", acknowledged_by="anna",
                               acknowledged_until=until, note=note)  # fmt: skip

    def unacknowledge_alert(self, alert_id: str) -> AlertView:
        self._ask("unacknowledge_alert", alert_id)
        return self._set_alert(alert_id, state="open", acknowledged_by="", note="")

    def set_alert_rule(
        self, condition: str, wish: RuleWish, *, name: str | None = None, metric: str = ""
    ) -> RuleView:
        self._ask("set_alert_rule", condition, wish, name, metric)
        view = self._rule(condition, metric)
        after = self._wished(view, wish)
        return self._set_rule(
            condition, metric, threshold=after.threshold, for_seconds=after.for_seconds,
            severity=after.severity.value, enabled=after.enabled, decided_by="group",
            overridden=(f"threshold {in_words(after.threshold, view.unit)}",),
        )  # fmt: skip

    def mute_alert_rule(
        self, condition: str, until: datetime, note: str = "", *, name: str | None = None,
        metric: str = "",
    ) -> RuleView:  # fmt: skip
        self._ask("mute_alert_rule", condition, until, note, name, metric)
        return self._set_rule(condition, metric, muted_until=until, muted_by="anna", note=note)

    def unmute_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView:
        self._ask("unmute_alert_rule", condition, name, metric)
        return self._set_rule(condition, metric, muted_until=None)

    def reset_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView | None:
        self._ask("reset_alert_rule", condition, name, metric)
        if metric:
            self.kept_rules = [each for each in self.kept_rules if each.metric != metric]
            return None
        place = self.kept_rules.index(self._rule(condition, ""))
        self.kept_rules[place] = rule(condition)
        return self.kept_rules[place]

    def test_channel(self, name: str) -> NotificationView:
        self._ask("test_channel", name)
        state = "given up" if name == "pager" else "sent"
        made_ = notification(new_id(), "", 0, state, channel=name, kind="test",
                             error="it answers 503" if name == "pager" else "",
                             title="Test of mmsconsole")  # fmt: skip
        self.kept_sent.insert(0, made_)
        return made_

    def add_maintenance(
        self, name: str | None, start: datetime | None, end: datetime, note: str
    ) -> WindowView:
        self._ask("add_maintenance", name, start, end, note)
        self.kept_windows.append(window(name or "", end=end, note=note))
        return self.kept_windows[-1]

    def end_maintenance(self, window_id: str) -> WindowView:
        self._ask("end_maintenance", window_id)
        ended = next(each for each in self.kept_windows if each.id == window_id)
        self.kept_windows.remove(ended)
        return ended

    # Inside

    @property
    def alerts_open(self) -> dict[str, int]:
        """By severity, as the engine tells it with every answer."""
        return dict(Counter(each.severity for each in self.kept_alerts if each.state == "open"))

    @property
    def _runs(self) -> bool:
        return bool(getattr(self, "running", True))

    def _alert(self, id_: str) -> AlertView:
        found = next((each for each in self.kept_alerts if each.id == id_), None)
        if found is None:
            raise NotFound("there is no such alert", where=id_)
        return found

    def _events_of(self, found: AlertView) -> tuple[EventView, ...]:
        minutes = (NOW - found.opened_at).total_seconds() / 60
        return (data.event(minutes, "alert opened", found.deployment, found.text),)

    def _set_alert(self, id_: str, **changes: object) -> AlertView:
        place = self.kept_alerts.index(self._alert(id_))
        self.kept_alerts[place] = replace(self.kept_alerts[place], **changes)  # type: ignore[arg-type]
        return self.kept_alerts[place]

    def _rule(self, name: str, metric: str) -> RuleView:
        return next(each for each in self.kept_rules if each.id == f"{name}|{metric}")

    def _set_rule(self, name: str, metric: str, **changes: object) -> RuleView:
        place = self.kept_rules.index(self._rule(name, metric))
        self.kept_rules[place] = replace(self.kept_rules[place], **changes)  # type: ignore[arg-type]
        return self.kept_rules[place]

    def _wished(self, view: RuleView, wish: RuleWish):  # type: ignore[no-untyped-def]
        """By what reads it in the product."""
        found = condition(view.condition)
        now = replace(
            default_rule("default", found, NOW, metric=view.metric), threshold=view.threshold,
            enabled=view.enabled, for_seconds=int(view.for_seconds),
        )  # fmt: skip
        return wished(now, wish, found, view.unit, [each.name for each in self.kept_channels])
