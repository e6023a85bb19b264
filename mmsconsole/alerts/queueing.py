"""From an alert's outbox to events and the queue of notifications.

An event or notification has the same id however often it is queued: a kill in between loses
nothing, and doubles nothing.
"""

from collections.abc import Collection, Iterator, Sequence

from mmsconsole.alerts.conditions import Compare, condition, is_known
from mmsconsole.alerts.units import unit_of
from mmsconsole.metadata.alerts import Alert, Outgoing
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event, Severity
from mmsconsole.metadata.notifications import Notification, NotificationKind


def empty_outboxes(
    metadata: Metadata, group: str, channels: Sequence[str], people: Collection[str] = ()
) -> None:
    """`channels`: the names of those that the settings have; `people` read some of them.

    Raises MetadataError.
    """
    alerts = [one for one in metadata.alerts.with_outbox(group) if is_known(one.condition)]
    metadata.events.add_missing(event for alert in alerts for event in events_of(alert))
    metadata.notifications.queue(
        one for alert in alerts for one in notifications_of(alert, channels, people)
    )
    metadata.alerts.sent_out(alerts)


def events_of(alert: Alert) -> Iterator[Event]:
    """Pure."""
    for outgoing in alert.outbox:
        if outgoing.event:
            is_open = outgoing.kind == NotificationKind.OPEN
            yield Event(
                outgoing.id, outgoing.at, outgoing.event, f"{title_of(alert)}: {outgoing.text}",
                alert.severity if is_open else Severity.INFO, alert.deployment, outgoing.actor,
                {"alert": alert.id},
            )  # fmt: skip


def notifications_of(
    alert: Alert, channels: Sequence[str], people: Collection[str] = ()
) -> Iterator[Notification]:
    """One for each channel that the rule names, or for all. Pure.

    That something which happened is over is news to nobody; who keeps incidents has to close it.
    """
    happened = condition(alert.condition).compare is Compare.EVENT
    for outgoing in alert.outbox:
        spared = people if happened and outgoing.kind == NotificationKind.CLOSED else ()
        wanted = _wanted(alert, outgoing.kind) or channels
        for channel in channels:
            if outgoing.send and channel in wanted and channel not in spared:
                yield _notification(alert, outgoing, channel)


def _wanted(alert: Alert, kind: str) -> Sequence[str]:
    """Those of the rule; of what follows, those that were told of the alert. Empty: all."""
    if kind in (NotificationKind.CLOSED, NotificationKind.ACKNOWLEDGED):
        return () if alert.told_all else alert.told_by
    return alert.channels


def title_of(alert: Alert) -> str:
    """One line: what is the matter, and where."""
    where = " ".join(part for part in (alert.deployment_name, alert.subject) if part)
    title = condition(alert.condition).title
    if alert.metric:
        title = title.replace("A metric", alert.metric)
    return f"{title}: {where}" if where else title


def _notification(alert: Alert, outgoing: Outgoing, channel: str) -> Notification:
    named = condition(alert.condition)
    return Notification(
        id=f"{outgoing.id}-{channel}",
        alert=alert.id,
        channel=channel,
        kind=NotificationKind(outgoing.kind),
        title=title_of(alert),
        text=outgoing.text,
        at=outgoing.at,
        payload={
            "severity": alert.severity.value,
            "group": alert.group,
            "deployment": alert.deployment_name,
            "subject": alert.subject,
            "condition": alert.condition,
            "metric": alert.metric,
            "opened_at": alert.opened_at,
            "value": alert.value,
            "unit": unit_of(alert.condition, alert.metric),
            "page": named.page,
            "hint": named.hint.replace("NAME", alert.deployment_name or "NAME"),
        },
    )
