"""From every condition there is a way to where its cause is seen."""

from datetime import timedelta

import pytest

from mmsconsole.alerts.conditions import CONDITIONS, METRIC_ABOVE
from mmsconsole.console import actions
from mmsconsole.console.app import SCREENS
from mmsconsole.console.causes import METRICS, cause_of
from mmsconsole.console.charts import chart_place
from mmsconsole.console.navigation import ROOT, Place
from mmsconsole.console.readers import READERS
from mmsconsole.monitoring.metrics import metric
from tests.support.fake_alerts import alert
from tests.support.fake_data import NOW


@pytest.mark.parametrize("name", [one.name for one in CONDITIONS])
@pytest.mark.parametrize("deployment", ["orders", ""])
def test_every_cause_is_a_view_that_there_is(name: str, deployment: str) -> None:
    place = cause_of(alert("a", deployment, name, "it", 5, subject="x", metric="queue_total"))
    assert place.view in SCREENS
    assert place.view in READERS
    assert place.deployment == deployment


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("host down", actions.HEALTH),
        ("no primary", actions.HEALTH),
        ("replication lag", actions.CHART),
        ("snapshot failed", actions.SNAPSHOTS),
        ("job stuck", actions.JOBS),
        ("restore done", actions.RESTORES),
        ("backup oplog behind", actions.DEPLOYMENT),
    ],
)
def test_the_cause_is_seen_on_the_page_of_its_condition(name: str, view: str) -> None:
    assert cause_of(alert("a", "orders", name, "it", 5)).view == view


def test_a_chart_is_opened_at_the_alert_s_moment_of_its_member_with_its_limit_in_seconds() -> None:
    at = NOW - timedelta(minutes=90)
    window = alert("a", "orders", "oplog window", "it", 90, subject="db2:27017", threshold=12.0)
    expected = chart_place("orders", "oplog_window", at=at, member="db2:27017", limit=12 * 3600.0)
    assert cause_of(window) == expected

    queue = alert("a", "orders", METRIC_ABOVE, "it", 90, metric="queue_total")
    assert cause_of(queue) == chart_place("orders", "queue_total", at=at)


def test_what_is_charted_of_a_condition_is_a_metric() -> None:
    assert [metric(name).name for name in METRICS.values()] == list(METRICS.values())


def test_a_store_is_opened_by_its_name_and_an_engine_in_the_overview() -> None:
    space = alert("a", "", "store space", "it", 5, subject="offsite")
    assert cause_of(space) == Place(actions.STORE, "", "offsite")
    assert cause_of(alert("a", "", "engine down", "it", 5, subject="e1")) == ROOT
