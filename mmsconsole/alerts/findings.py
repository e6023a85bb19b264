"""From facts to findings: one small function for each condition. Pure."""

from collections.abc import Iterable, Iterator

from mmsconsole.alerts.backup_findings import BACKUP_FINDERS
from mmsconsole.alerts.conditions import METRIC_ABOVE, METRIC_BELOW
from mmsconsole.alerts.engine_findings import ENGINE_FINDERS
from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.member_findings import MEMBER_FINDERS, metric_findings

FINDERS = MEMBER_FINDERS | BACKUP_FINDERS | ENGINE_FINDERS
"""Those of clusters come with the clusters; the two of metrics are found by metric."""


def findings(facts: Facts, slots: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Of every condition, and metric, that some rule names."""
    for condition, metric in sorted(set(slots)):
        if condition in (METRIC_ABOVE, METRIC_BELOW):
            yield from metric_findings(facts, condition, metric)
        elif condition in FINDERS:
            yield from FINDERS[condition](facts)
