"""Values of alerts in words. Pure."""

from mmsconsole.alerts.conditions import condition
from mmsconsole.alerts.notify.quantities import in_words
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.monitoring.metrics import BY_NAME

TEXT_MAX = 1000


def unit_of(name: str, metric: str = "") -> str:
    """That of the metric, where the condition is about one; empty where there is none."""
    if not metric:
        return condition(name).unit
    found = BY_NAME.get(metric)
    return "" if found is None else found.unit.value


def with_limit(text: str, rule: AlertRule) -> str:
    """What was found, and beside it what is allowed. Bounded: it may quote a server."""
    text = text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
    if rule.threshold is None:
        return text
    return f"{text} (limit {in_words(rule.threshold, unit_of(rule.condition, rule.metric))})"
