"""When people are told of an alert, and when not. Pure."""

from dataclasses import replace
from datetime import datetime

from mmsconsole.alerts.finding import moment
from mmsconsole.alerts.situation import Situation
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert, AlertState, Outgoing
from mmsconsole.metadata.notifications import NotificationKind

EVENT_SECONDS = 600.0
"""So long an alert of something that happened stays open."""
RENOTIFY_SECONDS_MAX = 24 * 3600.0

OPENED, CLOSED, ACKNOWLEDGED = "alert opened", "alert closed", "alert acknowledged"
"""Kinds of events."""


def hush_of(situation: Situation, alert: Alert, rule: AlertRule | None) -> str:
    """Why nothing is sent just now, in words; empty: it is."""
    covering = [one for one in situation.windows if one.covers(alert.deployment, situation.now)]
    if covering:
        last = max(covering, key=lambda one: one.end)
        return _until("maintenance", last.end, last.note)
    if rule is not None and rule.muted_until is not None and situation.now < rule.muted_until:
        return _until("its rule is muted", rule.muted_until, rule.note)
    return ""


def _until(what: str, end: datetime, note: str) -> str:
    return f"{what} until {moment(end)}" + (f": {note}" if note else "")


def hushed(alert: Alert, why: str, *, no_data: bool) -> Alert:
    return replace(alert, suppressed_by=why, no_data=no_data)


def opened(situation: Situation, alert: Alert, rule: AlertRule) -> Alert:
    """A new alert, with its event, and what people are told of it."""
    hush = hush_of(situation, alert, rule)
    alert = replace(alert, suppressed_by=hush)
    if hush:
        return _put(situation, alert, NotificationKind.OPEN, alert.text, OPENED, send=False)
    return _tell(situation, alert, NotificationKind.OPEN, OPENED)


def told(situation: Situation, alert: Alert, rule: AlertRule | None) -> Alert:
    """With what is due now."""
    hush = hush_of(situation, alert, rule)
    alert = replace(alert, suppressed_by=hush)
    if hush:
        return alert
    if alert.owed:
        alert = replace(alert, owed=False)
        return _put(situation, alert, NotificationKind.CLOSED, alert.reason)
    if alert.state is AlertState.ACKNOWLEDGED:
        return _acknowledged(situation, alert)
    if not alert.notified:
        return _tell(situation, alert, NotificationKind.OPEN)
    due = situation.seconds - alert.told_seconds >= wait_seconds(rule, alert.notified)
    return _tell(situation, alert, NotificationKind.AGAIN) if due else alert


def _acknowledged(situation: Situation, alert: Alert) -> Alert:
    """Nothing more is sent until its time is over; then at once."""
    until = alert.acknowledged_until
    if until is None or situation.now < until:
        return alert
    alert = replace(alert, state=AlertState.OPEN, acknowledged_until=None, changed_at=situation.now)
    again = NotificationKind.AGAIN if alert.notified else NotificationKind.OPEN
    return _tell(situation, alert, again)


def wait_seconds(rule: AlertRule | None, notified: int) -> float:
    """Until people are told again: twice as long each time, a day at most."""
    if rule is None or rule.renotify_minutes <= 0:
        return float("inf")
    doubled = rule.renotify_minutes * 60.0 * 2.0 ** min(notified - 1, 20)
    return max(rule.renotify_minutes * 60.0, min(doubled, RENOTIFY_SECONDS_MAX))


def event_ended(situation: Situation, alert: Alert) -> bool:
    return situation.seconds - alert.opened_seconds >= EVENT_SECONDS


def closed(situation: Situation, alert: Alert, rule: AlertRule | None, reason: str) -> Alert:
    """Its end is told only to who was told of its beginning."""
    hush = hush_of(situation, alert, rule)
    tell = bool(alert.notified)
    alert = replace(
        alert,
        state=AlertState.CLOSED,
        standing=False,
        reason=reason,
        closed_at=situation.now,
        changed_at=situation.now,
        acknowledged_until=None,
        no_data=False,
        suppressed_by=hush,
        owed=bool(hush) and tell,
    )
    send = tell and not hush
    return _put(situation, alert, NotificationKind.CLOSED, reason, CLOSED, send=send)


def _tell(situation: Situation, alert: Alert, kind: NotificationKind, event: str = "") -> Alert:
    alert = replace(
        alert, notified=alert.notified + 1, notified_at=situation.now,
        told_seconds=situation.seconds, told_all=alert.told_all or not alert.channels,
        told_by=tuple(dict.fromkeys([*alert.told_by, *alert.channels])),
    )  # fmt: skip
    return _put(situation, alert, kind, alert.text, event)


def _put(
    situation: Situation,
    alert: Alert,
    kind: NotificationKind,
    text: str,
    event: str = "",
    *,
    send: bool = True,
) -> Alert:
    return put_out(alert, Outgoing("", kind.value, text, situation.now, send, event))


def put_out(alert: Alert, outgoing: Outgoing) -> Alert:
    """Into its outbox, with a number of its own."""
    number = alert.numbers + 1
    numbered = replace(outgoing, id=f"{alert.id}-{number}")
    return replace(alert, numbers=number, outbox=(*alert.outbox, numbered))
