"""Which alerts open, change and close, and what people are told. Pure; the service writes it.

A finding that is wrong for as long as its rule wants opens an alert; one that is well for long
enough closes it; no data does neither. What follows from a change lies in the alert's outbox.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mmsconsole.alerts.conditions import Compare, condition
from mmsconsole.alerts.finding import Finding
from mmsconsole.alerts.flapping import calm_seconds, flaps_of, why_calm
from mmsconsole.alerts.situation import Rulebook, Situation, Verdicts, finding_key, is_wrong
from mmsconsole.alerts.telling import closed, event_ended, hush_of, hushed, opened, told
from mmsconsole.alerts.units import with_limit
from mmsconsole.metadata.alert_rules import AlertRule
from mmsconsole.metadata.alerts import Alert, AlertState, Pending

ID_LENGTH = 12
NEWS = timedelta(hours=24)
"""What happened so long ago, and was not told, is not told any more."""
REMOVED = "cancelled: the deployment was removed"
SWITCHED_OFF = "cancelled: its rule was switched off"
GONE = "it is there no more"


@dataclass(slots=True)
class _Outcome:
    opened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    pended: list[Pending] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    """Pending ones that still wait."""


def evaluate(situation: Situation) -> Verdicts:
    rules = Rulebook(situation.rules)
    found = dict(_ruled(situation, rules))
    standing = {alert.key: alert for alert in situation.standing if alert.standing}
    pending = {one.id: one for one in situation.pending}
    outcome = _Outcome()
    for key, (finding, rule) in found.items():
        if key in standing:
            alert = _judged(situation, standing[key], finding, rule)
            outcome.changed.append(alert)
        else:
            _look(situation, outcome, finding, rule, pending.get(key))
    for key, alert in standing.items():
        if key not in found:
            outcome.changed.append(_unfound(situation, alert, rules))
    for alert in situation.standing:
        if not alert.standing and alert.owed:
            named = rules.of(alert.deployment, alert.condition, alert.metric)
            outcome.changed.append(told(situation, alert, named))
    before = {alert.id: alert for alert in situation.standing}
    return Verdicts(
        tuple(outcome.opened),
        tuple(one for one in outcome.changed if one != before[one.id]),
        tuple(outcome.pended),
        tuple(sorted(set(pending) - outcome.kept)),
    )


def alert_id(key: str, when: str) -> str:
    """The same for the same moment, or event: what was begun is gone on with, not done twice."""
    return hashlib.sha256(f"{key}|{when}".encode()).hexdigest()[:ID_LENGTH]


def event_id(group: str, finding: Finding) -> str:
    return alert_id(finding_key(group, finding), finding.occurrence)


def _ruled(
    situation: Situation, rules: Rulebook
) -> Iterator[tuple[str, tuple[Finding, AlertRule]]]:
    for finding in situation.findings:
        rule = rules.of(finding.deployment, finding.condition, finding.metric)
        if rule is not None:
            yield finding_key(situation.group, finding), (finding, rule)


def _look(
    situation: Situation, outcome: _Outcome, finding: Finding, rule: AlertRule,
    waiting: Pending | None,
) -> None:  # fmt: skip
    """At what no alert stands for yet."""
    wrong = is_wrong(finding, rule, open_=False)
    if wrong is None and waiting is not None:
        _wait(outcome, waiting, _halted(situation, waiting))
    if not wrong:
        return
    if condition(finding.condition).compare is Compare.EVENT:
        if _is_news(situation, finding, rule):
            outcome.opened.append(_alert(situation, finding, rule))
        return
    waits = _pending(situation, finding) if waiting is None else _resumed(situation, waiting)
    if situation.seconds - waits.since_seconds >= rule.for_seconds:
        outcome.opened.append(_alert(situation, finding, rule))
    else:
        _wait(outcome, waiting, waits)


def _wait(outcome: _Outcome, before: Pending | None, now: Pending) -> None:
    outcome.kept.add(now.id)
    if now != before:
        outcome.pended.append(now)


def _halted(situation: Situation, waiting: Pending) -> Pending:
    known = waiting.unknown_seconds is None
    return replace(waiting, unknown_seconds=situation.seconds) if known else waiting


def _resumed(situation: Situation, waiting: Pending) -> Pending:
    """As if the time without data had not been."""
    if waiting.unknown_seconds is None:
        return waiting
    gone = situation.seconds - waiting.unknown_seconds
    return replace(waiting, since_seconds=waiting.since_seconds + gone, unknown_seconds=None)


def _is_news(situation: Situation, finding: Finding, rule: AlertRule) -> bool:
    """Once, and only of what has happened since there is the rule, and not long ago: alerts that
    are closed are forgotten one day, and what is found is not."""
    since = max(rule.created_at, situation.now - NEWS)
    late = finding.at is not None and finding.at >= since
    return late and event_id(situation.group, finding) not in situation.known


def _pending(situation: Situation, finding: Finding) -> Pending:
    return Pending(
        finding_key(situation.group, finding), situation.group, finding.deployment,
        situation.now, situation.seconds, finding.text,
    )  # fmt: skip


def _alert(situation: Situation, finding: Finding, rule: AlertRule) -> Alert:
    key = finding_key(situation.group, finding)
    alert = Alert(
        id=alert_id(key, finding.occurrence or f"{situation.seconds:.3f}"),
        key=key,
        group=situation.group,
        deployment=finding.deployment,
        deployment_name=situation.names.get(finding.deployment, ""),
        subject=finding.subject,
        condition=finding.condition,
        rule=rule.id,
        channels=rule.channels,
        severity=rule.severity,
        state=AlertState.OPEN,
        text=with_limit(finding.text, rule),
        opened_at=situation.now,
        changed_at=situation.now,
        value=_measured(finding),
        metric=finding.metric,
        opened_seconds=situation.seconds,
        flaps=flaps_of(situation.flaps.get(key)),
    )
    return opened(situation, alert, rule)


def _measured(finding: Finding) -> float | None:
    """None where it is so or not so: a value would be a 1 that tells nobody anything."""
    has_none = condition(finding.condition).compare in (Compare.IS, Compare.EVENT)
    return None if has_none else finding.value


def _judged(situation: Situation, alert: Alert, finding: Finding, rule: AlertRule) -> Alert:
    """A standing alert, by what was found now."""
    alert = replace(alert, rule=rule.id, severity=rule.severity, channels=rule.channels)
    if condition(alert.condition).compare is Compare.EVENT:
        return _aged(situation, alert, rule)
    wrong = is_wrong(finding, rule, open_=True)
    if wrong is None:
        return hushed(alert, f"no fresh data: {finding.text}", no_data=True)
    alert = replace(alert, no_data=False)
    if not wrong:
        return _cleared(situation, alert, rule, f"well again: {finding.text}")
    text = with_limit(finding.text, rule)
    alert = replace(alert, text=text, value=_measured(finding), fine_seconds=None)
    return told(situation, alert, rule)


def _cleared(situation: Situation, alert: Alert, rule: AlertRule, reason: str) -> Alert:
    """Closed, once it was well for long enough."""
    since = situation.seconds if alert.fine_seconds is None else alert.fine_seconds
    calm = calm_seconds(rule.clear_seconds, alert.flaps)
    if situation.seconds - since >= calm:
        return closed(situation, alert, rule, reason)
    hush = hush_of(situation, alert, rule) or why_calm(calm, alert.flaps)
    return replace(alert, fine_seconds=since, suppressed_by=hush)


def _aged(situation: Situation, alert: Alert, rule: AlertRule) -> Alert:
    if event_ended(situation, alert):
        return closed(situation, alert, rule, "it happened, and is over")
    return told(situation, alert, rule)


def _unfound(situation: Situation, alert: Alert, rules: Rulebook) -> Alert:
    """Nothing is found of it any more."""
    rule = rules.of(alert.deployment, alert.condition, alert.metric)
    if alert.deployment and alert.deployment not in situation.names:
        return closed(situation, alert, rule, REMOVED)
    if rule is None:
        return closed(situation, alert, rule, SWITCHED_OFF)
    if condition(alert.condition).compare is Compare.EVENT:
        return _aged(situation, alert, rule)
    return _cleared(situation, replace(alert, no_data=False), rule, GONE)
