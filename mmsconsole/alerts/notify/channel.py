"""What is told, and what every channel can do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mmsconsole.metadata.events import Severity


class ChannelKind(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    COMMAND = "command"


READ_BY_PEOPLE = (ChannelKind.EMAIL, ChannelKind.SLACK)
"""The others are read by programs, each message by itself."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification, as every channel gets it. Texts may quote names from outside, made
    harmless: no control characters but the line ends of `text`."""

    kind: str
    """Of a notification: open, again, closed, acknowledged, test."""
    title: str
    """One line, short enough for a phone."""
    text: str
    """Plain text, in lines."""
    severity: Severity
    group: str
    at: datetime
    """When the notification was made."""
    id: str = ""
    """Of the notification; the same however often it is tried."""
    html: str = ""
    """The same as `text`; empty: there is none."""
    deployment: str = ""
    """Its name, or empty."""
    subject: str = ""
    """Host, store, job … or empty."""
    condition: str = ""
    alert_id: str = ""
    """Empty of a test."""
    opened_at: datetime | None = None
    value: str = ""
    """With its unit, in words."""
    hint: str = ""
    """The command that shows more."""

    @property
    def key(self) -> str:
        """What belongs together: the same for all messages of one alert."""
        return self.alert_id or self.id


class Channel(Protocol):
    """A way to people. Used by one thread at a time."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def send(self, message: Message) -> None:
        """Returns when the other side has taken it. Raises NotificationFailed.

        Every step has a timeout. May be called again with the same message.
        """
        ...
