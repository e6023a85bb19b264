"""What is wrong with the members of a deployment: the one answer, for alerts and for who looks.

An alert opens of what is found here once its delay is over; the page of health tells it at once.
Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmsconsole.alerts.conditions import METRIC_ABOVE, METRIC_BELOW, Compare, condition
from mmsconsole.alerts.facts import Facts
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.findings import findings
from mmsconsole.alerts.member_findings import MEMBER_FINDERS
from mmsconsole.alerts.situation import finding_key, is_wrong
from mmsconsole.alerts.units import with_limit
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert
from mmsconsole.metadata.events import Severity

JUDGED = frozenset(
    name for name in (*MEMBER_FINDERS, METRIC_ABOVE, METRIC_BELOW)
    if condition(name).compare is not Compare.EVENT
)  # fmt: skip
"""An event, as an election, is over when it is told: nothing is wrong for it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    condition: str
    subject: str
    """A member's host; empty: the deployment as a whole."""
    text: str
    """As its alert says it."""
    severity: Severity
    value: float | None = None
    """None: only its alert tells of it."""


def troubles(
    facts: Facts, rules: Iterable[AlertRule], standing: Iterable[Alert]
) -> Iterator[Trouble]:
    """Of the one deployment of `facts`, in the order of the rules. `rules`: those that hold there,
    one of each condition and metric. One that is off, or muted, judges all the same.
    """
    alerts = {each.key: each for each in standing if each.condition in JUDGED}
    for rule in rules:
        if rule.condition in JUDGED:
            for finding in findings(facts, [rule.slot]):
                alert = alerts.pop(finding_key(facts.group, finding), None)
                yield from _looked_at(finding, rule, alert)
    for alert in alerts.values():
        yield _as_it_was(alert, "it is looked at no more")


def _looked_at(finding: Finding, rule: AlertRule, alert: Alert | None) -> Iterator[Trouble]:
    """What has an alert is well only beyond the threshold for clearing."""
    wrong = is_wrong(finding, rule, open_=alert is not None)
    if wrong:
        text = with_limit(finding.text, rule)
        yield Trouble(finding.condition, finding.subject, text, rule.severity, finding.value)
    elif alert is not None and wrong is None:
        yield _as_it_was(alert, f"no fresh data: {finding.text}")
    elif alert is not None:
        text = f"{finding.text}: well again, but its alert is still open"
        yield Trouble(finding.condition, finding.subject, text, Severity.WARNING)


def _as_it_was(alert: Alert, why: str) -> Trouble:
    text = f"{alert.text}; its alert is still open, {why}"
    return Trouble(alert.condition, alert.subject, text, alert.severity)
