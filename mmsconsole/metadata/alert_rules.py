"""Rules: when an alert opens. One for each condition (and metric) of a group, and of a deployment
where it is to be otherwise there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mmsconsole.metadata.collection import Indexes, Records
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.failures import metadata_errors


@dataclass(frozen=True, slots=True)
class AlertRule:
    id: str
    """See rule_id()."""
    group: str
    condition: str
    created_at: datetime
    """What happened before is not told."""
    deployment: str = ""
    """Its id; empty: for every one of the group."""
    enabled: bool = True
    threshold: float | None = None
    """In the condition's unit, or the metric's; None: the condition has none."""
    metric: str = ""
    """Of the conditions "metric above" and "metric below"."""
    for_seconds: int = 0
    """So long it must be wrong before an alert opens."""
    clear_threshold: float | None = None
    """It is well again only beyond this; None: the threshold."""
    clear_seconds: int = 0
    """So long it must be well before the alert closes."""
    renotify_minutes: int = 5
    """Until people are told again, the first time; then twice as long each time, 24 h at most.
    0: never again."""
    channels: tuple[str, ...] = ()
    """Empty: all."""
    severity: Severity = Severity.WARNING
    muted_until: datetime | None = None
    muted_by: str = ""
    note: str = ""
    changed_by: str = ""
    """Who made it another one than the default; empty: a program did, perhaps an older one."""

    @property
    def slot(self) -> tuple[str, str]:
        """A deployment's rule stands in the place of its group's rule of the same slot."""
        return self.condition, self.metric


def rule_id(group: str, deployment: str, condition: str, metric: str = "") -> str:
    """A scope has one rule of a condition and metric."""
    return "|".join((group, deployment, condition, metric))


class AlertRules(Records[AlertRule]):
    name = "alert_rules"
    record = AlertRule
    noun = "alert rule"
    listed_by = "alert-rule list"
    indexes: ClassVar[Indexes] = [([("group", 1), ("deployment", 1)], {})]

    def of_group(self, group: str) -> Iterator[AlertRule]:
        """The group's own and those of its deployments."""
        return self.all({"group": group}, sort=[("deployment", 1), ("condition", 1), ("metric", 1)])

    def of(self, group: str, deployment: str) -> Iterator[AlertRule]:
        """Of one scope alone; deployment "": the group's own."""
        query = {"group": group, "deployment": deployment}
        return self.all(query, sort=[("condition", 1), ("metric", 1)])

    def put(self, rule: AlertRule) -> AlertRule:
        self.put_all([rule])
        return rule

    @metadata_errors()
    def drop(self, deployment: str) -> None:
        """The rules of a deployment that goes."""
        self.collection.delete_many({"deployment": deployment})
