"""One of every view of alerts, with every field set to something that shows how it is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsconsole.operations.alert_views import (
    AlertHistory,
    AlertView,
    ChannelView,
    NotificationView,
    RuleView,
    WindowView,
)
from mmsconsole.operations.views import EventView

NOW = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
HOUR = timedelta(hours=1)

ALERT = AlertView(
    id="4b7a10c2e9d1", deployment="shop", subject="db2:27017", condition="replication lag",
    severity="warning", state="open", text="db2:27017 is 14 min behind", hint="look at its disk",
    page="chart", value=842.5, metric="", unit="s", opened_at=NOW - HOUR, changed_at=NOW,
    closed_at=None, acknowledged_by="", acknowledged_until=None, note="", notified=3,
    notified_at=NOW, suppressed_by="",
)  # fmt: skip
ACKNOWLEDGED = replace(
    ALERT, id="90cf23ab1d04", deployment="", subject="default", condition="store space",
    severity="error", state="acknowledged", acknowledged_by="ada",
    acknowledged_until=NOW + HOUR, note="a larger disk is ordered", text="default: 12 % free",
)  # fmt: skip
CLOSED = replace(
    ALERT, id="5e1f", state="closed", closed_at=NOW - HOUR / 2, reason="well again: lag 2 s",
    suppressed_by="maintenance until 2026-03-01 14:00:00Z",
)  # fmt: skip
SENT = NotificationView(
    "4b7a-1-mail", "4b7a10c2e9d1", "mail", "open", "A secondary is behind: shop db2:27017",
    NOW - HOUR, "sent", 1, None, "",
)  # fmt: skip
FAILED = replace(
    SENT, id="4b7a-1-pager", channel="pager", state="failed", tries=3, next_at=NOW + HOUR,
    error="events.pagerduty.com answered 503",
)  # fmt: skip
RULE = RuleView(
    id="replication lag|", condition="replication lag", metric="", title="A secondary is behind",
    deployment="shop", decided_by="deployment", enabled=True, threshold=600.0, unit="s",
    for_seconds=120, severity="warning", renotify_minutes=5, channels=("mail", "pager"),
    muted_until=NOW + HOUR, muted_by="ada", note="new disks",
    overridden=("threshold 10 min instead of 60 s",), hint="look at its disk",
    clear_threshold=300.0, clear_seconds=60,
)  # fmt: skip
METRIC = replace(
    RULE, id="metric above|queue_total", condition="metric above", metric="queue_total",
    deployment="", decided_by="group", threshold=50.0, unit="count", channels=(), muted_until=None,
    muted_by="", note="", overridden=(), enabled=False, renotify_minutes=0, for_seconds=0,
    clear_threshold=None, clear_seconds=0,
)  # fmt: skip
WINDOW = WindowView("1f0c", "shop", NOW - HOUR, NOW + HOUR, "new disks", "ada", "under way")

VIEWS: dict[str, Any] = {
    "alerts": [ALERT, ACKNOWLEDGED, CLOSED],
    "alert": AlertHistory(
        ALERT,
        (EventView("e1", NOW - HOUR, "alert opened", "warning", "shop", "", "it is behind"),),
        (FAILED, SENT),
    ),
    "alert-closed": AlertHistory(replace(CLOSED, value=None), (), ()),
    "alert-rules": [RULE, METRIC],
    "alert-rule": RULE,
    "channels": [
        ChannelView("mail", "email", NOW, "sent", "", NOW, 0),
        ChannelView("pager", "pagerduty", NOW, "failed", "answered 503", None, 2),
        ChannelView("chat", "slack", None, "", "", None, 0),
    ],
    "notifications": [FAILED, SENT],
    "notification": FAILED,
    "maintenance": [WINDOW, replace(WINDOW, id="2a", deployment="", state="planned", note="")],
    "maintenance-window": WINDOW,
}
