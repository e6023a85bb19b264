"""The rules that a new group begins with; what people changed stays as it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mmsconsole.alerts.conditions import CONDITIONS, METRIC_ABOVE, Condition, condition
from mmsconsole.metadata.alert_rules import AlertRule, rule_id
from mmsconsole.metadata.database import Metadata


@dataclass(frozen=True, slots=True)
class MetricDefault:
    metric: str
    threshold: float
    condition: str = METRIC_ABOVE
    for_seconds: int = 300


METRIC_DEFAULTS = (
    MetricDefault("connections_percent", 80),
    MetricDefault("cache_dirty_percent", 20),
    MetricDefault("host_cpu_percent", 90, for_seconds=900),
)
"""From 20 % on, mongod lets the application's threads do the work of eviction."""


def default_rule(
    group: str, named: Condition, now: datetime, *, deployment: str = "", metric: str = ""
) -> AlertRule:
    """As it is without anybody's changes. Of a metric its threshold must be given beside."""
    threshold, seconds = named.threshold, named.for_seconds
    for one in METRIC_DEFAULTS:
        if (one.condition, one.metric) == (named.name, metric):
            threshold, seconds = one.threshold, one.for_seconds
    return AlertRule(
        id=rule_id(group, deployment, named.name, metric),
        group=group,
        condition=named.name,
        created_at=now,
        deployment=deployment,
        threshold=threshold,
        metric=metric,
        for_seconds=seconds,
        clear_threshold=named.clear_threshold,
        clear_seconds=named.clear_seconds,
        renotify_minutes=named.renotify_minutes,
        severity=named.severity,
    )


def default_rules(group: str, now: datetime) -> Iterator[AlertRule]:
    for named in CONDITIONS:
        if named.by_default:
            yield default_rule(group, named, now)
    for one in METRIC_DEFAULTS:
        yield default_rule(group, condition(one.condition), now, metric=one.metric)


def ensure_defaults(metadata: Metadata, groups: Iterable[str], now: datetime) -> None:
    """Those that are missing, as after the first start or with a newer program."""
    metadata.alert_rules.add_missing(rule for group in groups for rule in default_rules(group, now))
