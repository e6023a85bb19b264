"""What the evaluator is given, and what it answers. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan

from mmsconsole.alerts.conditions import Compare, condition
from mmsconsole.alerts.finding import Finding
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert, Pending, key_of
from mmsconsole.metadata.maintenance import MaintenanceWindow


@dataclass(frozen=True, slots=True)
class Situation:
    """Of one group, at one time."""

    group: str
    now: datetime
    """The wall clock: it labels, and ends what people have set an end to."""
    seconds: float
    """The evaluator's own time: how long it has looked, in all. Delays go by it, so that a clock
    that jumps opens, closes and repeats nothing."""
    rules: Sequence[AlertRule] = ()
    findings: Sequence[Finding] = ()
    standing: Sequence[Alert] = ()
    """Not closed, or owed."""
    pending: Sequence[Pending] = ()
    windows: Sequence[MaintenanceWindow] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the deployments that are there, by id."""
    known: Collection[str] = frozenset()
    """Ids of alerts of events that were opened once."""
    flaps: Mapping[str, int] = field(default_factory=dict)
    """How often it had flapped already, by the key of each alert that closed lately."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is to be written, in this order."""

    opened: tuple[Alert, ...] = ()
    changed: tuple[Alert, ...] = ()
    pended: tuple[Pending, ...] = ()
    dropped: tuple[str, ...] = ()
    """Ids of pending ones."""


class Rulebook:
    """Which rule holds where: a deployment's own, or its group's."""

    def __init__(self, rules: Sequence[AlertRule]) -> None:
        self._rules = {(rule.deployment, *rule.slot): rule for rule in rules}

    def of(self, deployment: str, name: str, metric: str = "") -> AlertRule | None:
        """None: there is none, or it is switched off."""
        own = self._rules.get((deployment, name, metric))
        rule = own or self._rules.get(("", name, metric))
        return rule if rule is not None and rule.enabled else None


def finding_key(group: str, finding: Finding) -> str:
    """An event is another one each time."""
    subject = f"{finding.subject}#{finding.occurrence}" if finding.occurrence else finding.subject
    return key_of(group, finding.deployment, subject, finding.condition, finding.metric)


def is_wrong(finding: Finding, rule: AlertRule, *, open_: bool) -> bool | None:
    """None: there is no data. What is open is well only beyond the threshold for clearing."""
    value = finding.value
    if value is None or isnan(value):
        return None
    compare = condition(finding.condition).compare
    if compare in (Compare.IS, Compare.EVENT):
        return value > 0
    if rule.threshold is None:
        return False
    limit = _clear_limit(rule, compare) if open_ else rule.threshold
    return value > limit if compare is Compare.ABOVE else value < limit


def _clear_limit(rule: AlertRule, compare: Compare) -> float:
    """Never on the wrong side of the threshold: it would open and close without end."""
    threshold = rule.threshold or 0.0
    if rule.clear_threshold is None:
        return threshold
    nearer = min if compare is Compare.ABOVE else max
    return nearer(threshold, rule.clear_threshold)
