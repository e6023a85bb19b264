"""Notifications and messages of the tests."""

from datetime import UTC, datetime
from typing import Any

from mmsconsole.alerts.notify.channel import Message
from mmsconsole.alerts.notify.rendering import message_of
from mmsconsole.metadata.notifications import Notification, NotificationKind

AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PAYLOAD = {
    "severity": "error",
    "group": "main",
    "deployment": "shop",
    "subject": "db2:27017",
    "condition": "replication lag",
    "opened_at": datetime(2024, 5, 6, 7, 5, tzinfo=UTC),
    "value": 754.0,
    "unit": "s",
    "page": "chart",
    "hint": "look at its disk, its network and long operations",
}


def notification(
    id_: str = "a1b2c3-1-ops", kind: NotificationKind = NotificationKind.OPEN, **changes: Any
) -> Notification:
    fields: dict[str, Any] = {
        "alert": "a1b2c3", "channel": "ops", "title": "shop: A secondary is behind: db2:27017",
        "text": "db2:27017 is 12 min 34 s behind its primary", "at": AT,
        "payload": PAYLOAD,
    }  # fmt: skip
    return Notification(id=id_, kind=kind, **fields | changes)


def message(**changes: Any) -> Message:
    return message_of(notification(**changes))
