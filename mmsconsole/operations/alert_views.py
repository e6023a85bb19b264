"""What Operations answers of alerts: frozen, complete, without secrets."""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.operations.views import EventView


@dataclass(frozen=True, slots=True)
class AlertView:
    id: str
    deployment: str
    """The deployment's name; empty: it is about all of the group."""
    subject: str
    """What it is about: a member, a store, a job …"""
    condition: str
    severity: str
    state: str
    """open, acknowledged or closed."""
    text: str
    hint: str
    """What to do about it."""
    page: str
    """Of the console, where its cause is seen."""
    value: float | None
    metric: str
    unit: str
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    acknowledged_by: str
    acknowledged_until: datetime | None
    """None of one that is acknowledged: until it closes."""
    note: str
    notified: int
    """How often channels were told."""
    notified_at: datetime | None
    suppressed_by: str
    """Why nobody is told; empty: somebody is."""
    reason: str = ""
    """Why it was closed."""
    threshold: float | None = None
    """Of its rule, in the same unit as the value."""


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One message to one channel."""

    id: str
    alert: str
    """Empty: a test."""
    channel: str
    kind: str
    """open, again, closed, acknowledged or test."""
    title: str
    at: datetime
    state: str
    """queued, sent, failed or given up."""
    tries: int
    next_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class AlertHistory:
    """One alert, with all that is known of it."""

    alert: AlertView
    events: tuple[EventView, ...]
    """Newest first."""
    notifications: tuple[NotificationView, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """What holds of a condition: for the group, or for one deployment."""

    id: str
    """condition, and behind it the metric where there is one."""
    condition: str
    metric: str
    title: str
    deployment: str
    """The deployment's name; empty: the group's."""
    decided_by: str
    """default, group or deployment: the nearest that says something."""
    enabled: bool
    threshold: float | None
    """None: the condition has none."""
    unit: str
    for_seconds: float
    severity: str
    renotify_minutes: float
    channels: tuple[str, ...]
    """Empty: all that are set up."""
    muted_until: datetime | None
    muted_by: str
    note: str
    overridden: tuple[str, ...]
    """What differs from what would hold without it, in words: "threshold 10s instead of 1m"."""
    hint: str
    clear_threshold: float | None = None
    """An open alert closes only beyond this; None: beyond the threshold."""
    clear_seconds: float = 0
    """So long it must be well before an alert closes."""

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now

    def watches(self, now: datetime) -> bool:
        return self.enabled and not self.is_muted(now)


@dataclass(frozen=True, slots=True)
class ChannelView:
    name: str
    kind: str
    """email, webhook, slack, pagerduty or command."""
    last_at: datetime | None
    last_state: str
    """Of the newest message: queued, sent, failed, given up; empty: there was none."""
    error: str
    sent_at: datetime | None
    """When one went through last."""
    waiting: int
    """Messages in its queue."""


@dataclass(frozen=True, slots=True)
class WindowView:
    """A maintenance window: meanwhile nobody is told."""

    id: str
    deployment: str
    """The deployment's name; empty: all of them."""
    start: datetime
    end: datetime
    note: str
    by: str
    state: str
    """planned, under way or over."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """Whether somebody would be told."""

    rules: int
    """That are switched on."""
    deployments: int
    channels: int
    running: bool
    """The engine that looks after the rules was seen not long ago."""
    seen_at: datetime | None
    open: int
    acknowledged: int
    warnings: tuple[str, ...]
    """Why an alert may reach nobody, in words."""


@dataclass(frozen=True, slots=True)
class RuleWish:
    """What shall become of a rule, as people type it; None: that stays."""

    threshold: str | None = None
    """With its unit, as "10 min", "20 %" or "5 GB"."""
    for_: str | None = None
    """So long before anybody is told, as "5 min"."""
    severity: str | None = None
    channels: tuple[str, ...] | None = None
    """Empty: all that are set up."""
    renotify: str | None = None
    """So often people are told again, as "1 h"."""
    enabled: bool | None = None
    clear: str | None = None
    """An open alert closes beyond this, as "5 min"; with a new threshold alone it moves along."""
    clear_for: str | None = None
    """So long it must be well first, as "1 min"."""

    @property
    def is_empty(self) -> bool:
        return self == RuleWish()
