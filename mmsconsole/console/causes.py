"""Where the cause of an alert is seen: a place of the console. Pure."""

from mmsconsole.alerts.conditions import OPLOG_WINDOW, REPLICATION_LAG
from mmsconsole.console import actions
from mmsconsole.console.charts import chart_place
from mmsconsole.console.navigation import ROOT, Place
from mmsconsole.operations.alert_views import AlertView
from mmsconsole.operations.amounts import in_unit

METRICS = {REPLICATION_LAG: "replication_lag", OPLOG_WINDOW: "oplog_window"}
"""What is charted of a condition that is about one metric."""

_OF_DEPLOYMENT = {
    "health": actions.HEALTH,
    "snapshots": actions.SNAPSHOTS,
    "jobs": actions.JOBS,
    "restores": actions.RESTORES,
    "deployment": actions.DEPLOYMENT,
}


def cause_of(alert: AlertView) -> Place:
    """Of what concerns no deployment: the view of all of them."""
    name = alert.deployment
    if alert.page == "chart" and name:
        return _chart(alert)
    if alert.page == "store":
        return Place(actions.STORE, name, alert.subject) if _names_store(alert) else Place(
            actions.STORES, name
        )  # fmt: skip
    view = _OF_DEPLOYMENT.get(alert.page)
    if view in (actions.JOBS, actions.RESTORES):
        return Place(view, name)
    if not name:
        return ROOT
    return Place(view or actions.DEPLOYMENT, name)


def _chart(alert: AlertView) -> Place:
    """At the moment when the alert opened, of the member that it is about, with its limit."""
    metric = alert.metric or METRICS.get(alert.condition, "")
    # What a condition is limited by has a unit of its own: hours, where the chart has seconds.
    limit = None if alert.threshold is None else in_unit(alert.threshold, alert.unit)
    return chart_place(
        alert.deployment, metric, at=alert.opened_at, member=alert.subject, limit=limit
    )


def _names_store(alert: AlertView) -> bool:
    """The second copy's alert is about a deployment; that of a store names it."""
    return bool(alert.subject) and not alert.deployment
