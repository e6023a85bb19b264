"""Maintenance windows: while one lasts, alerts are shown and nobody is told."""

from datetime import datetime, timedelta

from mmsconsole.alerts.finding import moment
from mmsconsole.errors import Refused, UsageError
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.metadata.maintenance import MaintenanceWindow
from mmsconsole.operations.alert_events import check_ahead, check_note, leave_event, named
from mmsconsole.operations.alert_views import WindowView
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.jobs import names

LONGEST = timedelta(days=31)
PLANNED, UNDER_WAY, OVER = "planned", "under way", "over"


def listed(desk: Desk, name: str | None, *, every: bool) -> list[WindowView]:
    """The first to begin first; of a deployment also those of the whole group. `every`: also those
    that are over."""
    deployment, now = named(desk, name), desk.clock.now()
    windows = desk.metadata.maintenance
    found = windows.all() if every else windows.not_over(now, DEFAULT_GROUP)
    kept = [one for one in found if deployment is None or one.deployment in ("", deployment.id)]
    known = names(desk)
    return [_view(one, known, now) for one in sorted(kept, key=lambda one: one.start)]


def add(
    desk: Desk, name: str | None, start: datetime | None, end: datetime, note: str
) -> WindowView:
    """`start` None: now; `name` None: all deployments. Raises UsageError."""
    deployment, now = named(desk, name), desk.clock.now()
    check_ahead(end, now)
    check_note(note)
    begins = now if start is None else start
    _check_span(begins, end)
    made = desk.metadata.maintenance.add(
        MaintenanceWindow(
            new_id(), DEFAULT_GROUP, begins, end,
            deployment="" if deployment is None else deployment.id, note=note, by=desk.actor.name,
        )
    )  # fmt: skip
    why = f": {note}" if note else ""
    text = f"maintenance of {name or 'all deployments'} until {moment(end)}{why}"
    leave_event(desk, "maintenance set", text, made.deployment, window=made.id,
                start=moment(begins), end=moment(end))  # fmt: skip
    return _view(made, names(desk), now)


def _check_span(start: datetime, end: datetime) -> None:
    if start.tzinfo is None:
        raise UsageError("the time lacks its zone: add Z, or +02:00", where=str(start))
    if end <= start:
        raise UsageError("it ends before it begins", where=moment(end))
    if end - start > LONGEST:
        raise UsageError(f"longer than {LONGEST.days} days: that would be forgotten",
                         where=moment(end))  # fmt: skip


def end(desk: Desk, id_: str) -> WindowView:
    """Now; one that has not begun is taken back. Refused for one that is over."""
    window, now = desk.metadata.maintenance.get(id_), desk.clock.now()
    if window.end <= now:
        raise Refused("it is over already", where=id_)
    if window.start >= now:
        desk.metadata.maintenance.remove(id_)
        ended = window
    else:
        ended = desk.metadata.maintenance.set(id_, end=now)
    known = names(desk)
    who = known.get(window.deployment, window.deployment) or "all deployments"
    leave_event(desk, "maintenance ended", f"the maintenance of {who} has ended",
                window.deployment, window=id_)  # fmt: skip
    return _view(ended, known, now, ended=True)


def _view(
    one: MaintenanceWindow, known: dict[str, str], now: datetime, *, ended: bool = False
) -> WindowView:
    state = OVER if ended or one.end <= now else PLANNED if one.start > now else UNDER_WAY
    return WindowView(
        one.id, known.get(one.deployment, one.deployment), one.start, one.end, one.note, one.by,
        state,
    )  # fmt: skip
