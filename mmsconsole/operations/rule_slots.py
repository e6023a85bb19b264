"""The places of rules: what is decided there, and what would hold without it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from mmsconsole.alerts.conditions import (
    CONDITIONS,
    METRIC_ABOVE,
    METRIC_BELOW,
    Condition,
    condition,
)
from mmsconsole.alerts.defaults import default_rules
from mmsconsole.alerts.units import unit_of
from mmsconsole.errors import UsageError
from mmsconsole.metadata.alert_rules import AlertRule, rule_id
from mmsconsole.metadata.deployments import Deployment
from mmsconsole.metadata.groups import DEFAULT_GROUP
from mmsconsole.monitoring.metrics import Scope
from mmsconsole.monitoring.metrics import metric as metric_named
from mmsconsole.operations.alert_events import named
from mmsconsole.operations.desk import Desk

DEFAULT, GROUP, DEPLOYMENT = "default", "group", "deployment"
SIDES = {"above": METRIC_ABOVE, "below": METRIC_BELOW}
KNOWN = frozenset(one.name for one in CONDITIONS)

Place = tuple[str, str]
"""Condition and metric, as AlertRule.slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one rule: of a group or a deployment, for a condition, and a metric perhaps."""

    condition: Condition
    metric: str
    deployment: Deployment | None
    own: AlertRule | None
    """What is decided here."""
    above: AlertRule | None
    """What would hold without that."""
    standard: AlertRule | None
    """As a new group has it; None: it has none."""
    differs: bool
    """Of the group's: it is another one than that."""

    @property
    def id(self) -> str:
        where = "" if self.deployment is None else self.deployment.id
        return rule_id(DEFAULT_GROUP, where, self.condition.name, self.metric)

    @property
    def deployment_id(self) -> str:
        return "" if self.deployment is None else self.deployment.id

    @property
    def rule(self) -> AlertRule | None:
        return self.own or self.above

    @property
    def decided_by(self) -> str:
        """What an older program's default was, nobody decided."""
        if self.deployment is not None and self.own is not None:
            return DEPLOYMENT
        of_group = self.own if self.deployment is None else self.above
        by_people = of_group is not None and (self.standard is None or of_group.changed_by)
        return GROUP if self.differs and by_people else DEFAULT

    @property
    def unit(self) -> str:
        return unit_of(self.condition.name, self.metric)

    @property
    def subject(self) -> str:
        who = "all deployments" if self.deployment is None else self.deployment.name
        what = f"{self.condition.name} {self.metric}" if self.metric else self.condition.name
        return f"{what!r} of {who}"


def standards(at: datetime) -> dict[Place, AlertRule]:
    """The rules of a new group."""
    return {rule.slot: rule for rule in default_rules(DEFAULT_GROUP, at)}


def slots(desk: Desk, deployment: Deployment | None) -> Iterator[Slot]:
    """In the order of the conditions. Rules of a newer program, whose conditions nobody knows
    here, are left out."""
    rules = desk.metadata.alert_rules
    of_group = {rule.slot: rule for rule in rules.of(DEFAULT_GROUP, "")}
    own = {} if deployment is None else {
        rule.slot: rule for rule in rules.of(DEFAULT_GROUP, deployment.id)
    }  # fmt: skip
    normal = standards(desk.clock.now())
    for place in dict.fromkeys([*normal, *of_group, *own]):
        if place[0] in KNOWN:
            found = (normal.get(place), of_group.get(place), own.get(place))
            yield _placed(deployment, place, *found)


def _placed(
    deployment: Deployment | None, place: Place, normal: AlertRule | None,
    of_group: AlertRule | None, own: AlertRule | None,
) -> Slot:  # fmt: skip
    found = condition(place[0])
    differs = of_group is not None and not same(of_group, normal)
    if deployment is None:
        return Slot(found, place[1], None, of_group, normal, normal, differs)
    return Slot(found, place[1], deployment, own, of_group or normal, normal, differs)


def slot_of(desk: Desk, said: str, name: str | None, metric: str) -> Slot:
    """Raises UsageError for an unknown condition or metric, NotFound for a deployment."""
    found = condition(SIDES.get(said.strip().lower(), said) if metric else said)
    if found.metric and not metric:
        raise UsageError("it wants a metric", where=found.name,
                         hint="name it: --metric NAME; see: mmsconsole metrics --list")  # fmt: skip
    if metric and not found.metric:
        raise UsageError("only 'metric above' and 'metric below' are of a metric",
                         where=found.name)  # fmt: skip
    if metric:
        _check_metric(metric)
    deployment, rules = named(desk, name), desk.metadata.alert_rules
    of_group = rules.find(rule_id(DEFAULT_GROUP, "", found.name, metric))
    own = None
    if deployment is not None:
        own = rules.find(rule_id(DEFAULT_GROUP, deployment.id, found.name, metric))
    place = (found.name, metric)
    return _placed(deployment, place, standards(desk.clock.now()).get(place), of_group, own)


def _check_metric(name: str) -> None:
    """Only what is known of a member can be watched. Raises UsageError."""
    found = metric_named(name)
    if found.scope not in (Scope.MEMBER, Scope.HOST):
        hint = "metrics of members and hosts can: mmsconsole metrics --list"
        raise UsageError(f"metrics of a {found.scope} raise no alerts", where=name, hint=hint)


def same(one: AlertRule | None, other: AlertRule | None) -> bool:
    """But for whose it is, and since when."""
    if one is None or other is None:
        return one is other
    return replace(
        one, id=other.id, deployment=other.deployment, created_at=other.created_at, note=other.note,
        muted_until=other.muted_until, muted_by=other.muted_by, changed_by=other.changed_by,
    ) == other  # fmt: skip
