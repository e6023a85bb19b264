"""Alerts, rules and channels for people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mmsconsole.alerts.conditions import Compare, condition
from mmsconsole.console.present.words import NONE, age, ago, moment
from mmsconsole.operations.alert_views import (
    AlertHistory,
    AlertView,
    ChannelView,
    NotificationView,
    RuleView,
    WindowView,
)
from mmsconsole.operations.amounts import in_words, span_in_words
from mmsconsole.operations.views import EventView

Pair = tuple[str, str]
EVERYBODY = "all"
WORST_FIRST = ("error", "warning", "info")


def _history(found: AlertHistory, now: datetime) -> list[Pair]:
    alert = found.alert
    pairs = [
        ("id", alert.id), ("condition", _condition(alert.condition, alert.metric)),
        ("severity", alert.severity), ("state", _state(alert)), ("what", alert.text),
        ("deployment", alert.deployment or EVERYBODY), ("about", alert.subject or NONE),
        ("opened", f"{moment(alert.opened_at)} ({ago(alert.opened_at, now)})"),
    ]  # fmt: skip
    if alert.value is not None:
        pairs.append(("value", in_words(alert.value, alert.unit)))
    if alert.closed_at is not None:
        pairs.append(("closed", f"{moment(alert.closed_at)}, {alert.reason or NONE}"))
    if alert.suppressed_by:
        pairs.append(("nobody is told", alert.suppressed_by))
    pairs += [("to do", alert.hint)] if alert.hint else []
    return [*pairs, *(("told", _told(sent)) for sent in found.notifications)]


def _told(sent: NotificationView) -> str:
    why = f": {sent.error}" if sent.error else ""
    return f"{moment(sent.at)} {sent.channel}, {sent.kind}: {sent.state}{why}"


def _events(found: AlertHistory) -> Sequence[EventView]:
    return found.events


def _condition(name: str, metric: str) -> str:
    return f"{name}: {metric}" if metric else name


def _state(alert: AlertView) -> str:
    if alert.state == "open" and alert.suppressed_by:
        return "open, held back"
    if alert.state != "acknowledged":
        return alert.state
    end = "it closes" if alert.acknowledged_until is None else moment(alert.acknowledged_until)
    note = f": {alert.note}" if alert.note else ""
    return f"acknowledged by {alert.acknowledged_by} until {end}{note}"


def _alert(alert: AlertView, now: datetime) -> list[Pair]:
    return _history(AlertHistory(alert, (), ()), now)


def _rule(view: RuleView, now: datetime) -> list[Pair]:
    pairs = [
        ("condition", _condition(view.condition, view.metric)), ("means", view.title),
        ("of", view.deployment or "all deployments"), ("decided by", view.decided_by),
        ("state", _standing(view, now)), ("threshold", _threshold(view)),
        ("delay", _delay(view)), ("closes", _closes(view)), ("severity", view.severity),
        ("told by", _told_by(view)), ("told again", _again(view)),
    ]  # fmt: skip
    return pairs + [("differs", one) for one in view.overridden]


def _standing(view: RuleView, now: datetime) -> str:
    if not view.enabled:
        return "off"
    if not view.is_muted(now):
        return "on"
    note = f": {view.note}" if view.note else ""
    return f"muted by {view.muted_by} until {moment(view.muted_until)}{note}"


def _threshold(view: RuleView) -> str:
    return in_words(view.threshold, view.unit) or NONE


def _delay(view: RuleView) -> str:
    return span_in_words(view.for_seconds) if view.for_seconds else "none"


def _closes(view: RuleView) -> str:
    """Where and when an open alert does."""
    if condition(view.condition).compare is Compare.EVENT:
        return "by itself"
    at = view.threshold if view.clear_threshold is None else view.clear_threshold
    said = [f"at {in_words(at, view.unit)}"] if at is not None else []
    said += [f"after {span_in_words(view.clear_seconds)}"] if view.clear_seconds else []
    return ", ".join(said) or "at once"


def _again(view: RuleView) -> str:
    minutes = view.renotify_minutes
    return f"after {span_in_words(minutes * 60)}, then twice as long" if minutes else "never"


def _told_by(view: RuleView) -> str:
    return ", ".join(view.channels) or EVERYBODY


def _notification(sent: NotificationView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", sent.id), ("channel", sent.channel), ("state", sent.state), ("title", sent.title),
        ("queued", f"{moment(sent.at)} ({ago(sent.at, now)})"), ("tries", str(sent.tries)),
    ]  # fmt: skip
    return pairs + ([("error", sent.error)] if sent.error else [])


def _window(view: WindowView, _: datetime) -> list[Pair]:
    return [
        ("id", view.id), ("of", view.deployment or "all deployments"), ("state", view.state),
        ("from", moment(view.start)), ("to", moment(view.end)), ("note", view.note or NONE),
        ("by", view.by),
    ]  # fmt: skip


def open_alerts(by_severity: Mapping[str, int]) -> str:
    """1 error, 2 warning; the worst first."""
    found = [f"{by_severity[one]} {one}" for one in WORST_FIRST if by_severity.get(one)]
    return ", ".join(found) or "none"


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    AlertHistory: _history,
    AlertView: _alert,
    RuleView: _rule,
    NotificationView: _notification,
    WindowView: _window,
}

BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {AlertHistory: _events}

MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    AlertView: {
        "ID": lambda alert, _: alert.id,
        "SEVERITY": lambda alert, _: alert.severity,
        "STATE": lambda alert, _: _state(alert),
        "FOR": lambda alert, now: age(alert.opened_at, alert.closed_at or now),
        "DEPLOYMENT": lambda alert, _: alert.deployment or EVERYBODY,
        "WHAT": lambda alert, _: alert.text,
    },
    RuleView: {
        "CONDITION": lambda view, _: _condition(view.condition, view.metric),
        "STATE": lambda view, now: _standing(view, now),
        "THRESHOLD": lambda view, _: _threshold(view),
        "DELAY": lambda view, _: _delay(view),
        "SEVERITY": lambda view, _: view.severity,
        "TOLD BY": lambda view, _: _told_by(view),
        "DECIDED BY": lambda view, _: view.decided_by,
        "DIFFERS": lambda view, _: "; ".join(view.overridden),
    },
    ChannelView: {
        "CHANNEL": lambda one, _: one.name,
        "KIND": lambda one, _: one.kind,
        "LAST": lambda one, _: one.last_state or "never used",
        "WHEN": lambda one, now: NONE if one.last_at is None else ago(one.last_at, now),
        "WENT THROUGH": lambda one, now: ago(one.sent_at, now),
        "WAITING": lambda one, _: str(one.waiting),
        "ERROR": lambda one, _: one.error,
    },
    NotificationView: {
        "TIME": lambda sent, _: moment(sent.at),
        "CHANNEL": lambda sent, _: sent.channel,
        "KIND": lambda sent, _: sent.kind,
        "STATE": lambda sent, _: sent.state,
        "TRIES": lambda sent, _: str(sent.tries),
        "ALERT": lambda sent, _: sent.alert or NONE,
        "WHAT": lambda sent, _: sent.title,
        "ERROR": lambda sent, _: sent.error,
    },
    WindowView: {
        "ID": lambda view, _: view.id,
        "OF": lambda view, _: view.deployment or "all deployments",
        "STATE": lambda view, _: view.state,
        "FROM": lambda view, _: moment(view.start),
        "TO": lambda view, _: moment(view.end),
        "NOTE": lambda view, _: view.note,
        "BY": lambda view, _: view.by,
    },
}
