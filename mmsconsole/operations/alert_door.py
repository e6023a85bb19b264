"""What Operations is asked of alerts: the part of it that is about them."""

from datetime import datetime

from mmsconsole.operations import alert_rules, alerts, maintenance, notifications
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
from mmsconsole.operations.desk import Desk


class AlertDoor:
    """`name` is a deployment's; None: all of them."""

    _desk: Desk

    def alerts(self, name: str | None = None, *, all: bool = False) -> list[AlertView]:
        """The open ones first. `all`: those that are closed, too."""
        return alerts.listed(self._desk, name, every=all)

    def alert(self, alert_id: str) -> AlertHistory:
        return alerts.show(self._desk, alert_id)

    def acknowledge_alert(
        self, alert_id: str, until: datetime | None = None, note: str = ""
    ) -> AlertView:
        """Nobody is told again until then; None: until it closes."""
        return alerts.acknowledge(self._desk, alert_id, until, note)

    def unacknowledge_alert(self, alert_id: str) -> AlertView:
        return alerts.unacknowledge(self._desk, alert_id)

    def alert_watch(self, name: str | None = None) -> WatchView:
        """How many rules there are, and why perhaps nobody would be told."""
        return alerts.watch(self._desk, name)

    def alert_rules(self, name: str | None = None) -> list[RuleView]:
        """What holds for a deployment; None: for the group."""
        return alert_rules.listed(self._desk, name)

    def set_alert_rule(
        self, condition: str, wish: RuleWish, *, name: str | None = None, metric: str = ""
    ) -> RuleView:
        """Of a metric: the condition is "metric above" or "metric below"."""
        return alert_rules.change(self._desk, condition, wish, name, metric)

    def mute_alert_rule(
        self, condition: str, until: datetime, note: str = "", *, name: str | None = None,
        metric: str = "",
    ) -> RuleView:  # fmt: skip
        return alert_rules.mute(self._desk, condition, until, note, name, metric)

    def unmute_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView:
        return alert_rules.unmute(self._desk, condition, name, metric)

    def reset_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView | None:
        """To what holds without it; None: it is gone."""
        return alert_rules.reset(self._desk, condition, name, metric)

    def channels(self) -> list[ChannelView]:
        return notifications.channels(self._desk)

    def test_channel(self, name: str) -> NotificationView:
        """Sent at once, from here: the answer says what became of it."""
        return notifications.test(self._desk, name)

    def notifications(self, limit: int = 100) -> list[NotificationView]:
        """Newest first."""
        return notifications.recent(self._desk, limit)

    def maintenance_windows(
        self, name: str | None = None, *, all: bool = False
    ) -> list[WindowView]:
        """The first to begin first. `all`: those that are over, too."""
        return maintenance.listed(self._desk, name, every=all)

    def add_maintenance(
        self, name: str | None, start: datetime | None, end: datetime, note: str = ""
    ) -> WindowView:
        """`start` None: now."""
        return maintenance.add(self._desk, name, start, end, note)

    def end_maintenance(self, window_id: str) -> WindowView:
        return maintenance.end(self._desk, window_id)
