"""Alerts: listed, shown with their history, acknowledged; and whether anybody would be told."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mmsconsole.alerts import acknowledging
from mmsconsole.alerts.conditions import CONDITIONS
from mmsconsole.alerts.units import unit_of
from mmsconsole.metadata.alerts import Alert, AlertState
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.events import Severity
from mmsconsole.operations.alert_events import check_ahead, check_note
from mmsconsole.operations.alert_rules import enabled
from mmsconsole.operations.alert_views import AlertHistory, AlertView, WatchView
from mmsconsole.operations.desk import Desk
from mmsconsole.operations.jobs import names
from mmsconsole.operations.notifications import of_alert
from mmsconsole.operations.shapes import event_view
from mmsconsole.operations.status import SILENT_AFTER
from mmsconsole.settings.notify import mark_of

LOOKS_MISSED = 6
"""Rules that were not looked at for so many times are not looked at."""
NO_CHANNEL = "no channel is set up, so nobody is told: see [notify.NAME] in the settings"
NO_SERVICE = "no engine runs, so no rule is looked at and nobody is told: mmsconsole engine"
NOT_JUDGED = "no rule was looked at for a while, so nobody is told: see the engine's log"
UNHEARD = (
    "the engine does not know {} as the settings say now: it reads them when it starts; end it "
    "with mmsconsole engine --stop and start it again"
)

_CONDITIONS = {one.name: one for one in CONDITIONS}
_RANK: Mapping[Severity, int] = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_ORDER: Mapping[AlertState, int] = {
    AlertState.OPEN: 0, AlertState.ACKNOWLEDGED: 1, AlertState.CLOSED: 2,
}  # fmt: skip


def listed(desk: Desk, name: str | None, *, every: bool) -> list[AlertView]:
    """The open ones first, then those that are acknowledged, each by severity, the newest
    first; of those that are closed the newest first. `every`: also those that are closed."""
    deployment = None if name is None else desk.metadata.deployments.named(name).id
    found = desk.metadata.alerts.listed(deployment, every=every)
    known, limits = names(desk), {one.id: one.threshold for one in desk.metadata.alert_rules.all()}
    return [alert_view(alert, known, limits.get(alert.rule)) for alert in in_order(found)]


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Pure."""

    def key(alert: Alert) -> tuple[int, int, float]:
        rank = 0 if alert.state is AlertState.CLOSED else _RANK[alert.severity]
        return _ORDER[alert.state], rank, -alert.opened_at.timestamp()

    return sorted(alerts, key=key)


def show(desk: Desk, id_: str) -> AlertHistory:
    alert = desk.metadata.alerts.get(id_)
    rule = desk.metadata.alert_rules.find(alert.rule)
    known = names(desk)
    events = desk.metadata.events.of_alert(alert.deployment, id_)
    return AlertHistory(
        alert_view(alert, known, None if rule is None else rule.threshold),
        tuple(event_view(each, known.get(each.deployment, each.deployment)) for each in events),
        of_alert(desk, id_),
    )


def acknowledge(desk: Desk, id_: str, until: datetime | None, note: str) -> AlertView:
    """Nobody is told again of it until then; None: until it closes. Refused for one that is
    closed. A second time takes the place of the first."""
    now = desk.clock.now()
    if until is not None:
        check_ahead(until, now)
    check_note(note)
    taken = acknowledging.acknowledge(
        desk.metadata.alerts, id_, by=desk.actor.name, until=until, note=note, now=now
    )
    return alert_view(taken, names(desk))


def unacknowledge(desk: Desk, id_: str) -> AlertView:
    """It is open again, and people are told. One that is open stays as it is."""
    alerts, now = desk.metadata.alerts, desk.clock.now()
    found = alerts.get(id_)
    if found.state is not AlertState.OPEN:
        found = acknowledging.take_back(alerts, id_, by=desk.actor.name, now=now)
    return alert_view(found, names(desk))


def watch(desk: Desk, name: str | None = None) -> WatchView:
    """Whether anybody would be told. Of the deployment alone: which alerts are open."""
    deployments = desk.metadata.deployments
    of = None if name is None else deployments.named(name).id
    standing = [alert.state for alert in desk.metadata.alerts.listed(of)]
    now, channels = desk.clock.now(), desk.settings.tree.notify
    engines = list(desk.metadata.engines.all())
    trouble = not_judged(engines, now, desk.settings.tree.alerts.evaluate_seconds)
    unknown = unheard({each: mark_of(one) for each, one in channels.items()}, engines, now)
    return WatchView(
        rules=enabled(desk),
        deployments=sum(1 for _ in deployments.listed()),
        channels=len(channels),
        running=not trouble,
        seen_at=max((one.alerts_at for one in engines if one.alerts_at), default=None),
        open=standing.count(AlertState.OPEN),
        acknowledged=standing.count(AlertState.ACKNOWLEDGED),
        warnings=tuple(filter(None, (trouble, "" if channels else NO_CHANNEL, unknown))),
    )


def not_judged(engines: Iterable[EngineRecord], now: datetime, every_seconds: float) -> str:
    """Why no rule is looked at, in words; empty: one of the engines does. Pure."""
    running = [one for one in engines if now - one.seen_at < SILENT_AFTER]
    if not running:
        return NO_SERVICE
    patience = max(SILENT_AFTER, timedelta(seconds=LOOKS_MISSED * every_seconds))
    if any(now - (one.alerts_at or one.started_at) < patience for one in running):
        return ""
    errors = [one.alerts_error for one in running if one.alerts_error]
    return f"no rule is looked at, so nobody is told: {errors[0]}" if errors else NOT_JUDGED


def unheard(channels: Mapping[str, str], engines: Iterable[EngineRecord], now: datetime) -> str:
    """Which of the channels no running engine tells people by, in words; empty: none. `channels`:
    as EngineRecord.channels. Pure."""
    running = [one.channels for one in engines if now - one.seen_at < SILENT_AFTER]
    if not running or None in running:
        return ""
    known = {pair for one in running if one is not None for pair in one.items()}
    left = [name for name, mark in channels.items() if (name, mark) not in known]
    noun = "the channel" if len(left) == 1 else "the channels"
    return UNHEARD.format(f"{noun} {', '.join(left)}") if left else ""


def alert_view(alert: Alert, known: Mapping[str, str], threshold: float | None = None) -> AlertView:
    """`known`: names of deployments by their id."""
    found = _CONDITIONS.get(alert.condition)
    return AlertView(
        id=alert.id,
        deployment=known.get(alert.deployment) or alert.deployment_name or alert.deployment,
        subject=alert.subject,
        condition=alert.condition,
        severity=alert.severity.value,
        state=alert.state.value,
        text=alert.text,
        hint="" if found is None else found.hint,
        page="" if found is None else found.page,
        value=alert.value,
        metric=alert.metric,
        unit="" if found is None else unit_of(alert.condition, alert.metric),
        opened_at=alert.opened_at,
        changed_at=alert.changed_at,
        closed_at=alert.closed_at,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_until=alert.acknowledged_until,
        note=alert.note,
        notified=alert.notified,
        notified_at=alert.notified_at,
        suppressed_by=alert.suppressed_by,
        reason=alert.reason,
        threshold=threshold,
    )
