"""What the console needs of Operations for alerts: a part of `ports`."""

from datetime import datetime
from typing import Protocol

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


class AlertReading(Protocol):
    """Questions, as those of Reading."""

    def alerts(self, name: str | None = None, *, all: bool = False) -> list[AlertView]: ...

    def alert(self, alert_id: str) -> AlertHistory: ...

    def alert_watch(self, name: str | None = None) -> WatchView: ...

    def alert_rules(self, name: str | None = None) -> list[RuleView]: ...

    def channels(self) -> list[ChannelView]: ...

    def notifications(self, limit: int = 100) -> list[NotificationView]: ...

    def maintenance_windows(
        self, name: str | None = None, *, all: bool = False
    ) -> list[WindowView]: ...  # fmt: skip


class AlertActing(Protocol):
    def acknowledge_alert(
        self, alert_id: str, until: datetime | None = None, note: str = ""
    ) -> AlertView: ...

    def unacknowledge_alert(self, alert_id: str) -> AlertView: ...

    def set_alert_rule(
        self, condition: str, wish: RuleWish, *, name: str | None = None, metric: str = ""
    ) -> RuleView: ...

    def mute_alert_rule(
        self, condition: str, until: datetime, note: str = "", *, name: str | None = None,
        metric: str = "",
    ) -> RuleView: ...  # fmt: skip

    def unmute_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView: ...

    def reset_alert_rule(
        self, condition: str, *, name: str | None = None, metric: str = ""
    ) -> RuleView | None: ...

    def test_channel(self, name: str) -> NotificationView: ...

    def add_maintenance(
        self, name: str | None, start: datetime | None, end: datetime, note: str
    ) -> WindowView: ...

    def end_maintenance(self, window_id: str) -> WindowView: ...
