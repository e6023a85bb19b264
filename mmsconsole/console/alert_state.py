"""What the pages of alerts show, and the questions that fill it."""

from dataclasses import dataclass

from mmsconsole.console import actions
from mmsconsole.console.ports import Reading
from mmsconsole.console.state import Query, Reader, State
from mmsconsole.operations.alert_views import (
    AlertHistory,
    AlertView,
    ChannelView,
    NotificationView,
    RuleView,
    WatchView,
    WindowView,
)

CLOSED_TOO = "all"
"""The item of a place that shows closed alerts, too."""
SENT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class AlertsState(State):
    alerts: tuple[AlertView, ...]
    watch: WatchView
    windows: tuple[WindowView, ...]
    """Of maintenance, under way or planned."""


@dataclass(frozen=True, slots=True)
class AlertState(State):
    found: AlertHistory


@dataclass(frozen=True, slots=True)
class RulesState(State):
    rules: tuple[RuleView, ...]
    watch: WatchView


@dataclass(frozen=True, slots=True)
class ChannelsState(State):
    channels: tuple[ChannelView, ...]
    watch: WatchView
    sent: tuple[NotificationView, ...]
    """Newest first."""


def read_alerts(operations: Reading, query: Query) -> State:
    name = query.place.deployment or None
    closed_too = query.place.item == CLOSED_TOO
    return AlertsState(
        operations.engine(),
        None if name is None else operations.deployment(name),
        tuple(operations.alerts(name, all=closed_too)),
        operations.alert_watch(name),
        tuple(operations.maintenance_windows(name)),
    )


def read_alert(operations: Reading, query: Query) -> State:
    """Its deployment may be gone."""
    return AlertState(operations.engine(), None, operations.alert(query.place.item))


def read_rules(operations: Reading, query: Query) -> State:
    name = query.place.deployment or None
    return RulesState(
        operations.engine(),
        None if name is None else operations.deployment(name),
        tuple(operations.alert_rules(name)),
        operations.alert_watch(name),
    )


def read_channels(operations: Reading, _: Query) -> State:
    return ChannelsState(
        operations.engine(),
        None,
        tuple(operations.channels()),
        operations.alert_watch(),
        tuple(operations.notifications(SENT_SHOWN)),
    )


READERS: dict[str, Reader] = {
    actions.ALERTS: read_alerts,
    actions.ALERT: read_alert,
    actions.RULES: read_rules,
    actions.CHANNELS: read_channels,
}
