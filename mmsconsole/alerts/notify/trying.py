"""One message at once, for whoever asks whether a channel works."""

from dataclasses import replace

from mmsconsole.alerts.notify.building import channel_of
from mmsconsole.alerts.notify.channel import Channel
from mmsconsole.alerts.notify.rendering import message_of
from mmsconsole.clock import Clock
from mmsconsole.errors import NotificationFailed
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.notifications import (
    Notification,
    NotificationKind,
    NotificationState,
)
from mmsconsole.settings import Settings

TEXT = "This is a test: whoever reads it will be told of alerts."


def send_test(
    metadata: Metadata, settings: Settings, clock: Clock, name: str, by: str
) -> Notification:
    """Send one by the channel of this name, now, and keep what became of it: "sent", or "given
    up" with the reason as `error`.

    By whoever calls, with his settings and from his host: the engine may have others. Raises
    NotFound where the settings name no such channel.
    """
    return metadata.notifications.add(tried(channel_of(settings, clock, name), clock, by))


def tried(channel: Channel, clock: Clock, by: str) -> Notification:
    """What became of one test."""
    at = clock.now()
    payload = {"severity": Severity.INFO.value, "group": "", "condition": "test"}
    asked = Notification(
        new_id(), "", channel.name, NotificationKind.TEST, f"mmsconsole, asked for by {by}", TEXT,
        at, tries=1, payload=payload,
    )  # fmt: skip
    try:
        channel.send(message_of(asked))
    except NotificationFailed as error:
        why = f"{error}; {error.hint}" if error.hint else str(error)
        return replace(asked, state=NotificationState.GIVEN_UP, error=why)
    return replace(asked, state=NotificationState.SENT, sent_at=clock.now())
