"""docs/alerts.md has the table of the conditions as they are in the code."""

from pathlib import Path

import pytest

from mmsconsole.agent.tail_warnings import said
from mmsconsole.alerts.conditions import CONDITIONS, NOT_YET, Compare, Condition, condition
from mmsconsole.alerts.defaults import METRIC_DEFAULTS
from mmsconsole.alerts.findings import FINDERS
from mmsconsole.alerts.notify.quantities import in_words
from mmsconsole.alerts.units import unit_of
from mmsconsole.errors import UsageError
from mmsconsole.monitoring.metrics import metric

DOCUMENT = Path(__file__).parents[2] / "docs/alerts.md"
PAGES = {"health", "chart", "snapshots", "jobs", "restores", "store", "deployment", "engine"}


def row(one: Condition) -> str:
    limit = "" if one.threshold is None else in_words(one.threshold, one.unit)
    met = {
        Compare.ABOVE: f"above {limit}" if limit else "above what the rule says",
        Compare.BELOW: f"below {limit}" if limit else "below what the rule says",
        Compare.IS: "it is so",
        Compare.EVENT: "it happens",
    }[one.compare]
    waits = said(one.for_seconds) if one.for_seconds else "at once"
    again = said(one.renotify_minutes * 60) if one.renotify_minutes else "never"
    default = "yes" if one.by_default else "no"
    cells = (
        f"`{one.name}`", one.title, met, waits, one.severity.value, again, default, one.page,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def test_the_table_of_the_document_is_that_of_the_code() -> None:
    lines = DOCUMENT.read_text().splitlines()
    written = [line for line in lines if line.startswith("| `") and line.count("|") == 9]
    assert written == [row(one) for one in CONDITIONS]


def test_the_defaults_of_metrics_are_in_the_document() -> None:
    text = DOCUMENT.read_text()
    for one in METRIC_DEFAULTS:
        limit = in_words(one.threshold, unit_of(one.condition, one.metric))
        words = f"`{one.metric}` {one.condition.removeprefix('metric ')} {limit}"
        assert f"{words} for {said(one.for_seconds)}" in text


def test_names_are_unique_and_all_that_needs_a_finder_has_one() -> None:
    names = [one.name for one in CONDITIONS]
    assert len(names) == len(set(names))
    metrics = {one.name for one in CONDITIONS if one.metric}
    assert set(FINDERS) | set(NOT_YET) | metrics == set(names)


@pytest.mark.parametrize("one", CONDITIONS, ids=lambda one: one.name)
def test_a_condition_says_all_that_people_need(one: Condition) -> None:
    assert one.hint
    assert one.page in PAGES
    needs_limit = one.compare in (Compare.ABOVE, Compare.BELOW) and not one.metric
    assert (one.threshold is not None) == needs_limit
    assert bool(one.unit) == needs_limit
    assert condition(one.name.upper()) is one


def test_the_metrics_of_the_defaults_are_there() -> None:
    assert all(metric(one.metric) for one in METRIC_DEFAULTS)


def test_a_wrong_name_names_those_that_are_meant() -> None:
    with pytest.raises(UsageError) as caught:
        condition("host dwon")
    assert "host down" in caught.value.hint
