"""What people wish of a rule, read and checked: the rule as it would be. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from mmsconsole.alerts.conditions import Compare, Condition
from mmsconsole.errors import UsageError
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.events import Severity
from mmsconsole.operations.alert_events import no_such_channel
from mmsconsole.operations.alert_views import RuleWish
from mmsconsole.operations.amounts import (
    PERCENT,
    PERCENT_MAX,
    forms,
    in_words,
    read_amount,
    read_span,
)

FOR_MAX_SECONDS = 7 * 86400.0
AGAIN_MIN_MINUTES, AGAIN_MAX_MINUTES = 5, 24 * 60
NEVER = ("never", "once", "0")
ALL_CHANNELS = "all"


def wished(
    rule: AlertRule, wish: RuleWish, condition: Condition, unit: str, channels: Sequence[str]
) -> AlertRule:
    """Raises UsageError. `unit`: of the threshold; `channels`: that are set up."""
    if wish.is_empty:
        raise UsageError("nothing is to be changed", where=condition.name)
    if wish.threshold is not None:
        threshold = read_threshold(wish.threshold, condition, unit)
        rule = with_threshold(rule, threshold, condition, unit)
    if wish.clear is not None:
        rule = replace(rule, clear_threshold=_clear(rule, wish.clear, condition, unit))
    if wish.for_ is not None:
        rule = replace(rule, for_seconds=_seconds(wish.for_, condition))
    if wish.clear_for is not None:
        rule = replace(rule, clear_seconds=_seconds(wish.clear_for, condition))
    if wish.severity is not None:
        rule = replace(rule, severity=_severity(wish.severity))
    if wish.channels is not None:
        rule = replace(rule, channels=_channels(wish.channels, tuple(channels)))
    if wish.renotify is not None:
        rule = replace(rule, renotify_minutes=_minutes(wish.renotify))
    if wish.enabled is not None:
        rule = replace(rule, enabled=wish.enabled)
    return rule


def with_threshold(
    rule: AlertRule, threshold: float | None, condition: Condition, unit: str
) -> AlertRule:
    """What is well again keeps its distance from the threshold."""
    if threshold is None:
        return replace(rule, threshold=None, clear_threshold=None)
    share = None
    if condition.clear_threshold is not None and condition.threshold:
        share = condition.clear_threshold / condition.threshold
    clear = None if share is None else threshold * share
    if clear is not None and unit.startswith("%"):  # there is nothing beyond all of it
        clear = min(clear, (threshold + PERCENT_MAX) / 2)
    return replace(rule, threshold=threshold, clear_threshold=clear)


def _clear(rule: AlertRule, text: str, condition: Condition, unit: str) -> float:
    """Raises UsageError where it would be well and wrong at a time."""
    clear = read_threshold(text, condition, unit)
    above = condition.compare is Compare.ABOVE
    if rule.threshold is None:
        raise UsageError("there is no threshold yet", where=condition.name,
                         hint="name it too: --threshold LIMIT")  # fmt: skip
    if clear > rule.threshold if above else clear < rule.threshold:
        side = "at most" if above else "at least"
        raise UsageError("that is still wrong, and would not close an alert", where=text,
                         hint=f"{side} {in_words(rule.threshold, unit)}")  # fmt: skip
    return clear


def read_threshold(text: str, condition: Condition, unit: str) -> float:
    """Raises UsageError, also for one that is always or never met."""
    if condition.compare in (Compare.IS, Compare.EVENT):
        raise UsageError(
            "it has no threshold: it is so, or it is not", where=condition.name,
            hint="its severity, its delay and its channels can be set",
        )  # fmt: skip
    threshold = read_amount(text, unit)
    if condition.compare is Compare.BELOW and threshold <= 0:
        raise UsageError("nothing is ever below that", where=text, hint=f"write {forms(unit)}")
    full = unit in (PERCENT, "%") and threshold >= 100
    if condition.compare is Compare.ABOVE and full:
        raise UsageError("nothing is ever above that", where=text, hint="less than 100 %")
    return threshold


def _seconds(text: str, condition: Condition) -> int:
    if condition.compare is Compare.EVENT:
        raise UsageError("it happens at once, and has no delay", where=condition.name)
    seconds = read_span(text)
    if seconds > FOR_MAX_SECONDS:
        raise UsageError("nobody is told for more than 7 days", where=text)
    return round(seconds)


def _minutes(text: str) -> int:
    if text.strip().lower() in NEVER:
        return 0
    minutes = round(read_span(text, of="minutes") / 60)
    if not AGAIN_MIN_MINUTES <= minutes <= AGAIN_MAX_MINUTES:
        raise UsageError("people are told again after 5 min to 24 h", where=text,
                         hint="or: never")  # fmt: skip
    return minutes


def _severity(text: str) -> Severity:
    try:
        return Severity(text.strip().lower())
    except ValueError as error:
        known = [severity.value for severity in Severity]
        near = get_close_matches(text.lower(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(known)}"
        raise UsageError(f"there is no severity {text!r}", hint=hint) from error


def _channels(names: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Empty: all."""
    wanted = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted or wanted == (ALL_CHANNELS,):
        return ()
    for name in wanted:
        if name not in known:
            raise no_such_channel(name, known)
    return wanted
