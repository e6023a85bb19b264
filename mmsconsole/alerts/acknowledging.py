"""People acknowledge an alert: nothing more is sent until a time, or until it closes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mmsconsole.alerts.finding import moment
from mmsconsole.alerts.telling import ACKNOWLEDGED, put_out
from mmsconsole.errors import Busy, Refused, UsageError
from mmsconsole.metadata.alerts import Alert, Alerts, AlertState, Outgoing
from mmsconsole.metadata.notifications import NotificationKind

Change = Callable[[Alert], Alert]
TRIES = 20
TAKEN_BACK = "alert acknowledgement taken back"


def acknowledge(
    alerts: Alerts, id_: str, *, by: str, until: datetime | None, note: str, now: datetime
) -> Alert:
    """Raises NotFound, Refused where it is closed, UsageError for a time that is over."""
    if until is not None and until <= now:
        raise UsageError("the acknowledgement would be over already", where=moment(until))
    return _change(alerts, id_, lambda alert: acknowledged(alert, by, until, note, now))


def take_back(alerts: Alerts, id_: str, *, by: str, now: datetime) -> Alert:
    """It is open again, and people are told of it again in time. Raises NotFound, Refused."""
    return _change(alerts, id_, lambda alert: reopened(alert, by, now))


def acknowledged(alert: Alert, by: str, until: datetime | None, note: str, now: datetime) -> Alert:
    """Who was told of the alert is told of this too. Pure."""
    end = "it closes" if until is None else moment(until)
    text = f"acknowledged by {by} until {end}" + (f": {note}" if note else "")
    outgoing = Outgoing(
        "", NotificationKind.ACKNOWLEDGED.value, text, now, bool(alert.notified), ACKNOWLEDGED, by
    )
    changed = replace(
        alert, state=AlertState.ACKNOWLEDGED, acknowledged_by=by, acknowledged_until=until,
        note=note, changed_at=now,
    )  # fmt: skip
    return put_out(changed, outgoing)


def reopened(alert: Alert, by: str, now: datetime) -> Alert:
    """Pure."""
    changed = replace(
        alert, state=AlertState.OPEN, acknowledged_by="", acknowledged_until=None, note="",
        changed_at=now,
    )  # fmt: skip
    text = f"{by} took the acknowledgement back"
    outgoing = Outgoing("", NotificationKind.OPEN.value, text, now, False, TAKEN_BACK, by)
    return put_out(changed, outgoing)


def _change(alerts: Alerts, id_: str, change: Change) -> Alert:
    """The alert service changes it too: who was slower looks again."""
    for _ in range(TRIES):
        alert = alerts.get(id_)
        if not alert.standing:
            raise Refused("the alert is closed", where=id_, hint="see: mmsconsole alert list --all")
        changed = alerts.change(change(alert))
        if changed is not None:
            return changed
    raise Busy("the alert changes all the time", where=id_, hint="try again")
